from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cratewheel.errors import InterpreterError
from cratewheel.interpreter import probe
from cratewheel.interpreter.model import Interpreter
from cratewheel.interpreter.probe import (
    FORMAT,
    SCRIPT,
    Skip,
    UnsuitableError,
    describe,
    is_answer,
    parse_answer,
    probe_self,
)
from cratewheel.system.command import Completed
from system_paths import native

PROBES = Path(__file__).parent / "probes"


def recorded(name: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((PROBES / f"{name}.json").read_text(encoding="utf-8"))
    return answer


@pytest.mark.parametrize("name", sorted(path.stem for path in PROBES.glob("*.json")))
def test_recorded_answers_are_answers(name: str) -> None:
    assert parse_answer(json.dumps(recorded(name))) == recorded(name)


def test_an_answer_becomes_the_interpreter_it_tells_of() -> None:
    described = describe(
        recorded("cpython-3.13t-linux"), executable=Path("/env/bin/python"), in_virtualenv=True, source="VIRTUAL_ENV"
    )
    assert described == Interpreter(
        implementation="cpython",
        implementation_name="cpython",
        version=(3, 13),
        patch=1,
        abiflags="t",
        ext_suffix=".cpython-313t-x86_64-linux-gnu.so",
        soabi="cpython-313t-x86_64-linux-gnu",
        platform="linux_x86_64",
        system="linux",
        executable=Path("/env/bin/python"),
        pointer_width=64,
        gil_disabled=True,
        debug=False,
        in_virtualenv=True,
        source="VIRTUAL_ENV",
        requested=None,
    )


@pytest.mark.parametrize(("name", "version"), [("cpython-2.7-linux", "2.7.18"), ("cpython-3.6-linux", "3.6.15")])
def test_a_python_before_3_7_is_too_old(name: str, version: str) -> None:
    with pytest.raises(UnsuitableError) as caught:
        describe(recorded(name), executable=Path("/bin/python"))
    assert caught.value.message == f"{native('/bin/python')} is Python {version}; the oldest supported version is 3.7"


@pytest.mark.parametrize(
    ("said", "width", "platform"),
    [
        ("linux-x86_64", 64, "linux_x86_64"),
        ("linux-x86_64", 32, "linux_i686"),
        ("linux-i686", 32, "linux_i686"),
        ("linux-aarch64", 32, "linux_armv7l"),
        ("win32", 32, "win32"),
    ],
)
def test_a_32_bit_python_on_a_64_bit_kernel_has_a_platform_of_its_own(said: str, width: int, platform: str) -> None:
    answer = {**recorded("cpython-3.12-linux"), "platform": said, "pointer_width": width}
    assert describe(answer, executable=Path("/bin/x")).platform == platform


def test_another_implementation_is_refused_by_name() -> None:
    with pytest.raises(InterpreterError, match=r"^.bin.x is ironpython, which is not supported$"):
        describe({**recorded("cpython-3.8-linux"), "implementation": "ironpython"}, executable=Path("/bin/x"))


def test_a_unix_python_must_tell_its_abi_flags() -> None:
    with pytest.raises(InterpreterError, match="does not report its ABI flags"):
        describe({**recorded("cpython-3.8-linux"), "abiflags": None}, executable=Path("/bin/x"))


def test_python_3_7_must_be_built_with_pymalloc() -> None:
    with pytest.raises(InterpreterError, match="has the ABI flags 'd', for which there is no wheel tag"):
        describe({**recorded("cpython-3.7-linux"), "abiflags": "d"}, executable=Path("/bin/x"))


@pytest.mark.parametrize(
    "output",
    ["", "\n", "garbage", "{", "[]", "null", "3", '{"format": 1}', '{"format": 1, "version": [3, 12]}',
     '{"format": 1, "version": ["3", "12", "1"]}', '{"format": 1, "version": [3, 12, 1]}',
     '{"format": 99, "version": [2, 7, 18]}', "[" * 100_000],
    ids=lambda output: output[:40] or "empty",
)  # fmt: skip
def test_anything_else_is_no_answer(output: str) -> None:
    assert parse_answer(output) is None


def test_an_answer_without_one_of_its_fields_is_none() -> None:
    whole = recorded("cpython-3.12-linux")
    missing = [name for name in whole if is_answer({key: value for key, value in whole.items() if key != name})]
    assert missing == []


def test_what_is_printed_before_the_answer_does_not_matter() -> None:
    answer = recorded("cpython-3.12-linux")
    assert parse_answer("sitecustomize says hello\n" + json.dumps(answer) + "\n\n") == answer


@given(st.dictionaries(st.sampled_from(sorted(recorded("cpython-3.12-linux"))), st.none() | st.text() | st.integers()))
def test_a_damaged_answer_is_described_or_refused_but_never_a_crash(damage: dict[str, object]) -> None:
    answer = {**recorded("cpython-3.12-linux"), **damage}
    if is_answer(answer):
        with contextlib.suppress(InterpreterError):
            describe(answer, executable=Path("/bin/python"))


def test_this_interpreter_answers_for_itself_without_being_started() -> None:
    before = list(sys.path)
    answer = probe_self()
    assert is_answer(answer)
    assert tuple(answer["version"]) == sys.version_info[:3]
    assert answer["executable"] == sys.executable
    assert sys.path == before


def test_the_script_says_the_format_that_is_read() -> None:
    assert f'"format": {FORMAT},' in SCRIPT


@pytest.mark.parametrize(
    ("printed", "notes"),
    [
        ("", ()),
        ("one\n two\n", ("one", " two")),
        ("x" * 201, ("x" * 200,)),
        ("Traceback (most recent call last):\n  File\nValueError: x\n", ("ValueError: x",)),
        ("\n".join("abcdefghijklmnopqrstuvwxyz"), (*"abcdefghijklmnopqrstuvwxyz"[: probe.SHOWN_LINES], "…")),
        (
            "\n".join("abcdefghijklmnopqrstuvwxyz"[: probe.SHOWN_LINES]),
            tuple("abcdefghijklmnopqrstuvwxyz"[: probe.SHOWN_LINES]),
        ),
    ],
)
def test_of_what_a_broken_python_prints_some_lines_are_shown(printed: str, notes: tuple[str, ...]) -> None:
    error = probe._broken_error(Path("/py"), "it broke", printed)
    assert error.message == f"{Path('/py')} is not a working Python interpreter: it broke"
    assert error.notes == notes


@pytest.mark.parametrize(
    ("status", "stderr", "reason"),
    [
        (1, "", "it ended with status 1 without output"),
        (9, " \n", "it ended with status 9 without output"),
        (127, "pyenv: python3.9: command not found\nmore\n", "no active pyenv version provides it"),
    ],
)
def test_a_stand_in_without_a_python_is_skipped(status: int, stderr: str, reason: str) -> None:
    done = Completed(status=status, stdout="", stderr=stderr)
    assert probe.judge(Path("/py"), done) == Skip(executable=Path("/py"), reason=reason)


@pytest.mark.parametrize(
    ("status", "stdout", "stderr", "how", "notes"),
    [
        (0, "hello\n", "there\n", "it did not answer as a Python does", ("hello", "there")),
        (3, "", "no\n", "it ended with status 3", ("no",)),
        (124, "", "it did not end within 20 seconds", "it did not end within 20 seconds", ()),
        (1, "", "pyenv: it is broken\n", "it ended with status 1", ("pyenv: it is broken",)),
        (1, "", "x\npyenv: a: command not found\n", "it ended with status 1", ("x", "pyenv: a: command not found")),
    ],
)
def test_what_does_not_answer_is_no_working_python(
    status: int, stdout: str, stderr: str, how: str, notes: tuple[str, ...]
) -> None:
    with pytest.raises(InterpreterError) as caught:
        probe.judge(Path("/py"), Completed(status=status, stdout=stdout, stderr=stderr))
    assert caught.value.message == f"{Path('/py')} is not a working Python interpreter: {how}"
    assert caught.value.notes == notes
