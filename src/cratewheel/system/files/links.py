"""The folders that files of a project may lie in, with symbolic links followed."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path

from cratewheel.errors import ConfigError
from cratewheel.system.files.submodules import FETCH, absent_submodule

REPOSITORIES = frozenset({".git", ".jj"})  # marks the root of a repository: a folder, or a file in a worktree

CANT_RESOLVE = 1921  # the error number of Windows for a loop of links
MAX_LINKED = 10_000  # folders entered through links, before we assume a loop

Roots = tuple[str, ...]  # real paths of folders; none lies in another one


def project_roots(folder: Path, *around: Path) -> Roots:
    """Return the folders that the files of the project in `folder` may lie in.

    These are its repository (or the folder itself, if there is none) and the folders `around`.
    """
    real = Path(os.path.realpath(folder))
    repository = (place for place in (real, *real.parents) if any((place / mark).exists() for mark in REPOSITORIES))
    return join_roots((str(next(repository, real)), *map(os.path.realpath, around)))


def join_roots(*several: Roots) -> Roots:
    """Return the folders of several projects, without folders that lie in another one.

    >>> join_roots(("/a/b", "/cd"), ("/a", "/cd"))
    ('/a', '/cd')
    """
    roots: list[str] = []
    for root in sorted(dict.fromkeys(root for each in several for root in each), key=len):
        if root_of(root, roots) is None:
            roots.append(root)
    return tuple(roots)


def root_of(path: str, roots: Iterable[str]) -> str | None:
    """Return the folder of `roots` that a path begins with, or None; links are not followed.

    >>> root_of("/a/bc", ["/a/b", "/a"])
    '/a'
    """
    place = f"{path}{os.sep}"
    return next((root for root in roots if place.startswith(f"{root.rstrip(os.sep)}{os.sep}")), None)


def describe_dangling(path: str) -> str | None:
    """Return a description of a symbolic link that leads to nothing or to itself; None for everything else."""
    try:
        target = Path(path).readlink()
    except OSError:
        return None
    try:
        Path(path).stat()
    except FileNotFoundError:
        absent = absent_submodule(Path(path).parent / target)
        where = f": {absent} is a git submodule that is not there; {FETCH}" if absent else ""
        return f"a symbolic link to {target}, which does not exist{where}"
    except OSError as error:
        if error.errno == errno.ELOOP or getattr(error, "winerror", None) == CANT_RESOLVE:
            return f"a symbolic link to {target}, which is a loop: it leads back to itself"
    return None


class ProjectBoundary:
    """Tells whether a path is still in the project when every symbolic link is followed.

    Folders and links are cached: a file that is not a link costs one dictionary look-up.
    """

    def __init__(self, roots: Roots) -> None:
        self._roots = roots
        self._folders: dict[str, str] = {}
        self._links: dict[str, str] = {}  # by the real path of the folder that each is in
        self._linked = 0

    def count(self, path: str) -> None:
        """Count a folder reached by a link; raises `ConfigError` when there are so many that links must form a loop."""
        self._linked += 1
        if self._linked > MAX_LINKED:
            raise ConfigError(
                f"more than {MAX_LINKED:,} folders are reached by symbolic links, the last of them {path}",
                hint="remove links between folders that lead to each other",
            )

    def real(self, path: str, *, link: bool = True) -> str:
        """Return the path with every link followed; `link` says whether its last part may be a link."""
        folder, name = os.path.split(path)
        if not name:
            return os.path.realpath(path)
        return self._joined(self._real_folder(folder), name, link=link)

    def _real_folder(self, folder: str) -> str:
        """Return a folder with every link followed, starting at the nearest cached parent."""
        names = []
        above = folder
        while above not in self._folders:
            parent, name = os.path.split(above)
            if not name or parent == above:
                self._folders[above] = os.path.realpath(above)
                break
            names.append((above, name))
            above = parent
        real = self._folders[above]
        for path, name in reversed(names):
            real = self._folders[path] = self._joined(real, name, link=os.name == "nt" or Path(real, name).is_symlink())
        return real

    def _joined(self, folder: str, name: str, *, link: bool) -> str:
        path = f"{folder.rstrip(os.sep)}{os.sep}{name}"
        if not link and name not in (".", ".."):
            return path
        if path not in self._links:
            self._links[path] = os.path.realpath(path)
        return self._links[path]

    def contains(self, path: str, *, link: bool = True) -> bool:
        """Return whether the path is in the project."""
        return root_of(self.real(path, link=link), self._roots) is not None

    def check(self, path: str, *, link: bool = True) -> None:
        """Raise `ConfigError` if the path is a dangling link, or leads out of the project."""
        real = self.real(path, link=link)
        problem = describe_dangling(path) if link and not Path(real).exists() else None
        if problem is not None:
            raise ConfigError(f"{path} is {problem}", hint="restore what it points at, or remove the link")
        if root_of(real, self._roots) is None:
            raise outside_error(path, real, self._roots)


def outside_error(path: str, real: str, roots: Roots) -> ConfigError:
    """Return the error for a path outside of the project, which is `real` once every link is followed."""
    places = " and ".join(roots)
    if real == os.path.normpath(path):
        return ConfigError(f"{path} lies outside of the project", hint=f"put a copy into {places}")
    return ConfigError(
        f"{path} leads out of the project by a symbolic link, to {real}",
        hint=f"put a copy in place of the link; only what is in {places} is packed",
    )
