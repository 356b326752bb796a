"""Changing several files as one: all of them, or none."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, cast

from cratewheel.errors import CratewheelError

if TYPE_CHECKING:
    from typing_extensions import Self


class Transaction:
    """New files and files to remove, collected first and carried out by `commit`.

    As a context manager it removes what was staged and not committed. Each new file is written beside its final name,
    so that the last step is nothing but renaming; when a renaming fails, those before it are taken back.
    """

    def __init__(self) -> None:
        self._suffix = f".{os.getpid()}-{os.urandom(4).hex()}"
        self._staged: dict[Path, Path] = {}
        self._removed: list[Path] = []
        self._folders: list[Path] = []

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Remove whatever is only staged, and the folders made for it."""
        for temporary in self._staged.values():
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
        for folder in reversed(self._folders):
            with suppress(OSError):
                folder.rmdir()  # only if nothing is in it
        if isinstance(error, OSError):
            where = error.filename2 or error.filename or "a file"
            raise CratewheelError(
                f"{where} cannot be written: {error.strerror or error}", hint="everything is as it was before"
            ) from error

    def create(self, path: Path, *, executable: bool = False) -> BinaryIO:
        """Return a file, open for writing, that becomes `path`; its folder is made."""
        self._make_folder(path.parent)
        temporary = path.with_name(f".{path.name[:50]}{self._suffix}-{len(self._staged)}.tmp")
        self._staged[path] = temporary
        mode = 0o777 if executable else 0o666
        return cast("BinaryIO", os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb"))

    def remove(self, path: Path) -> None:
        """Remove the file `path` when all is carried out; it may be replaced, too."""
        self._removed.append(path)

    def commit(self) -> None:
        """Carry everything out, or nothing: raises `OSError` when it cannot be, and then all is as before."""
        saved: list[tuple[Path, Path]] = []
        placed: list[Path] = []
        try:
            for path in dict.fromkeys((*self._removed, *self._staged)):
                if os.path.lexists(path):
                    backup = path.with_name(f".{path.name[:50]}{self._suffix}-{len(saved)}.old")
                    path.rename(backup)
                    saved.append((path, backup))
            for path, temporary in self._staged.items():
                temporary.rename(path)
                placed.append(path)
        except BaseException:
            for path in placed:
                path.unlink()
            for path, backup in reversed(saved):
                backup.rename(path)
            raise
        self._staged.clear()
        self._folders.clear()
        for _, backup in saved:
            with suppress(OSError):  # Windows keeps a library that is loaded; it only stays behind under a hidden name
                backup.unlink()

    def _make_folder(self, folder: Path) -> None:
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for each in reversed(missing):
            each.mkdir()
            self._folders.append(each)
