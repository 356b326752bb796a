"""Programs: what they are given, what they leave, and that none outlives its caller."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from cratewheel.errors import MissingToolError
from cratewheel.system import command as process
from cratewheel.system import process_tree
from cratewheel.system import signals as interrupts
from cratewheel.system.command import Command, Completed, capture, stream, which
from cratewheel.system.signals import Handlers, TerminatedError


def python(code: str, **fields: object) -> Command:
    return Command(argv=(sys.executable, "-c", code), **fields)  # type: ignore[arg-type]  # of Command


def test_a_command_changes_and_removes_variables_of_the_environment_it_is_given() -> None:
    code = "import os; print(sorted(name for name in os.environ if name.startswith('CW_')), os.environ['CW_A'])"
    command = python(code, env=(("CW_A", "new"), ("CW_B", None)))
    environ = {**os.environ, "CW_A": "old", "CW_B": "2", "CW_C": "3"}
    assert capture(command, environ).stdout.strip() == "['CW_A', 'CW_C'] new"
    assert environ["CW_A"] == "old"


def test_a_command_is_shown_as_a_shell_takes_it() -> None:
    command = Command(argv=("cargo", "rustc", "a b"), env=(("PYO3_PYTHON", "1 2"), ("GONE", None)))
    assert str(command) == "PYO3_PYTHON='1 2' cargo rustc 'a b'"


def test_a_command_is_shown_without_what_may_be_a_secret() -> None:
    argv = ("cargo", "rustc", "--config", "http.proxy='http://me:pw@host'", "https://me:pw@example.org/x")
    command = Command(argv=argv, env=(("X_TOKEN", "hush"), ("RUSTFLAGS", "-C strip=debuginfo")))
    assert str(command) == (
        "X_TOKEN='***' RUSTFLAGS='-C strip=debuginfo' cargo rustc --config 'http.proxy=***' 'https://***@example.org/x'"
    )
    assert command.redacted_argv == ("cargo", "rustc", "--config", "http.proxy=***", "https://***@example.org/x")
    assert command.argv == argv


def test_output_status_and_folder(tmp_path: Path) -> None:
    code = r"import os, sys; print(os.getcwd()); sys.stderr.buffer.write(b'\xff'); sys.exit(3)"
    found = capture(python(code, cwd=tmp_path), os.environ)
    assert found == Completed(status=3, stdout=f"{tmp_path.resolve()}{os.linesep}", stderr="�")


def test_standard_input_is_what_was_given_and_empty_otherwise() -> None:
    code = "import sys; print(repr(sys.stdin.read()))"
    assert capture(python(code), os.environ).stdout.strip() == "''"
    assert capture(python(code), os.environ, stdin="words").stdout.strip() == "'words'"


def test_a_program_that_does_not_answer_is_ended() -> None:
    found = capture(python("import time; time.sleep(60)"), os.environ, timeout=0.3)
    assert found == Completed(status=124, stdout="", stderr="no answer within 0.3 seconds")


def test_a_stream_gives_lines_without_their_ends_and_then_the_status() -> None:
    with stream(python("import sys; print('one'); print('two'); sys.exit(5)"), os.environ) as lines:
        assert (list(lines), lines.wait()) == (["one", "two"], 5)


def test_an_interrupted_caller_leaves_no_program_behind() -> None:
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    found = []

    def interrupted() -> None:
        with stream(python(code), os.environ) as lines:
            found.append(int(next(iter(lines))))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with pytest.raises(OSError):  # noqa: PT011 - ProcessLookupError on POSIX, another on Windows
        os.kill(found[0], 0)


@pytest.mark.skipif(sys.platform != "linux", reason="families of processes are read from /proc")
def test_what_a_program_started_ends_with_it() -> None:
    code = (
        "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(child.pid, flush=True); child.wait()"
    )
    found = []

    def interrupted() -> None:
        with stream(python(code), os.environ) as lines:
            found.append(int(next(iter(lines))))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    stat = Path(f"/proc/{found[0]}/stat")
    until = time.monotonic() + 20
    # the process that adopts orphans may be slow to reap them
    while stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < until
        time.sleep(0.02)


DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
PARENT = """
import subprocess, sys
deaf, session, end = sys.argv[1:]
words = [sys.executable, "-c", deaf]
child = subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=session == "new")
child.stdout.readline()
print(child.pid, flush=True)
end == "ends" or child.wait()
"""


def interrupted(argv: tuple[str, ...]) -> int:
    """Run a program, be interrupted once it has said a process number, and return that."""
    found: list[int] = []

    def run() -> None:
        with stream(Command(argv=argv), os.environ) as lines:
            found.append(int(next(iter(lines))))
            if argv[-1] == "ends":
                lines.wait()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    return found[0]


def is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="families of processes are read from /proc")
@pytest.mark.parametrize("parent", ["stays", "ends"])
def test_what_ignores_the_request_to_end_is_killed_with_the_whole_family(
    parent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "TERMINATION_GRACE", 0.2)
    assert not is_running(interrupted((sys.executable, "-c", PARENT, DEAF, "same", parent)))


# starts one program after the other, each with an empty environment: by that, none of them is found
STARTER = 'echo $$; i=0; while [ $i -lt 300 ]; do env -i sleep "$0" & i=$((i + 1)); done; wait'
STUBBORN = "env -i sh -c 'trap \"\" TERM; echo $$; sleep 60; sleep 60' & wait"
SYSTEMS = [
    "linux",
    pytest.param("darwin", marks=pytest.mark.skipif(shutil.which("ps") is None, reason="there is no `ps`")),
]


def without_proc(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Find processes as the system does: that of macOS (darwin) has no /proc."""
    if system == "darwin":
        monkeypatch.setattr(process_tree, "read_proc", lambda: None)


@pytest.mark.skipif(sys.platform != "linux", reason="what is left running is found in /proc")
@pytest.mark.parametrize("system", SYSTEMS)
def test_what_is_started_in_that_moment_ends_as_well(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without_proc(system, monkeypatch)
    seconds = f"600.{os.getpid()}"
    interrupted(("sh", "-c", STARTER, seconds))
    left = [path for path in Path("/proc").glob("[0-9]*/cmdline") if seconds in command_line(path)]
    assert [path for path in left if is_running(int(path.parent.name))] == []


def command_line(path: Path) -> str:
    with suppress(OSError):  # it has ended meanwhile
        return path.read_text(encoding="utf-8")
    return ""


@pytest.mark.skipif(sys.platform != "linux", reason="as above")
@pytest.mark.parametrize("system", SYSTEMS)
def test_what_ignores_the_request_is_killed_without_its_parent_and_environment(
    system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_proc(system, monkeypatch)
    monkeypatch.setattr(process, "TERMINATION_GRACE", 0.2)
    assert not is_running(interrupted(("sh", "-c", STUBBORN)))


@pytest.mark.skipif(sys.platform != "linux", reason="families of processes are read from /proc")
def test_a_server_that_has_left_for_a_session_of_its_own_is_others_as_well() -> None:
    pid = interrupted((sys.executable, "-c", PARENT, DEAF, "new", "ends"))
    assert is_running(pid)
    os.kill(pid, signal.SIGKILL)


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot send itself this signal there")
def test_a_signal_ends_a_program_that_is_waited_for() -> None:
    timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGTERM))
    timer.start()
    with pytest.raises(TerminatedError), Handlers():
        pytest.fail(f"it has ended by itself: {capture(python('import time; time.sleep(60)'), os.environ)}")


@pytest.mark.skipif(sys.platform == "win32", reason="as above")
def test_who_insists_has_a_program_that_ignores_the_request_killed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "TERMINATION_GRACE", 600.0)
    monkeypatch.setattr(interrupts, "REPEAT_AFTER", 0.0)

    def work() -> None:
        with stream(python(DEAF), os.environ) as lines:
            next(iter(lines))
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(TerminatedError), Handlers():
        work()


INSTALLER = """
import os, pathlib, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
folder = pathlib.Path(sys.argv[1])
try:
    (folder / "new").write_text(str(os.getpid()))
    (folder / "new").rename(folder / "pid")
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(0.5)
    (folder / "taken back").touch()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="as above")
@pytest.mark.parametrize(
    ("number", "told"),
    [(signal.SIGTERM, False), (signal.SIGINT, True)],
    ids=["SIGTERM to us", "Ctrl-C in a terminal, which tells both"],
)
def test_an_installer_has_the_time_to_take_back_what_it_has_done(
    number: signal.Signals, told: bool, tmp_path: Path
) -> None:
    def stop() -> None:
        while not (tmp_path / "pid").exists():
            time.sleep(0.01)
        if told:
            os.kill(int((tmp_path / "pid").read_text(encoding="utf-8")), number)
        os.kill(os.getpid(), number)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell in the background ignores
    threading.Thread(target=stop).start()
    command = Command(argv=(sys.executable, "-c", INSTALLER, str(tmp_path)))
    try:
        with pytest.raises(TerminatedError), Handlers():
            capture(command, os.environ, rolls_back=True)
    finally:
        signal.signal(signal.SIGINT, before)
    assert (tmp_path / "taken back").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="as above")
def test_no_program_is_started_after_a_signal(tmp_path: Path) -> None:
    def work() -> None:
        signal.raise_signal(signal.SIGTERM)
        capture(python(f"open({str(tmp_path / 'started')!r}, 'w')"), os.environ)

    with pytest.raises(TerminatedError), Handlers():
        work()
    assert not (tmp_path / "started").exists()


def test_a_missing_program_and_a_missing_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(MissingToolError) as program:
        capture(Command(argv=("no-such-program",)), os.environ)
    assert program.value.message == "`no-such-program` was not found"
    assert program.value.hint == "install it, or put its folder on PATH"
    with pytest.raises(MissingToolError) as folder:
        capture(python("", cwd=tmp_path / "gone"), os.environ)
    assert folder.value.message == f"the folder {tmp_path / 'gone'} does not exist"


@pytest.mark.skipif(sys.platform == "win32", reason="files have no executable bit there")
def test_a_file_that_may_not_be_executed_is_an_error_with_the_reason(tmp_path: Path) -> None:
    script = tmp_path / "tool"
    script.write_text("#!/bin/sh\n")
    with pytest.raises(MissingToolError) as caught:
        capture(Command(argv=(str(script),)), os.environ)
    assert caught.value.message == f"`{script}` cannot be started: Permission denied"
    assert which("tool", {"PATH": str(tmp_path)}) is None
    script.chmod(0o755)
    assert which("tool", {"PATH": str(tmp_path)}) == script
