"""Answers of interpreters, kept between builds, so that none is started to be asked the same again.

The key is the file behind all symbolic links, with its modification time and size: whoever replaces or upgrades an
interpreter changes them. A store that cannot be read is an empty one; one that cannot be written stays as it is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cratewheel.interpreter.probe import FORMAT, STEERING, Answer, is_answer

FILE_NAME = "interpreters.json"


class Cache:
    """The stored answers of one cache folder; `save` writes what was learnt since they were read.

    Without a folder, or while a variable steers what interpreters say of themselves, it stores nothing.
    """

    def __init__(self, folder: Path | None, environ: Mapping[str, str]) -> None:
        steered = any(environ.get(name) for name in STEERING)
        self._path = None if folder is None or steered else folder / FILE_NAME
        self._entries = _load(self._path) if self._path else {}
        self._changed = False

    def get(self, executable: Path) -> Answer | None:
        """Return the stored answer of `executable`, or None when there is none or the file has changed since."""
        real = os.path.realpath(executable)
        entry = self._entries.get(real)
        if entry is None or entry.get("stamp") != _stamp(real):
            return None
        answer = entry.get("answer")
        # the path by which it was asked then, in a virtual environment perhaps, may be another Python's today
        return {**answer, "executable": real} if isinstance(answer, dict) and is_answer(answer) else None

    def put(self, executable: Path, answer: Answer) -> None:
        """Store the answer of `executable`, unless that only hands on to some other program today."""
        real, said = os.path.realpath(executable), answer.get("executable")
        # a version manager's stand-in answers for another file, and tomorrow perhaps for a third
        if self._path is None or not said or os.path.realpath(said) != real:
            return
        stamp = _stamp(real)
        if stamp is not None:
            self._entries[real] = {"stamp": stamp, "answer": dict(answer)}
            self._changed = True

    def save(self) -> None:
        """Write the store, whole or not at all; entries of files that are gone or changed are left out."""
        if not self._changed or self._path is None:
            return
        kept = {real: entry for real, entry in sorted(self._entries.items()) if entry.get("stamp") == _stamp(real)}
        text = json.dumps({"format": FORMAT, "interpreters": kept}, indent=1)
        partial = self._path.with_name(f"{FILE_NAME}.{os.getpid()}.partial")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(text, encoding="utf-8")
            partial.replace(self._path)
        except OSError:  # a read-only home costs the next build a second, not this one its wheels
            with suppress(OSError):
                partial.unlink()
        self._changed = False


def _stamp(real: str) -> list[int] | None:
    try:
        status = os.stat(real)  # noqa: PTH116 (called for each interpreter of each build: no Path in between)
    except OSError:
        return None
    return [status.st_mtime_ns, status.st_size]


def _load(path: Path) -> dict[str, dict[str, Any]]:
    try:
        store = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(store, dict) or store.get("format") != FORMAT or not isinstance(store.get("interpreters"), dict):
        return {}
    return {real: entry for real, entry in store["interpreters"].items() if isinstance(entry, dict)}
