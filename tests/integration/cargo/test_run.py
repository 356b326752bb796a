"""What cargo reports while it runs."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

from cargo_output import ROOT, artifact
from cratewheel.cargo.run import run
from cratewheel.system.command import Command
from cratewheel.ui import Ui


def test_what_a_macro_prints_among_the_messages_is_handed_on(tmp_path: Path) -> None:
    file = tmp_path / "stdout"
    file.write_text("plain\n{ not json\n[1]\n" + json.dumps(artifact()) + "\n")
    code = "import sys; sys.stdout.write(open(sys.argv[1]).read())"
    err = io.StringIO()
    found = run(
        Command(argv=(sys.executable, "-c", code, str(file))),
        package=ROOT,
        binary=None,
        environ=os.environ,
        reporter=Ui(out=io.StringIO(), err=err),
    )
    assert found.path == Path(artifact()["filenames"][0])
    assert err.getvalue() == "plain\n{ not json\n[1]\n"
