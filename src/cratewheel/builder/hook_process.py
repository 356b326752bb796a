"""Calls one function of the project as a hook, in a Python of its own."""

from __future__ import annotations

import os
import pkgutil
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

PREFIX = "CRATEWHEEL_HOOK_"


@dataclass(frozen=True, slots=True, kw_only=True)
class HookCall:
    """The argument of a hook's function; what there is not, such as the target of a source distribution, is None.

    `project` is the project's folder, which is also the current one; `out_dir` is where archives are written;
    `python` is the interpreter of the wheel, and `compiled` are its compiled files.
    """

    when: str
    project: Path
    out_dir: Path
    editable: bool = False
    profile: str | None = None
    target: str | None = None
    python: Path | None = None
    compiled: tuple[Path, ...] = ()


def read_call(environ: Mapping[str, str]) -> HookCall:
    """Return what the variables of a hook say."""
    values = {name.removeprefix(PREFIX): value for name, value in environ.items() if name.startswith(PREFIX) and value}
    python, compiled = values.get("PYTHON"), values.get("COMPILED", "")
    return HookCall(
        when=values["WHEN"],
        project=Path(values["PROJECT"]),
        out_dir=Path(values["OUT_DIR"]),
        editable=values.get("EDITABLE") == "1",
        profile=values.get("PROFILE"),
        target=values.get("TARGET"),
        python=Path(python) if python else None,
        compiled=tuple(map(Path, filter(None, compiled.split(os.pathsep)))),
    )


def main(name: str, environ: Mapping[str, str]) -> None:
    """Call the function `module:function` of the project in the current folder; ends the process if it fails."""
    sys.path.insert(0, str(Path.cwd()))
    try:
        function = pkgutil.resolve_name(name)
    except AttributeError as error:
        _end(str(error))
    except Exception as error:  # noqa: BLE001  # whatever the module raises is told to the user
        _end(_own_frames(error))
    if not callable(function):
        _end(f"{name} is not a function")
    try:
        function(read_call(environ))
    except Exception as error:  # noqa: BLE001
        _end(_own_frames(error))


def _own_frames(error: Exception) -> str:
    """Return the traceback of an error, from the project's code on."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None and _is_ours(frame.tb_frame.f_code.co_filename):
        frame = frame.tb_next
    return "".join(traceback.format_exception(type(error), error, frame)).rstrip()


def _is_ours(file: str) -> bool:
    return file in (__file__, pkgutil.__file__) or "importlib" in file


def _end(text: str) -> NoReturn:
    sys.exit(text)
