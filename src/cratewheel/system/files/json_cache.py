"""JSON caches that are trusted only where no other user can write, and that no other user can read.

On POSIX a file is opened relative to its open folder, so that nothing can be exchanged between the check and the use.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cratewheel.system.files.temporary import temporary_name

_LARGEST = 16 << 20  # bytes of a file
_POSIX = os.name == "posix"
_OURSELVES = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)  # no link is followed, no program inherits it
_READ = os.O_RDONLY | _OURSELVES | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OURSELVES | getattr(os, "O_BINARY", 0)


class JsonCache:
    """The JSON files of one cache folder, which may be deleted at any time.

    A folder or file that belongs to another user, that others can write, or that is a symbolic link is not used; `warn`
    is called with the reason. An unreadable file counts as missing; errors while writing are ignored.
    """

    def __init__(self, folder: Path, warn: Callable[[str], None]) -> None:
        self._folder = folder
        self._warn = warn

    def read(self, name: str) -> object:
        """Return the value in the file `name`, or None."""
        with suppress(OSError, ValueError, RecursionError), self._open_folder() as descriptor:
            place = self._place(name, descriptor)
            status = os.stat(place, dir_fd=descriptor, follow_symlinks=False)
            if not self._is_refused(self._folder / name, status) and stat.S_ISREG(status.st_mode):
                return self._parse(name, place, descriptor)
        return None

    def _parse(self, name: str, place: str, descriptor: int | None) -> object:
        with open(os.open(place, _READ, dir_fd=descriptor), "rb") as file:  # noqa: PTH123  # a Path has no dir_fd
            status = os.fstat(file.fileno())
            if self._is_refused(self._folder / name, status) or not stat.S_ISREG(status.st_mode):
                return None
            data = file.read(_LARGEST + 1)
        return json.loads(data) if len(data) <= _LARGEST else None

    def write(self, name: str, value: object) -> None:
        """Write a value to the file `name`, atomically."""
        data = json.dumps(value, indent=1).encode("ascii")
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._open_folder() as descriptor:
                temporary = self._place(temporary_name(name), descriptor)
                try:
                    with open(os.open(temporary, _WRITE, 0o600, dir_fd=descriptor), "wb") as file:  # noqa: PTH123
                        file.write(data)
                    place = self._place(name, descriptor)
                    os.replace(temporary, place, src_dir_fd=descriptor, dst_dir_fd=descriptor)
                except BaseException:
                    with suppress(OSError):
                        os.unlink(temporary, dir_fd=descriptor)
                    raise

    @contextmanager
    def _open_folder(self) -> Iterator[int | None]:
        """Yield the descriptor of the folder, None on Windows; raises `OSError` where it cannot be used."""
        if not _POSIX:
            yield None
            return
        status = self._folder.lstat()
        if stat.S_ISLNK(status.st_mode) and self._is_refused(self._folder, status):
            raise PermissionError(self._folder)
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | _OURSELVES)
        try:
            status = os.fstat(descriptor)
            refused = self._is_refused(self._folder, status)
            if status.st_uid == os.geteuid() and status.st_mode & 0o077:
                os.fchmod(descriptor, 0o700)  # files that others have put there are refused one by one
            if refused:
                raise PermissionError(self._folder)
            yield descriptor
        finally:
            os.close(descriptor)

    def _place(self, name: str, descriptor: int | None) -> str:
        return str(self._folder / name) if descriptor is None else name

    def _is_refused(self, path: Path, status: os.stat_result) -> bool:
        reason = untrusted_reason(status)
        if reason is not None:
            self._warn(f"{path} is not used: it {reason}; remove it; it will be created again")
        return reason is not None


def untrusted_reason(status: os.stat_result) -> str | None:
    """Return why a file or folder (not following links) may be another user's work, or None if it is not."""
    if not _POSIX:
        return None
    if stat.S_ISLNK(status.st_mode):
        return "is a symbolic link"
    if status.st_uid != os.geteuid():
        return f"belongs to another user ({status.st_uid})"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "can be written by other users"
    return None


def make_private_folder(path: Path, *, below: Path) -> str | None:
    """Make a folder that only this user can use; return why it, or a folder between it and `below`, is not private.

    Raises `OSError` where it cannot be made.
    """
    below.parent.mkdir(parents=True, exist_ok=True)
    above = [folder for folder in path.parents if folder.is_relative_to(below)]
    for folder in (*reversed(above), path):
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        status = folder.lstat()
        reason = (
            untrusted_reason(status) if stat.S_ISDIR(status.st_mode) or stat.S_ISLNK(status.st_mode) else "is no folder"
        )
        if reason is not None:
            return f"{folder} {reason}"
    return None
