"""Build directories: one for each interpreter, so that a second build has nothing to compile, and how one is filled.

Cargo decides by its own fingerprints what has to be compiled, in a copy as in the original: it takes a directory that
was moved, as long as the times of the files are kept. What is copied are whole units, each with its fingerprint; a unit
is what cargo calls by a package's name and a hash, and keeps in `deps`, `build` and `.fingerprint` of a profile.
https://doc.rust-lang.org/cargo/reference/build-cache.html
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cratewheel.system.files.copying import copy_file, copy_tree, remove_tree
from cratewheel.system.files.lock import shared_if_free
from cratewheel.system.files.walking import every_file

FINGERPRINTS = ".fingerprint"
PARTS = ("deps", "build", FINGERPRINTS)  # a unit's fingerprint is copied last: without it there is no unit
KEPT_IN_DEPS = (".rlib", ".rmeta", ".d", ".so", ".dylib", ".dll", ".lib", ".wasm")  # not tests and examples
BOUND = frozenset({"CMakeCache.txt"})  # of build scripts: cmake refuses one of another folder, and makes its own
OF_ALL = (
    ".rustc_info.json",
    "CACHEDIR.TAG",
)  # what cargo keeps beside the profiles: rustc's answers, a tag for backups
SETTLING = 2.0  # seconds in which cargo writes the fingerprint of what it has reported

_HASH = r"-([0-9a-f]{16})(?:\.|$)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What was copied into a build directory: how many units, of how many bytes."""

    units: int
    size: int


def seed(directory: Path, sources: Iterable[Path], folders: tuple[str, ...], packages: Iterable[str]) -> Copied | None:
    """Fill a build directory that is not there yet from the fullest of `sources`; return what was copied, if anything.

    Only units of `packages` are taken. A source that cargo is writing to at the moment is passed over. The directory
    appears whole or not at all. Raises `OSError` where something cannot be copied.
    """
    wanted = frozenset(packages)
    with ExitStack() as stack:
        counted = sorted(((_fullness(source, folders), source) for source in sources), key=lambda pair: -pair[0])
        for count, source in counted:
            locks = [source / folder / ".cargo-lock" for folder in folders]
            if count and all(stack.enter_context(shared_if_free(lock)) for lock in locks):
                break
        else:
            return None
        unfinished = directory.with_name(f"{directory.name}.unfinished")
        remove_tree(unfinished)
        try:
            copied = [
                copy_units(source / folder, unfinished / folder, _units_of(source / folder, wanted))
                for folder in folders
            ]
            for name in OF_ALL:
                with suppress(FileNotFoundError):
                    copy_file(source / name, unfinished / name)
            unfinished.rename(directory)
        except BaseException:
            remove_tree(unfinished)
            raise
    return Copied(units=sum(one.units for one in copied), size=sum(one.size for one in copied))


def _fullness(source: Path, folders: tuple[str, ...]) -> int:
    return sum(len(_names(source / folder / FINGERPRINTS)) for folder in folders)


def _units_of(profile: Path, packages: frozenset[str]) -> frozenset[str]:
    """Return the hashes of all units of some packages."""
    found = (name.rpartition("-") for name in _names(profile / FINGERPRINTS))
    return frozenset(unit for package, _, unit in found if package in packages)


def is_new(directory: Path, folders: tuple[str, ...]) -> bool:
    """Return whether nothing was compiled in a directory so far, in the folders of a profile."""
    return not _fullness(directory, folders)


def copy_units(source: Path, destination: Path, units: frozenset[str]) -> Copied:
    """Bring the units with these hashes from one profile's folder to that of a new directory.

    A unit without a fingerprint is not finished, and left out. Where something was compiled already nothing may be
    copied to: cargo goes by times, and takes what was compiled there with another unit for fresh.
    """
    names = {name.rpartition("-")[2]: name for name in _names(source / FINGERPRINTS)}
    finished = {unit for unit in units & names.keys() if _is_finished(source / FINGERPRINTS / names[unit])}
    size = 0
    for part in PARTS if finished else ():
        (destination / part).mkdir(parents=True, exist_ok=True)
        for name in _names(source / part):
            found = re.search(_HASH, name)
            if found is None or found[1] not in finished:
                continue
            if part != "deps":
                size += copy_tree(source / part / name, destination / part / name, without=BOUND)
            elif name.endswith(KEPT_IN_DEPS):
                size += copy_file(source / part / name, destination / part / name)
    return Copied(units=len(finished), size=size)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208  # the names are all that is wanted
    except (FileNotFoundError, NotADirectoryError):
        return []


def _is_finished(fingerprint: Path) -> bool:
    """Return whether cargo has written the hash of a unit; it empties the file before it begins to compile again."""
    hashes = [entry for entry in os.scandir(fingerprint) if "." not in entry.name and entry.name[:4] != "dep-"]
    return bool(hashes) and all(entry.stat().st_size for entry in hashes)


class Followed:
    """The units of a build that is under way, as cargo reports them; `packages` are those that others can use too."""

    def __init__(self, root: Path, packages: frozenset[str], on_all: Callable[[], None]) -> None:
        self._root = root
        self._waiting = set(packages)
        self._packages = packages
        self._on_all = on_all
        self._units: dict[str, set[str]] = {}

    def hear(self, message: Mapping[str, Any]) -> None:
        """Take one message of cargo; once the last of the packages is done, `on_all` is called."""
        package = message["package_id"]
        if package not in self._packages:
            return
        for path in map(Path, message.get("filenames") or [message["out_dir"]]):
            folder, unit = _place(path, self._root)
            if unit:
                self._units.setdefault(folder, set()).add(unit)
        if message["reason"] == "compiler-artifact" and "custom-build" not in message["target"]["kind"]:
            self._waiting.discard(package)
            if not self._waiting:
                self._on_all()

    def copy_to(self, destination: Path) -> Copied:
        """Bring what was reported to a build directory that is new."""
        copied = []
        for folder, units in self._units.items():
            self._settle(folder, units)
            copied.append(copy_units(self._root / folder, destination / folder, frozenset(units)))
        for name in OF_ALL:
            if not (destination / name).exists() and (self._root / name).exists():
                copy_file(self._root / name, destination / name)
        return Copied(units=sum(one.units for one in copied), size=sum(one.size for one in copied))

    def _settle(self, folder: str, units: Iterable[str]) -> None:
        """Wait until cargo has written the fingerprints of what it reported a moment before."""
        missing = set(units)
        deadline = time.monotonic() + SETTLING
        while missing and time.monotonic() < deadline:
            names = {name.rpartition("-")[2]: name for name in _names(self._root / folder / FINGERPRINTS)}
            missing = {
                unit
                for unit in missing
                if unit not in names or not _is_finished(self._root / folder / FINGERPRINTS / names[unit])
            }
            if missing:
                time.sleep(0.01)


def _place(path: Path, root: Path) -> tuple[str, str | None]:
    """Return the profile's folder below `root` and the hash of the unit that a file or folder belongs to."""
    if not path.is_relative_to(root):
        return "", None
    parts = path.relative_to(root).parts
    for at, part in enumerate(parts):
        if part in PARTS:
            found = re.search(_HASH, parts[at + 1]) if at + 1 < len(parts) else None
            return "/".join(parts[:at]), found[1] if found else None
    return "", None


def size_of(directory: Path) -> int:
    """Return the bytes of the files in a directory, a file with several names once."""
    seen = {}
    for path in every_file(directory):
        with suppress(FileNotFoundError):
            stat = os.lstat(path)
            seen[stat.st_dev, stat.st_ino] = stat.st_size
    return sum(seen.values())
