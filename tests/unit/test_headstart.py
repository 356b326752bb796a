"""What was asked last time is asked at once, and only whoever wants the very same gets the answer."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cratewheel import headstart
from cratewheel.errors import MissingToolError
from cratewheel.process import Command, Completed

QUESTION = ("rustc", "-vV")


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A machine whose rustc notes each start in the file `started`, with a cache of its own."""
    program = tmp_path / "bin" / "rustc"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/started\necho "rustc of $WHO"\necho talk >&2\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", path)
    return {"PATH": path, "WHO": "us", "XDG_CACHE_HOME": str(tmp_path / "cache")}


def started(environ: dict[str, str]) -> int:
    log = Path(environ["XDG_CACHE_HOME"]).with_name("started")
    return len(log.read_text().splitlines()) if log.exists() else 0


def wait_for_starts(environ: dict[str, str], count: int) -> None:
    until = time.monotonic() + 20
    while started(environ) < count:
        assert time.monotonic() < until
        time.sleep(0.01)


def kept(environ: dict[str, str]) -> list[object]:
    folder = Path(environ["XDG_CACHE_HOME"], "cratewheel", "questions")
    return [json.loads(path.read_text())["questions"] for path in sorted(folder.glob("*"))]


def ask(environ: dict[str, str], command: Command = Command(argv=QUESTION)) -> Completed:  # noqa: B008  # it is frozen
    headstart.decided_by(settings_file(environ))
    return headstart.capture(command, environ)


def settings_file(environ: dict[str, str]) -> Path:
    return Path(environ["PATH"].partition(os.pathsep)[0]).with_name("pyproject.toml")


def test_a_question_is_asked_before_it_is_put_the_second_time(environ: dict[str, str]) -> None:
    answer = Completed(status=0, stdout="rustc of us\n", stderr="talk\n")
    with headstart.given(["build"], environ):
        assert started(environ) == 0
        assert ask(environ) == answer
    assert kept(environ) == [[{"argv": ["rustc", "-vV"], "cwd": None, "show_stderr": False}]]
    with headstart.given(["build"], environ):
        wait_for_starts(environ, 2)
        assert ask(environ) == answer
    assert started(environ) == 2


def test_it_is_for_the_same_words_only(environ: dict[str, str]) -> None:
    with headstart.given(["build"], environ):
        ask(environ)
    with headstart.given(["build", "--release"], environ):
        pass
    assert started(environ) == 1


def test_once_settings_have_changed_nothing_is_asked_before_it_is_wanted(environ: dict[str, str]) -> None:
    for text in (None, "[project]\n", "[project]\nname = 'x'\n"):  # it comes, and it changes
        if text is not None:
            settings_file(environ).write_text(text)
        before = started(environ)
        with headstart.given(["build"], environ):
            time.sleep(0.1)
            assert started(environ) == before
            ask(environ)
    settings_file(environ).unlink()
    changed = {**environ, "CRATEWHEEL_LOCKED": "1"}
    for variables in (environ, changed):
        before = started(environ)
        with headstart.given(["build"], variables):
            time.sleep(0.1)
            assert started(environ) == before
            ask(variables)
    before = started(environ)
    with headstart.given(["build"], changed):
        wait_for_starts(environ, before + 1)


def test_without_a_file_that_settings_come_from_nothing_is_kept(environ: dict[str, str]) -> None:
    with headstart.given(["build"], environ):
        headstart.capture(Command(argv=QUESTION), environ)
    assert kept(environ) == []


def test_each_answer_is_given_once(environ: dict[str, str]) -> None:
    with headstart.given(["build"], environ):
        ask(environ)
    with headstart.given(["build"], environ):
        assert ask(environ) == ask(environ)
    assert started(environ) == 3


@pytest.mark.parametrize("changed", ["variable", "folder", "change", "words"])
def test_what_is_not_the_very_same_is_asked_anew(environ: dict[str, str], tmp_path: Path, changed: str) -> None:
    with headstart.given(["build"], environ):
        ask(environ)
    with headstart.given(["build"], environ):
        wait_for_starts(environ, 2)
        if changed == "variable":
            assert ask({**environ, "WHO": "them"}).stdout == "rustc of them\n"
        elif changed == "folder":
            assert ask(environ, Command(argv=QUESTION, cwd=tmp_path)).stdout == "rustc of us\n"
        elif changed == "change":
            assert ask(environ, Command(argv=QUESTION, env=(("WHO", "you"),))).stdout == "rustc of you\n"
        else:
            assert ask(environ, Command(argv=(*QUESTION, "x"))).stdout == "rustc of us\n"
    assert started(environ) == 3


def test_a_question_that_is_not_put_any_more_is_forgotten(environ: dict[str, str]) -> None:
    with headstart.given(["build"], environ):
        ask(environ)
    with headstart.given(["build"], environ):
        headstart.decided_by(settings_file(environ))
    assert kept(environ) == [[]]


def test_a_program_that_nobody_asked_is_ended(environ: dict[str, str], tmp_path: Path) -> None:
    with headstart.given(["build"], environ):
        ask(environ)
    (tmp_path / "bin" / "rustc").write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    with headstart.given(["build"], environ):
        until = time.monotonic() + 20
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            assert time.monotonic() < until
            time.sleep(0.01)
    assert not Path("/proc", (tmp_path / "pid").read_text().strip()).exists()


def test_a_failure_forgets_nothing_and_ends_all(environ: dict[str, str]) -> None:
    with headstart.given(["build"], environ):
        ask(environ)
    before = kept(environ)
    with pytest.raises(KeyboardInterrupt), headstart.given(["build"], environ):
        raise KeyboardInterrupt
    assert kept(environ) == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"key": 1, "questions": []}',
        '{"key": KEY, "files": [[]], "questions": []}',
        '{"key": KEY, "files": [], "questions": [{"argv": ["rustc", "-vV"]}]}',
        '{"key": KEY, "files": [], "questions": [{"argv": 3, "cwd": null, "show_stderr": false}]}',
        '{"key": KEY, "files": [], "questions": [{"argv": ["rustc", "-vV", "\\u0000"], "cwd": null, "show_stderr":0}]}',
        '{"key": KEY, "files": [], "questions": [{"argv": ["rustc", "-vV", "\\ud800"], "cwd": null, "show_stderr":0}]}',
        "[" * 200_000,
    ],
)
def test_a_damaged_memory_is_none(environ: dict[str, str], text: str) -> None:
    with headstart.given(["build"], environ):
        ask(environ)
    (place,) = Path(environ["XDG_CACHE_HOME"], "cratewheel", "questions").iterdir()
    place.write_text(text.replace("KEY", json.dumps([["build"], str(Path.cwd()), []])))
    with headstart.given(["build"], environ):
        assert ask(environ).stdout == "rustc of us\n"
    assert started(environ) == 2
    assert kept(environ) == [[{"argv": ["rustc", "-vV"], "cwd": None, "show_stderr": False}]]


def test_no_other_program_is_started_by_what_is_kept(environ: dict[str, str], tmp_path: Path) -> None:
    with headstart.given(["build"], environ):
        ask(environ)
    (place,) = Path(environ["XDG_CACHE_HOME"], "cratewheel", "questions").iterdir()
    place.write_text(place.read_text().replace('"rustc", "-vV"', f'"touch", "{tmp_path}/touched"'))
    with headstart.given(["build"], environ):
        time.sleep(0.2)
    assert not (tmp_path / "touched").exists()


def test_a_program_that_has_gone_is_missed_when_it_is_asked(environ: dict[str, str], tmp_path: Path) -> None:
    with headstart.given(["build"], environ):
        ask(environ)
    (tmp_path / "bin" / "rustc").unlink()
    nowhere = {**environ, "PATH": str(tmp_path / "bin")}
    with headstart.given(["build"], nowhere), pytest.raises(MissingToolError):
        ask(nowhere)


def test_a_folder_that_is_not_named_from_the_root_is_no_cache(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    relative = {**environ, "XDG_CACHE_HOME": "cache"}
    with headstart.given(["build"], relative):
        ask(relative)
    assert not (tmp_path / "cache").exists()


INTERRUPTED = """
import os, signal, sys
from cratewheel import headstart, process

begin = process.begin
def interrupted(*words, **settings):
    begun = begin(*words, **settings)
    print(begun.child.pid, flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
    return begun

process.begin = interrupted
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(3))
with headstart.given(["build"], dict(os.environ)):
    print("begun", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGTERM to send")
def test_whoever_is_ended_while_asking_early_ends_what_was_asked(environ: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED]
    variables = {**environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    monkey = tmp_path / "bin" / "rustc"
    with headstart.given(["build"], variables):
        ask(variables)
    monkey.write_text("#!/bin/sh\nexec sleep 60\n")
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    (pid,) = done.stdout.split()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


def test_without_a_home_nothing_is_kept(environ: dict[str, str]) -> None:
    homeless = {name: value for name, value in environ.items() if name != "XDG_CACHE_HOME"}
    for _ in range(2):
        with headstart.given(["build"], homeless):
            assert ask(homeless).stdout == "rustc of us\n"


def test_the_oldest_command_lines_are_forgotten(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headstart, "KEPT", 3)
    for number in range(5):
        with headstart.given(["build", str(number)], environ):
            ask(environ)
    assert len(kept(environ)) == 3
