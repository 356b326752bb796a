"""Folders in folders, deeper than Python's stack or than a path may be long."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def nested(root: Path, depth: int, *, name: str = "d", file: str = "x.py") -> Iterator[str]:
    """Make `depth` folders of a name in each other, with one file in the last, and yield that file's path.

    They are removed in the end: what pytest cleans up with may be recursive.
    """
    descriptors = [os.open(root, os.O_RDONLY)]
    try:
        for _ in range(depth):
            os.mkdir(name, dir_fd=descriptors[-1])  # a path of all of them may be too long
            descriptors.append(os.open(name, os.O_RDONLY, dir_fd=descriptors[-1]))
            if len(descriptors) > 2:
                os.close(descriptors.pop(0))
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY, dir_fd=descriptors[-1]))
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    try:
        yield f"{root}{f'{os.sep}{name}' * depth}{os.sep}{file}"
    finally:
        _remove(root, name)


def _remove(root: Path, name: str) -> None:
    here = Path.cwd()
    os.chdir(root)
    try:
        reached = 0
        while Path(name).is_dir():
            os.chdir(name)
            reached += 1
        for path in Path().iterdir():
            path.unlink()
        for _ in range(reached):
            os.chdir("..")
            Path(name).rmdir()
    finally:
        os.chdir(here)
