"""Opens the files of a project: regular files inside its folders only.

A symbolic link may lead to another place in the project, but not out of it, even if it replaces a file or folder after
the check. So a folder is opened part by part from the project's root with O_NOFOLLOW; where a part is a link, the real
path is opened in the same way. Where the system cannot open files relative to a folder (Windows), the opened file is
compared with the one at the path.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from cratewheel.errors import ConfigError
from cratewheel.system.files.links import Roots, outside_error, root_of

if TYPE_CHECKING:
    from typing_extensions import Self

_FROM_FOLDER = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
# O_NONBLOCK: opening a pipe without a writer would block
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
# O_PATH also opens folders that we may enter but not list
_PASS = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0)
# errors of O_NOFOLLOW for a link: POSIX, Linux for a folder, FreeBSD, NetBSD
_LINK = frozenset({errno.ELOOP, errno.ENOTDIR, errno.EMLINK, getattr(errno, "EFTYPE", errno.ELOOP)})

MAX_OPEN = 40  # folders: some systems allow only 256 open files

_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class FileOpener:
    """Opens regular files; keeps the folders of the last file open, because the next file is probably near."""

    def __init__(self) -> None:
        self._place: tuple[str, Roots] = ("", ())  # the folder that is open, and the roots that it was looked for in
        self._parts: list[str] = []  # the root that it lies in, and the names below
        self._descriptors: list[int] = []  # of each of them

    def __enter__(self) -> Self:
        """Return the opener."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the folders."""
        self._leave(0)

    def open(self, path: str, roots: Roots) -> tuple[int, int]:
        """Return the descriptor of a file and its size in bytes; without `roots` it may be anywhere.

        Raises `ConfigError` for a path outside of `roots` or a file that is not regular, else `OSError`.
        """
        try:
            number = self._open(path, roots)
        except OSError:
            is_file(path)  # raises a clear error for sockets and devices
            raise
        about = os.fstat(number)
        if not stat.S_ISREG(about.st_mode):
            os.close(number)
            if stat.S_ISDIR(about.st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
            raise not_regular_error(path, about.st_mode)
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
            raise (_changed_error(path) if error.errno in _LINK else error) from error

    def _enter(self, folder: str, roots: Roots, path: str) -> None:
        """Open the folder of the file `path`; errors name `path`."""
        try:
            try:
                self._descend(folder, roots)
            except OSError as error:
                if error.errno not in _LINK:
                    raise
                _real(path, roots)
                self._descend(_real(folder, roots), roots)
        except OSError as error:
            raise (_changed_error(folder) if error.errno in _LINK else error) from error
        self._place = (folder, roots)

    def _descend(self, folder: str, roots: Roots) -> None:
        """Open a folder; raises `OSError` (ELOOP or similar) if a part of its path is a link."""
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
            if len(self._parts) > MAX_OPEN:  # then parents are not reused
                os.close(self._descriptors.pop(-2))
                self._parts[-2:] = [""]

    def _leave(self, kept: int) -> None:
        """Close all folders but the first `kept`."""
        for descriptor in self._descriptors[kept:]:
            os.close(descriptor)
        del self._descriptors[kept:], self._parts[kept:]


def _real(path: str, roots: Roots) -> str:
    """Return a path with every link followed; raises `ConfigError` where it leads out of the project."""
    real = os.path.realpath(path)
    if root_of(real, roots) is None:
        raise outside_error(path, real, roots)
    return real


def open_and_compare(path: str, roots: Roots) -> int:
    """Return the descriptor of a file, checked to be still the file at that path in the project.

    Windows does not rename a folder in which a file is open, so the path cannot change afterwards. Raises `ConfigError`
    for a path outside of `roots` or a file that was replaced meanwhile, else `OSError`.
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
        raise _changed_error(path)
    return number


def read_bytes(path: str | Path, roots: Roots = (), *, limit: int = -1) -> bytes:
    """Return the content of a file, or its first `limit` bytes; without `roots` it may be anywhere.

    Raises `ConfigError` for a path outside of `roots` or a file that is not regular, else `OSError`.
    """
    with FileOpener() as opener:
        number, _ = opener.open(str(path), roots)
    with os.fdopen(number, "rb") as stream:
        return stream.read(limit)


def read_text(path: str | Path, roots: Roots = ()) -> str:
    """Return the text of a UTF-8 file with its line ends as Python has them.

    Raises as `read_bytes` does, and `UnicodeDecodeError`.
    """
    return read_bytes(path, roots).decode().replace("\r\n", "\n").replace("\r", "\n")


def is_file(path: str | Path) -> bool:
    """Return whether there is a regular file, links followed; raises `ConfigError` for a pipe, a socket or a device.

    Silently skipping these would drop a file that the user named.
    """
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116  # called for many files
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return False
    if stat.S_IFMT(mode) in _KINDS:
        raise not_regular_error(path, mode)
    return stat.S_ISREG(mode)


def not_regular_error(path: str | Path, mode: int) -> ConfigError:
    """Return the error for a path that is not a regular file; `mode` is its `st_mode`."""
    kind = _KINDS.get(stat.S_IFMT(mode), "a folder")
    return ConfigError(
        f"{path} is not a regular file, but {kind}", hint="put a file with the content in its place, or remove it"
    )


def _changed_error(path: str) -> ConfigError:
    return ConfigError(
        f"{path} is a symbolic link that cannot be followed: it is part of a loop, or it was changed during the build",
        hint="remove the loop, or build again while no program changes the project's files",
    )
