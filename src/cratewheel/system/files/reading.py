"""Opening the files of a project: regular files, and none outside of it.

A link may lead to another place in the project, and never out of it: not even one that takes the place of a file or of
a folder after somebody has looked. A folder is opened from the project's root on, one part of its path after the other,
and neither a part nor the file itself may be a link then; where one is, the path without links is opened in this way.
Where the system cannot open files relative to a folder (Windows), what was opened is compared with what is there.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from cratewheel.errors import ConfigError
from cratewheel.system.files.links import Roots, outside, root_of

if TYPE_CHECKING:
    from typing_extensions import Self

_FROM_FOLDER = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
# a pipe to which nobody writes must not be waited for
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
# a folder in which we may not look around can still be passed through
_PASS = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0)
# what O_NOFOLLOW says of a link: POSIX, Linux of a folder, FreeBSD, NetBSD
_LINK = frozenset({errno.ELOOP, errno.ENOTDIR, errno.EMLINK, getattr(errno, "EFTYPE", errno.ELOOP)})

MOST_OPEN = 40  # folders: a process may have no more than 256 files open on some systems

_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class FileOpener:
    """Opens regular files; the folders on the way to the last one stay open, since the next is probably near."""

    def __init__(self) -> None:
        self._place: tuple[str, Roots] = ("", ())  # the folder that is open, and the roots that it was looked for in
        self._parts: list[str] = []  # the root that it lies in, and the names below
        self._descriptors: list[int] = []  # of each of them

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the folders."""
        self._leave(0)

    def open(self, path: str, roots: Roots) -> tuple[int, int]:
        """Return the descriptor of a file, and its size; without `roots` it may be anywhere.

        Raises `ConfigError` for what lies outside of `roots` or is no regular file, else `OSError`.
        """
        try:
            number = self._open(path, roots)
        except OSError:
            is_file(path)  # no socket can be opened, nor a device that is not there
            raise
        about = os.fstat(number)
        if not stat.S_ISREG(about.st_mode):
            os.close(number)
            if stat.S_ISDIR(about.st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
            raise not_regular(path, about.st_mode)
        return number, about.st_size

    def _open(self, path: str, roots: Roots) -> int:
        if not roots:
            return os.open(path, _READ)
        if not _FROM_FOLDER:
            return open_and_compare(path, roots)
        folder, _, name = path.rpartition(os.sep)
        if self._place != (folder, roots):
            self._enter(folder, roots, path)
        try:
            return os.open(name, _READ | _NO_LINK, dir_fd=self._descriptors[-1])
        except OSError as error:
            if error.errno not in _LINK:
                raise
        folder, name = os.path.split(_real(path, roots))
        try:
            self._descend(folder, roots)
            return os.open(name, _READ | _NO_LINK, dir_fd=self._descriptors[-1])
        except OSError as error:
            raise (_changed(path) if error.errno in _LINK else error) from error

    def _enter(self, folder: str, roots: Roots, path: str) -> None:
        """Open the folder of the file `path`, which the error names where it leads out of the project."""
        try:
            try:
                self._descend(folder, roots)
            except OSError as error:
                if error.errno not in _LINK:
                    raise
                _real(path, roots)
                self._descend(_real(folder, roots), roots)
        except OSError as error:
            raise (_changed(folder) if error.errno in _LINK else error) from error
        self._place = (folder, roots)

    def _descend(self, folder: str, roots: Roots) -> None:
        """Open a folder; raises `OSError` with ELOOP or the like where a part of its path is a link."""
        self._place = ("", ())
        root = root_of(folder, roots)
        if root is None:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), folder)
        below = folder[len(root) :].split(os.sep)  # noqa: PTH206  # a Path takes as long as opening the folder
        parts = [root, *filter(None, below)]
        if ".." in parts:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), folder)
        common = 0
        for part, earlier in zip(parts, self._parts, strict=False):
            if part != earlier:
                break
            common += 1
        self._leave(common)
        for part in parts[common:]:
            above = self._descriptors[-1] if self._descriptors else None
            self._descriptors.append(os.open(part, _PASS | _NO_LINK if above is not None else _PASS, dir_fd=above))
            self._parts.append(part)
            if len(self._parts) > MOST_OPEN:  # none of those above will be found again
                os.close(self._descriptors.pop(-2))
                self._parts[-2:] = [""]

    def _leave(self, kept: int) -> None:
        """Close all but the first folders."""
        for descriptor in self._descriptors[kept:]:
            os.close(descriptor)
        del self._descriptors[kept:], self._parts[kept:]


def _real(path: str, roots: Roots) -> str:
    """Return a path with every link followed; raises `ConfigError` where it leads out of the project."""
    real = os.path.realpath(path)
    if root_of(real, roots) is None:
        raise outside(path, real, roots)
    return real


def open_and_compare(path: str, roots: Roots) -> int:
    """Return the descriptor of a file, opened by its path and then compared with what is at that path in the project.

    Windows renames no folder in which a file is open, so what is found then stays. Raises `ConfigError` for what lies
    outside of `roots`, or was exchanged meanwhile; else `OSError`.
    """
    real = _real(path, roots)
    number = os.open(real, _READ)
    try:
        there = os.path.realpath(real) == real and os.path.samestat(os.fstat(number), os.lstat(real))
        same = there and os.path.realpath(real) == real
    except BaseException:
        os.close(number)
        raise
    if not same:
        os.close(number)
        raise _changed(path)
    return number


def read_bytes(path: str | Path, roots: Roots = (), *, most: int = -1) -> bytes:
    """Return what is in a file, or its first bytes, `most` of them; without `roots` it may be anywhere.

    Raises `ConfigError` for what lies outside of `roots` or is no regular file, else `OSError`.
    """
    with FileOpener() as opener:
        number, _ = opener.open(str(path), roots)
    with os.fdopen(number, "rb") as stream:
        return stream.read(most)


def read_text(path: str | Path, roots: Roots = ()) -> str:
    """Return the text of a UTF-8 file with its line ends as Python has them.

    Raises as `read_bytes` does, and `UnicodeDecodeError`.
    """
    return read_bytes(path, roots).decode().replace("\r\n", "\n").replace("\r", "\n")


def is_file(path: str | Path) -> bool:
    """Return whether there is a regular file, a link followed; raises `ConfigError` for a pipe, a socket or a device.

    Whoever only skipped these would leave out what the user named.
    """
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116  # called for many files
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return False
    if stat.S_IFMT(mode) in _KINDS:
        raise not_regular(path, mode)
    return stat.S_ISREG(mode)


def not_regular(path: str | Path, mode: int) -> ConfigError:
    """Return the error for what is at a path, with this `st_mode`."""
    kind = _KINDS.get(stat.S_IFMT(mode), "a folder")
    return ConfigError(
        f"{path} is not a regular file, but {kind}", hint="put a file with the content in its place, or remove it"
    )


def _changed(path: str) -> ConfigError:
    return ConfigError(
        f"{path} is a symbolic link that cannot be followed: it leads in a circle, or was put there a moment ago",
        hint="build again when nothing changes the project's files any more",
    )
