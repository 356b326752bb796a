"""The paths of a project's files in its source distribution. Pure."""

from __future__ import annotations

import os
from collections.abc import Container
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from cratewheel.contents.source_tree import SourceTree, common_folder


class RelativePath:
    """Callable that returns a path relative to a folder, or None; faster than `relative_to`."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._start = f"{self._folder.rstrip(os.sep)}{os.sep}"
        self._length = len(self._start)

    def __call__(self, path: str) -> str | None:
        """Return the relative path with `/`; `.` for the folder itself."""
        if path.startswith(self._start):
            return path[self._length :].replace(os.sep, "/")
        return "." if path == self._folder else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SdistPaths:
    """Maps files of the project to paths in the archive.

    `python_stays` says that Python packages keep their paths of the tree, because the new ones are in use.
    """

    root: Path
    project: Path
    in_root: RelativePath
    in_project: RelativePath
    crate_files: frozenset[str] = frozenset()
    python_stays: bool = False

    @classmethod
    def of(cls, tree: SourceTree) -> SdistPaths:
        """Return the mapping of a tree, whose root is the folder that contains all of its parts."""
        root = tree.project if not tree.crates else cls._around(tree)
        crate_files = frozenset(file.path for crate in tree.crates for file in crate.files)
        paths = cls(
            root=root,
            project=tree.project,
            in_root=RelativePath(root),
            in_project=RelativePath(tree.project),
            crate_files=crate_files,
        )
        return replace(paths, python_stays=paths.moved and paths._merges(tree))

    @staticmethod
    def _around(tree: SourceTree) -> Path:
        parts = [tree.project, tree.python_source, *(folder for crate in tree.crates for folder in crate.folders)]
        if tree.workspace is not None:
            parts.append(tree.workspace.manifest.parent)
        return common_folder(parts)

    @property
    def moved(self) -> bool:
        """Whether pyproject.toml is in another folder in the archive than in the source tree."""
        return self.root != self.project

    @property
    def python_moves(self) -> bool:
        """Whether Python packages have other paths in the archive than in the source tree."""
        return self.moved and not self.python_stays

    def of_crate(self, path: str | Path) -> str:
        """Return the path of a crate's file: the same as in the source tree."""
        below = self.in_root(str(path))
        assert below is not None, f"{path} is a part of the project"
        return below

    def of_project(self, path: str | Path) -> str:
        """Return the path of a file named in pyproject.toml: relative to it, if below it."""
        text = str(path)
        below = self.in_project(text)
        if below is None:
            below = self.in_root(text)
        return Path(path).name if below is None else below

    def of_python(self, path: str | Path) -> str:
        """Return the path of a file of a Python package, or of the folder of the packages."""
        return self.of_crate(path) if self.python_stays else self.of_project(path)

    def of_readme(self, path: str) -> str:
        """Return the path of the project's readme: another one if a crate has a file there."""
        usual = self.of_project(path)
        if str(Path(self.root, usual)) in self.crate_files - {path}:
            return self.in_root(path) or free_name(self.root, usual, self.crate_files)
        return usual

    def _merges(self, tree: SourceTree) -> bool:
        """Whether crate files would be in a Python package, if that was next to pyproject.toml in the archive."""
        manifests = (str(crate.manifest) for crate in tree.crates)
        every = (*self.crate_files, *manifests)
        for folder in tree.python_folders:
            new = str(Path(self.root, self.of_project(folder)))
            own, there = f"{folder}{os.sep}", f"{new}{os.sep}"
            if new != str(folder) and any(
                (path == new or path.startswith(there)) and not path.startswith(own) for path in every
            ):
                return True
        return False


def free_name(folder: Path, name: str, paths: Container[str]) -> str:
    """Return the name, or the next free one if the folder has a file with that name in `paths`.

    >>> free_name(Path("a"), "R.md", frozenset({str(Path("a/R.md"))}))
    'R-2.md'
    """
    free, number = name, 1
    while str(folder / free) in paths:
        number += 1
        free = str(PurePosixPath(name).with_stem(f"{PurePosixPath(name).stem}-{number}"))
    return free
