"""Unpacks source distributions; unchanged files keep their times, by which cargo decides what to compile."""

from __future__ import annotations

import filecmp
import os
import shutil
import tarfile
from pathlib import Path

from cratewheel.archive.layout import CONTROL
from cratewheel.archive.sdist import SUFFIX
from cratewheel.errors import CratewheelError
from cratewheel.system.files.copying import remove_tree
from cratewheel.system.files.temporary import temporary_name
from cratewheel.system.files.walking import every_file
from cratewheel.system.tasks import check_cancelled


def unpack(sdist: Path, folder: Path) -> Path:
    """Unpack an sdist into `folder`, replacing its content, and return the archive's top folder.

    A file that was there with the same bytes keeps its time, any other has that of now. Raises `CratewheelError` for an
    archive that no build of ours makes, and `OSError` for files that cannot be written.
    """
    top = folder / sdist.name.removesuffix(SUFFIX)
    new = folder / temporary_name(top.name)
    try:
        with tarfile.open(sdist) as archive:
            for member in archive:
                check_cancelled()
                _extract(archive, member, new)
        if not top.is_symlink():
            _keep_times(top, new / top.name)
        for path in folder.iterdir():
            if path.is_symlink() or path.is_file():
                path.unlink()
            elif path != new:
                remove_tree(path)
        (new / top.name).rename(top)
    finally:
        remove_tree(new)
    return top


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    parts = member.name.split("/")
    source = archive.extractfile(member) if member.isfile() else None
    if source is None or not {"", ".", ".."}.isdisjoint(parts) or CONTROL.search(member.name):
        raise CratewheelError(
            f"the source distribution holds {member.name!r}, which is not a regular file below its top folder"
        )
    path = folder.joinpath(*parts)
    make_folders(path.parent)
    with source, path.open("xb") as stream:
        shutil.copyfileobj(source, stream)
    if member.mode & 0o100:
        path.chmod(0o755)


def make_folders(folder: Path) -> None:
    """Make a folder and its parents; `mkdir(parents=True)` is recursive, and may exceed the recursion limit."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir()


def _keep_times(before: Path, after: Path) -> None:
    """Give the unchanged files and folders below `after` the times that they had below `before`."""
    folders: dict[str, None] = {}
    for path in every_file(after):
        earlier = f"{before}{path[len(str(after)) :]}"
        if os.path.isfile(earlier) and not os.path.islink(earlier) and filecmp.cmp(earlier, path, shallow=False):  # noqa: PTH113, PTH114
            _copy_time(earlier, path)
        folder = os.path.dirname(path)  # noqa: PTH120
        while folder not in folders and len(folder) >= len(str(after)):
            folders[folder] = None
            folder = os.path.dirname(folder)  # noqa: PTH120
    for folder in folders:  # build scripts may depend on a folder's time
        earlier = f"{before}{folder[len(str(after)) :]}"
        if os.path.isdir(earlier) and set(os.listdir(earlier)) == set(os.listdir(folder)):  # noqa: PTH112, PTH208
            _copy_time(earlier, folder)


def _copy_time(source: str, destination: str) -> None:
    status = os.lstat(source)
    os.utime(destination, ns=(status.st_atime_ns, status.st_mtime_ns))
