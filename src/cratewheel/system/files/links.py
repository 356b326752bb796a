"""Which folders the files of a project may lie in, once every symbolic link is followed."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path

from cratewheel.errors import ConfigError

REPOSITORIES = frozenset({".git", ".jj"})  # what marks the root of a repository: a folder, or a file in a worktree

CANT_RESOLVE = 1921  # of Windows, for links in a circle
MOST_LINKED = 10_000  # folders that are entered behind links, before these are taken for a knot

Roots = tuple[str, ...]  # folders without a link in their paths; none is in another one


def project_roots(folder: Path, *around: Path) -> Roots:
    """Return the folders that files of the project in `folder` may lie in.

    That is the repository around it, or where there is none the folder itself, and those of the folders `around`.
    """
    real = Path(os.path.realpath(folder))
    repository = (place for place in (real, *real.parents) if any((place / mark).exists() for mark in REPOSITORIES))
    return joined_roots((str(next(repository, real)), *map(os.path.realpath, around)))


def joined_roots(*several: Roots) -> Roots:
    """Return the folders of several projects, without those that lie in another one.

    >>> joined_roots(("/a/b", "/cd"), ("/a", "/cd"))
    ('/a', '/cd')
    """
    roots: list[str] = []
    for root in sorted(dict.fromkeys(root for each in several for root in each), key=len):
        if root_of(root, roots) is None:
            roots.append(root)
    return tuple(roots)


def root_of(path: str, roots: Iterable[str]) -> str | None:
    """Return the one of the folders that a path begins with, or None; no link is followed.

    >>> root_of("/a/bc", ["/a/b", "/a"])
    '/a'
    """
    place = f"{path}{os.sep}"
    return next((root for root in roots if place.startswith(f"{root.rstrip(os.sep)}{os.sep}")), None)


def describe_dangling(path: str) -> str | None:
    """Return what a symbolic link is that leads to nothing, or in a circle; None for all else."""
    try:
        target = Path(path).readlink()
    except OSError:
        return None
    try:
        Path(path).stat()
    except FileNotFoundError:
        return f"a symbolic link to {target}, which does not exist"
    except OSError as error:
        if error.errno == errno.ELOOP or getattr(error, "winerror", None) == CANT_RESOLVE:
            return f"a symbolic link to {target}, which is a loop: it leads back to itself"
    return None


class Fence:
    """Says whether a path is still in the project once every link is followed.

    The answers for folders and links are remembered: a file which is no link itself costs one dictionary look-up.
    """

    def __init__(self, roots: Roots) -> None:
        self._roots = roots
        self._folders: dict[str, str] = {}
        self._links: dict[str, str] = {}  # by the real path of the folder that each is in
        self._linked = 0

    def count(self, path: str) -> None:
        """Count a folder that is reached by a link; raises `ConfigError` where there are so many that it has no end."""
        self._linked += 1
        if self._linked > MOST_LINKED:
            raise ConfigError(
                f"more than {MOST_LINKED:,} folders are reached by symbolic links, the last of them {path}",
                hint="remove links between folders that lead to each other",
            )

    def real(self, path: str, *, link: bool = True) -> str:
        """Return the path with every link followed; `link` says whether its last part can be one."""
        folder, name = os.path.split(path)
        if not name:
            return os.path.realpath(path)
        return self._joined(self._real_folder(folder), name, link=link)

    def _real_folder(self, folder: str) -> str:
        """Return a folder with every link followed: from the nearest one above it that is known already."""
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

    def holds(self, path: str, *, link: bool = True) -> bool:
        """Return whether the path is in the project."""
        return root_of(self.real(path, link=link), self._roots) is not None

    def check(self, path: str, *, link: bool = True) -> None:
        """Raise `ConfigError` where the path is a link to nothing, or leads out of the project."""
        real = self.real(path, link=link)
        problem = describe_dangling(path) if link and not Path(real).exists() else None
        if problem is not None:
            raise ConfigError(f"{path} is {problem}", hint="restore what it points at, or remove the link")
        if root_of(real, self._roots) is None:
            raise outside(path, real, self._roots)


def outside(path: str, real: str, roots: Roots) -> ConfigError:
    """Return the error for a path that is `real` once every link is followed, which is in none of the folders."""
    places = " and ".join(roots)
    if real == os.path.normpath(path):
        return ConfigError(f"{path} lies outside of the project", hint=f"put a copy into {places}")
    return ConfigError(
        f"{path} leads out of the project by a symbolic link, to {real}",
        hint=f"put a copy in place of the link; only what is in {places} is packed",
    )
