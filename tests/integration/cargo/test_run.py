"""What cargo reports while it runs."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

from cratewheel.cargo.run import run
from cratewheel.system.command import Command
from cratewheel.ui import Ui

ROOT = "path+file:///p#demo@0.1.0"


def artifact(**changes: Any) -> dict[str, Any]:
    return {
        "reason": "compiler-artifact",
        "package_id": ROOT,
        "target": {"name": "demo", "kind": ["cdylib"], "crate_types": ["cdylib"]},
        "features": [],
        "filenames": ["/t/libdemo.so"],
        "executable": None,
        "fresh": False,
        **changes,
    }


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
