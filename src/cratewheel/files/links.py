"""The promise that no symbolic link is followed out of the project."""

from __future__ import annotations

import os
from pathlib import Path

from cratewheel.errors import ConfigError


class Fence:
    """Says whether a path is still in a folder once every link is followed.

    The answer for each folder is remembered, so that a file which is no link itself costs one dictionary look-up.
    """

    def __init__(self, boundary: Path) -> None:
        self._boundary = os.path.realpath(boundary)
        self._folders: dict[str, str] = {}

    def real(self, path: str, *, link: bool = True) -> str:
        """Return the path with every link followed; `link` says whether its last part can be one."""
        if link:
            return os.path.realpath(path)
        folder, name = os.path.split(path)
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        return f"{self._folders[folder].rstrip(os.sep)}{os.sep}{name}"

    def holds(self, path: str, *, link: bool = True) -> bool:
        """Return whether the path is in the folder."""
        return f"{self.real(path, link=link)}{os.sep}".startswith(f"{self._boundary.rstrip(os.sep)}{os.sep}")

    def check(self, path: str, *, link: bool = True) -> None:
        """Raise `ConfigError` where the path is a link to nothing, or leads out of the folder."""
        if link and not Path(path).exists():
            raise ConfigError(
                f"{path} is a symbolic link to {Path(path).readlink()}, which does not exist",
                hint="restore what it points at, or remove the link",
            )
        if not self.holds(path, link=link):
            raise ConfigError(
                f"{path} leads out of the project by a symbolic link, to {self.real(path)}",
                hint=f"put a copy in place of the link; only what is in {self._boundary} is packed",
            )


def refuse_outside(path: Path, boundary: Path) -> None:
    """Raise `ConfigError` if the path is a link to nothing, or, every link followed, not in the folder `boundary`."""
    Fence(boundary).check(str(path), link=path.is_symlink())
