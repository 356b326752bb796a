"""What a person sees on a terminal, and what a program reads."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters

pytestmark = [pytest.mark.cargo, pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals on Windows")]


def on_terminal(command: Cratewheel, *words: str | Path, cwd: Path) -> tuple[str, str]:
    """Return the stdout of a run, and what its stderr showed on a terminal."""
    leader, follower = os.openpty()
    environ = {name: value for name, value in command.environ.items() if name not in ("NO_COLOR", "CARGO_TERM_COLOR")}
    child = subprocess.Popen(
        [sys.executable, "-m", "cratewheel", *map(str, words)],
        cwd=cwd,
        env={**environ, "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=follower,
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # Linux reports the end of a terminal as an error
            break
        if not chunk:
            break
        shown += chunk
    os.close(leader)
    stdout = child.communicate(timeout=60)[0]
    assert child.returncode == 0, shown.decode()
    return stdout.decode(), shown.decode()


def test_a_person_sees_what_was_found_what_cargo_does_and_a_line_for_each_archive(
    run_light: Cratewheel, interpreters: Interpreters
) -> None:
    project = run_light.copy("light-module")
    out = project / "out"
    stdout, shown = on_terminal(run_light, "build", "-i", interpreters.this, "-o", out, cwd=project)
    version = f"3.{sys.version_info[1]}"
    wheel = next(path for path in sorted(out.iterdir()) if path.suffix == ".whl")
    assert stdout == f"{out / 'light_module-1.2.3.tar.gz'}\n{wheel}\n"
    assert "\x1b[1;32m    Bindings\x1b[0m pyo3-ffi 0.26.0\r\n" in shown
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", shown)
    found = [line.strip() for line in re.split(r"[\r\n]+", plain)]
    assert "Module light_module, without Python sources" in found
    assert f"Python CPython {version} at {interpreters.this}" in found
    assert any(line.startswith("Finished `dev` profile") for line in found)
    assert any(re.fullmatch(r"Packed light_module-1\.2\.3\.tar\.gz \(\d\.\d kB, \d files\)", line) for line in found)
    assert any(re.fullmatch(rf"Packed {re.escape(wheel.name)} \(\d+\.\d [kM]B, debug build\)", line) for line in found)
    assert re.fullmatch(r"Built 1 wheel and 1 sdist \(\d+\.\d [kM]B\) in \S.*", found[-2] or found[-1])


def test_quiet_says_nothing_and_json_is_one_object_a_line(run_light: Cratewheel, interpreters: Interpreters) -> None:
    project = run_light.copy("light-module")
    quiet = run_light("build", "--no-sdist", "-q", "-i", interpreters.this, cwd=project).ok()
    assert quiet.stderr == ""
    words = ("build", "--message-format", "json", "-i", interpreters.this)
    events = [json.loads(line) for line in run_light(*words, cwd=project).ok().stdout.splitlines()]
    assert [(event["event"], event["kind"], Path(event["path"]).is_file()) for event in events] == [
        ("artifact", "sdist", True),
        ("artifact", "wheel", True),
    ]
    refused = run_light("build", "--message-format", "json", "-i", "3.99", cwd=project)
    (error,) = (json.loads(line) for line in refused.stdout.splitlines())
    assert (error["event"], error["message"]) == ("error", "the interpreter `3.99` was not found")


def test_a_debug_build_is_marked_and_does_not_replace_another_in_silence(
    run_light: Cratewheel, interpreters: Interpreters
) -> None:
    project = run_light.copy("light-module")
    source = project / "src" / "lib.rs"

    def build(*words: str) -> str:
        with source.open("a", encoding="utf-8") as file:
            file.write(f'#[no_mangle]\npub extern "C" fn changed_{source.stat().st_size}() {{}}\n')
        run = run_light("build", "--no-sdist", "-i", interpreters.this, "-o", "out", *words, cwd=project)
        return run.ok().stderr

    for words in (("--release",), ("--release",)):
        shown = build(*words)
        assert "debug build" not in shown
        assert "profile release\n" in shown
    (wheel,) = (project / "out").iterdir()
    shown = build()
    assert f"warning: this debug build has replaced {wheel.name} of the profile `release`\n" in shown
    assert ", debug build)\n" in shown
    assert "has replaced" not in build()
    wheel.write_bytes(b"of another tool")
    assert f"warning: this debug build has replaced {wheel.name} of a build that is not known\n" in build("-q")


@pytest.mark.parametrize("variable", [{"NO_COLOR": "1"}, {"NO_COLOR": None, "TERM": "dumb"}])
def test_without_a_terminal_or_with_no_color_there_is_no_colour(
    run_light: Cratewheel, interpreters: Interpreters, variable: dict[str, str | None]
) -> None:
    run = run_light("build", "--dry-run", "-i", interpreters.this, crate="light-module", env=variable).ok()
    assert "\x1b" not in run.stderr + run.stdout
