"""Caches the answers of interpreters between builds, so that they need not be started again.

An answer belongs to the file behind all symbolic links, and to the machine that the kernel shows this process
(`setarch` shows another). Replacing or upgrading an interpreter changes what identifies the file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cratewheel.interpreter.probe import FORMAT, STEERING, Answer, is_answer
from cratewheel.system.files.json_cache import JsonCache

FILE_NAME = "interpreters.json"
_CONFIG = "pyvenv.cfg"  # it tells a copy of an interpreter, in a virtual environment, which one to be


class Cache:
    """The cached answers in a folder; `save` writes new ones.

    Without a folder, or while a variable steers what interpreters say of themselves, it stores nothing. `warn` is told
    of a folder that cannot be trusted, which counts as an empty one.
    """

    def __init__(self, folder: Path | None, environ: Mapping[str, str], warn: Callable[[str], None]) -> None:
        steered = any(environ.get(name) for name in STEERING)
        self._store = None if folder is None or steered else JsonCache(folder, warn)
        self._machine = os.uname().machine if hasattr(os, "uname") else environ.get("PROCESSOR_ARCHITECTURE", "")
        self._entries = _entries(self._store.read(FILE_NAME)) if self._store else {}
        self._asked: dict[str, list[object] | None] = {}
        self._changed = False

    def get(self, executable: Path) -> Answer | None:
        """Return the cached answer of `executable`, or None if there is none or the file has changed."""
        real = os.path.realpath(executable)
        entry = self._entries.get(real)
        stamp = self._stamp(real)
        if entry is None or entry.get("stamp") != stamp:
            self._asked[real] = stamp
            return None
        answer = entry.get("answer")
        # the path by which it was asked then, in a virtual environment perhaps, may be another Python's today
        return {**answer, "executable": real} if isinstance(answer, dict) and is_answer(answer) else None

    def put(self, executable: Path, answer: Answer) -> None:
        """Add the answer of `executable`, unless it may start another program next time."""
        real, said = os.path.realpath(executable), answer.get("executable")
        # a version manager's stand-in answers for another file, and tomorrow perhaps for a third; with its own name
        # for `sys.executable`, only the kernel tells
        others = {os.path.realpath(path) for path in (said, answer.get("running")) if path} - {real}
        if self._store is None or not said or others or _is_script(real):
            return
        stamp = self._stamp(real)
        # it may have been exchanged while it was asked
        if stamp is not None and self._asked.get(real, stamp) == stamp:
            self._entries[real] = {"stamp": stamp, "answer": dict(answer)}
            self._changed = True

    def save(self) -> None:
        """Write the cache atomically, without entries of files that were removed or changed."""
        if not self._changed or self._store is None:
            return
        kept = {real: entry for real, entry in sorted(self._entries.items()) if entry.get("stamp") == self._stamp(real)}
        self._store.write(FILE_NAME, {"format": FORMAT, "interpreters": kept})
        self._changed = False

    def _stamp(self, real: str) -> list[object] | None:
        own = _identity(real)
        if own is None:
            return None
        folder = os.path.dirname(real)  # noqa: PTH120 (called for each interpreter of each build: no Path in between)
        configs = [_identity(f"{place}{os.sep}{_CONFIG}") for place in (folder, f"{folder}{os.sep}..")]
        return [self._machine, own, *configs]


def _identity(path: str) -> list[int] | None:
    """Return a value that changes when the file at `path` is replaced or modified; None if there is no file."""
    try:
        status = os.stat(path)  # noqa: PTH116 (as above)
    except (OSError, ValueError):  # a damaged store has names that no file can have
        return None
    return [status.st_dev, status.st_ino, status.st_ctime_ns, status.st_mtime_ns, status.st_size]


def _is_script(path: str) -> bool:
    """Return whether the file is a script, which may start any Python."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 (as above)
            return file.read(2) == b"#!"
    except OSError:
        return True


def _entries(store: object) -> dict[str, dict[str, Any]]:
    if not isinstance(store, dict) or store.get("format") != FORMAT or not isinstance(store.get("interpreters"), dict):
        return {}
    return {real: entry for real, entry in store["interpreters"].items() if isinstance(entry, dict)}
