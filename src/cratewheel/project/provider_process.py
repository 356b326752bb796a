"""Runs one hook of a metadata provider, in a Python of its own: request on stdin, answer on stdout, both JSON.

A provider may expect to run in the project's folder, and may print, exit, or change what it likes of its process; and
programs that it starts end with it.
"""

from __future__ import annotations

import importlib.machinery
import importlib.metadata
import inspect
import json
import os
import pkgutil
import re
import sys
import traceback
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from cratewheel.errors import CratewheelError, MissingToolError

GROUP = "dynamic_metadata.provider"


class _UnknownProviderError(Exception):
    """No provider has this name; the arguments are the names that there are."""


class _BrokenProviderError(Exception):
    """The provider cannot be imported."""


class _LocalFinder:
    """Finds the module of a local provider in its folder, before any other of that name."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the module in the folder, if it is there."""
        return None if "." in name else importlib.machinery.PathFinder.find_spec(name, [self.folder])


def main() -> None:
    """Answer the request on stdin: `{"answer": …, "warnings": […]}`, or `{"error": …, …}`."""
    answer_to = os.dup(1)
    os.dup2(2, 1)  # what the provider prints is not the answer
    with open(0, encoding="utf-8", closefd=False) as stream:
        request = json.load(stream)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        answer = _answer(request)
    texts = [str(item.message) for item in caught if issubclass(item.category, UserWarning)]
    data = json.dumps({**answer, "warnings": [*dict.fromkeys(texts)]}).encode()
    with os.fdopen(answer_to, "wb") as out:
        out.write(data)


def _answer(request: Mapping[str, Any]) -> dict[str, Any]:
    try:
        provider = _load(request["name"], request["source"])
        hook = getattr(provider, request["hook"], None)
        if hook is None:
            return {"answer": None}
        if request["hook"] == "dynamic_metadata" and hasattr(provider, "build_state"):
            provider.build_state(request["build_state"])
        found = hook(*request["arguments"])
        json.dumps(found)  # raises for what cannot be handed on
    except CratewheelError as error:
        kind = "missing" if isinstance(error, MissingToolError) else "wrong"
        return {"error": kind, "message": error.message, "hint": error.hint, "notes": error.notes}
    except _UnknownProviderError as error:
        return {"error": "unknown", "known": list(error.args)}
    except _BrokenProviderError as error:
        return {"error": "broken", "message": str(error)}
    except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever it raises is told to the user
        return {"error": "raised", "message": f"{type(error).__name__}: {error}", "place": _place(error)}
    return {"answer": found}


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    frame = next((frame for frame in reversed(frames) if frame.filename != __file__), frames[-1])
    return f"in {frame.name}, {frame.filename}:{frame.lineno}"


def _load(name: str, source: str | None) -> Any:
    """Return the object with the hooks: a module, an instance of a class, or what is registered.

    `source` is the folder of a local provider, "" for a module of ours, None for what packages register.
    """
    if source == "":
        from cratewheel.project.metadata import vcs
        from cratewheel.system.git import restrain_libraries

        restrain_libraries()
        return vcs
    found = _load_registered(name) if source is None else _load_local(name, source)
    return found() if inspect.isclass(found) else found


def _load_registered(name: str) -> Any:
    points = importlib.metadata.entry_points(group=GROUP)
    point = next((point for point in points if point.name == name), None)
    if point is None:
        raise _UnknownProviderError(*sorted(points.names))
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        raise _BrokenProviderError(str(error)) from error


def _load_local(name: str, path: str) -> Any:
    finder = _LocalFinder(path)
    if finder.find_spec(re.split("[.:]", name)[0]) is None:
        raise _UnknownProviderError
    sys.meta_path.insert(0, finder)
    try:
        return pkgutil.resolve_name(name)
    except (ImportError, AttributeError) as error:
        raise _BrokenProviderError(str(error)) from error
