"""Runs a Python program to learn its version and properties.

One short script prints one line of JSON; `describe` turns that answer into an `Interpreter`. Answers can be stored:
see `cache`.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cratewheel.errors import InterpreterError, MissingToolError
from cratewheel.interpreter.model import OLDEST, Implementation, Interpreter, tag_word
from cratewheel.system.command import Command, Completed, capture, how_it_ended

FORMAT = 1  # of the answer; a stored answer of another format is asked for again
TIMEOUT = 30.0  # seconds: a network drive is slow, a program that waits for something is slower
SHOWN_LINES = 8  # of what a program printed instead of an answer

# Python 2.7 and 3.5 must be able to say that they are too old, so this is written for them as well.
SCRIPT = r"""
import sys
if sys.path and sys.path[0] == "":
    del sys.path[0]  # a platform.py in the working directory is not the standard library's
def answer():
    inputs = {"format": 1, "version": list(sys.version_info[:3]), "executable": sys.executable or None}
    if sys.version_info < (3, 5):
        return inputs
    import importlib.machinery, os, platform, struct, sysconfig
    name = platform.python_implementation().lower()
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    if name == "pypy" or not suffix:
        # old PyPy did not know its own EXT_SUFFIX
        suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
    inputs.update({
        "running": os.path.realpath("/proc/self/exe") if os.path.exists("/proc/self/exe") else None,
        "implementation": name,
        "implementation_name": sys.implementation.name,
        "abiflags": sysconfig.get_config_var("ABIFLAGS"),
        "ext_suffix": suffix,
        "soabi": sysconfig.get_config_var("SOABI") or None,
        "platform": sysconfig.get_platform(),
        "system": platform.system().lower(),
        "pointer_width": struct.calcsize("P") * 8,
        "gil_disabled": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "debug": bool(sysconfig.get_config_var("Py_DEBUG")) or hasattr(sys, "gettotalrefcount"),
    })
    return inputs
if __name__ == "__main__":
    import json
    print(json.dumps(answer()))
"""

_SET = ("PYTHONNOUSERSITE", "PYTHONDONTWRITEBYTECODE", "PYTHONUTF8")  # the last for names of folders in its answer
# Variables that make an interpreter load other modules than its own, or refuse to start
_UNSET = (
    "PYTHONPATH", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONWARNINGS", "PYTHON_GIL", "PYTHONVERBOSE",
    "__PYVENV_LAUNCHER__",
)  # fmt: skip
# Variables that sysconfig itself reads: with one of them set, an answer is true for this environment only
STEERING = ("PYTHONHOME", "_PYTHON_HOST_PLATFORM", "_PYTHON_SYSCONFIGDATA_NAME", "_PYTHON_PROJECT_BASE")

_IMPLEMENTATIONS: dict[str, Implementation] = {
    "cpython": "cpython",
    "pypy": "pypy",
    "graalvm": "graalpy",
    "graalpy": "graalpy",
}

# the end of `sysconfig.get_platform()` on macOS and Windows → Rust's word; universal2 is of no single processor
_ARCHES = {"arm64": "aarch64", "x86_64": "x86_64", "amd64": "x86_64", "win32": "x86"}
# the platform by the kernel → that of a 32-bit Python there
_ON_64_BIT_KERNEL = {"linux_x86_64": "linux_i686", "linux_aarch64": "linux_armv7l"}

Answer = Mapping[str, Any]


class UnsuitableError(InterpreterError):
    """A working Python that is not supported."""


_NAME_ANOTHER = "name a Python with -i; `cratewheel list-python` shows those that are found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """A program that is not a usable interpreter at the moment, with the reason: with `other_arch` its processor."""

    executable: Path
    reason: str
    other_arch: bool = False


def run_probe(executable: Path, environ: Mapping[str, str], *, timeout: float = TIMEOUT) -> Answer | Skip:
    """Run `executable` and return its answer.

    A version manager's stand-in that has no Python behind it now, and a program that fails without a word, are a
    `Skip`. Raises `InterpreterError`, which shows what was printed, when this is no Python or does not work.
    """
    command = Command(
        argv=(str(executable), "-c", SCRIPT),
        env=(*((name, "1") for name in _SET), *((name, None) for name in _UNSET)),
    )
    try:
        done = capture(command, environ, timeout=timeout)
    except MissingToolError as error:
        raise InterpreterError(
            f"{executable} cannot be used as a Python interpreter: {error.message}", hint=_NAME_ANOTHER
        ) from error
    return judge(executable, done)


def judge(executable: Path, done: Completed) -> Answer | Skip:
    """Return what the output of the probe means; raises `InterpreterError` as `run_probe` does."""
    if done.status == 0:
        answer = parse_answer(done.stdout)
        if answer is None:
            raise _broken_error(executable, "it did not answer as a Python does", done.stdout + done.stderr)
        return answer
    words = done.stderr.strip()
    if words.startswith("pyenv: ") and "command not found" in words.partition("\n")[0]:
        return Skip(executable=executable, reason="no active pyenv version provides it")
    if not words:
        return Skip(executable=executable, reason=f"{how_it_ended(done.status)} without output")
    how = words if done.status == 124 else how_it_ended(done.status)
    raise _broken_error(executable, how, "" if done.status == 124 else done.stderr)


def probe_self() -> Answer:
    """Return the answer of the running interpreter.

    Raises `InterpreterError` where a variable sends its `sysconfig` to a module that is not there.
    """
    space: dict[str, Any] = {"__name__": "cratewheel.interpreter.probe.script"}
    # `del sys.path[0]` is for `python -c`; here the first entry is somebody else's and stays
    exec(SCRIPT.replace("del sys.path[0]", "pass"), space)  # noqa: S102 (our own text, a few lines above)
    try:
        answer: Answer = space["answer"]()
    except ImportError as error:
        raise InterpreterError(
            f"the sysconfig of {sys.executable} does not work: {error}",
            hint="unset _PYTHON_SYSCONFIGDATA_NAME, or set it to a module that this Python finds",
        ) from error
    return answer


def parse_answer(output: str) -> Answer | None:
    r"""Return the answer in the output of the script, or None.

    The last line counts: a `sitecustomize` may print something before.

    >>> parse_answer('hello\n{"format": 1, "version": [2, 7, 18]}\n')
    {'format': 1, 'version': [2, 7, 18]}
    >>> parse_answer("Python 3.11.2") is None
    True
    """
    lines = output.strip().splitlines()
    try:
        answer = json.loads(lines[-1]) if lines else None
    except (ValueError, RecursionError):
        return None
    return answer if is_answer(answer) else None


def is_answer(answer: object) -> bool:
    """Return whether `answer` has all fields that `describe` needs, with valid values."""
    if not isinstance(answer, dict) or type(answer.get("format")) is not int or answer["format"] != FORMAT:
        return False
    version = answer.get("version")
    if not isinstance(version, list) or len(version) != 3 or not all(map(_is_number, version)):
        return False
    if not _is_path(answer.get("executable")) or not _is_path(answer.get("running")):
        return False
    if tuple(version) < (3, 5, 0):
        return True
    return (
        "executable" in answer
        and all(_is_word(answer.get(name)) for name in _WORDS)
        and all(answer.get(name, 0) is None or _is_word(answer.get(name)) for name in _WORDS_OR_NONE)
        and all(isinstance(answer.get(name), bool) for name in ("gil_disabled", "debug"))
        and _is_number(answer.get("pointer_width"))
        and answer["pointer_width"] in (32, 64)
    )


_WORDS = ("implementation", "implementation_name", "ext_suffix", "platform", "system")
_WORDS_OR_NONE = ("abiflags", "soabi")
_WORD = r"[!-.0-[\]-~]*"  # printable ASCII without blanks and slashes: it becomes part of a file's name


def _is_number(part: object) -> bool:
    return type(part) is int and 0 <= part < 1000


def _is_word(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(_WORD, value) is not None


def _is_path(value: object) -> bool:
    if value is None:
        return True
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        os.fsencode(value)
    except UnicodeEncodeError:
        return False
    return True


def describe(
    answer: Answer, *, executable: Path, in_virtualenv: bool = False, source: str = "", requested: str | None = None
) -> Interpreter:
    """Return the interpreter for `answer`.

    Raises `UnsuitableError` when it is too old, of a kind that nothing can be built for, or has no ABI flags where
    it must.
    """
    version = (answer["version"][0], answer["version"][1])
    if version < OLDEST:
        said = ".".join(str(part) for part in answer["version"])
        raise UnsuitableError(
            f"{executable} is Python {said}; the oldest supported version is {OLDEST[0]}.{OLDEST[1]}",
            hint="name a newer interpreter with -i",
        )
    implementation = _IMPLEMENTATIONS.get(answer["implementation"])
    if implementation is None:
        raise UnsuitableError(
            f"{executable} is {answer['implementation']}, which is not supported",
            hint="supported are CPython, PyPy and GraalPy",
        )
    system = "cygwin" if answer["system"].startswith("cygwin") else answer["system"]
    return Interpreter(
        implementation=implementation,
        implementation_name=answer["implementation_name"],
        version=version,
        patch=answer["version"][2],
        abiflags=_abiflags(answer, implementation, version, executable),
        ext_suffix=answer["ext_suffix"],
        soabi=answer["soabi"],
        platform=None if answer["platform"].startswith("macosx") else _platform(answer),
        arch=_ARCHES.get(answer["platform"].rpartition("-")[2]) if system in ("darwin", "windows") else None,
        system=system,
        executable=executable,
        pointer_width=answer["pointer_width"],
        gil_disabled=answer["gil_disabled"],
        debug=answer["debug"],
        in_virtualenv=in_virtualenv,
        source=source,
        requested=requested,
    )


def _platform(answer: Answer) -> str:
    """Return the platform for tags; `sysconfig` has the kernel's processor, `packaging.tags` Python's own."""
    word = tag_word(answer["platform"])
    return _ON_64_BIT_KERNEL.get(word, word) if answer["pointer_width"] == 32 else word


def _abiflags(answer: Answer, implementation: Implementation, version: tuple[int, int], executable: Path) -> str:
    if implementation != "cpython":
        return ""
    flags: str | None = answer["abiflags"]
    if answer["system"] == "windows":
        # Windows names none before 3.14 (python/cpython#131799); pip's tags have them all the same
        known = ("t" if answer["gil_disabled"] else "") + ("d" if answer["debug"] else "")
        return flags or known + ("m" if version < (3, 8) else "")
    if flags is None:
        raise UnsuitableError(f"{executable} does not report its ABI flags (sysconfig has no ABIFLAGS)")
    if version < (3, 8) and "m" not in flags:
        raise UnsuitableError(f"{executable} has the ABI flags '{flags}', for which there is no wheel tag")
    return flags


def _broken_error(executable: Path, how: str, printed: str) -> InterpreterError:
    # some programs print their arguments, here our script
    lines = [line[:200] for line in printed.strip().splitlines() if "import sys" not in line]
    if lines and lines[0].startswith("Traceback "):
        lines = lines[-1:]  # the only one that says why
    shown = lines[:SHOWN_LINES] + (["…"] if len(lines) > SHOWN_LINES else [])
    return InterpreterError(
        f"{executable} is not a working Python interpreter: {how}",
        hint=_NAME_ANOTHER,
        notes=tuple(shown),
    )
