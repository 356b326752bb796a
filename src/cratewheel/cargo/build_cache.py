"""Build directories: one for each interpreter, so that a rebuild has nothing to compile; how a new one is filled.

Cargo decides by its fingerprints what to compile. It accepts a copied directory as long as the times of the files are
kept. Whole units are copied, each with its fingerprint; cargo names a unit by a package's name and a hash, and keeps it
in `deps`, `build` and `.fingerprint` of a profile.
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
PARTS = ("deps", "build", FINGERPRINTS)  # the fingerprint is copied last: without it, cargo ignores the unit
COPIED_SUFFIXES = (
    ".rlib",
    ".rmeta",
    ".d",
    ".so",
    ".dylib",
    ".dll",
    ".lib",
    ".wasm",
)  # without the executables of tests and examples
SKIPPED_FILES = frozenset({"CMakeCache.txt"})  # cmake refuses a cache that was made in another folder
SHARED_FILES = (
    ".rustc_info.json",
    "CACHEDIR.TAG",
)  # files beside the profiles: cached answers of rustc, the tag for backup tools
FINGERPRINT_TIMEOUT = 2.0  # seconds: cargo writes the fingerprint of a unit after it has reported the unit

_HASH = r"-([0-9a-f]{16})(?:\.|$)"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyResult:
    """The number of units copied into a build directory, and their size in bytes."""

    units: int
    size: int


def seed(
    directory: Path, sources: Iterable[Path], folders: tuple[str, ...], packages: Iterable[str]
) -> CopyResult | None:
    """Fill a new build directory from the fullest of `sources`; return what was copied, or None.

    Only units of `packages` are copied. A source that cargo is writing to is skipped. The directory appears complete or
    not at all. Raises `OSError` where something cannot be copied.
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
            for name in SHARED_FILES:
                with suppress(FileNotFoundError):
                    copy_file(source / name, unfinished / name)
            unfinished.rename(directory)
        except BaseException:
            remove_tree(unfinished)
            raise
    return CopyResult(units=sum(one.units for one in copied), size=sum(one.size for one in copied))


def _fullness(source: Path, folders: tuple[str, ...]) -> int:
    return sum(len(_names(source / folder / FINGERPRINTS)) for folder in folders)


def _units_of(profile: Path, packages: frozenset[str]) -> frozenset[str]:
    """Return the hashes of all units of the packages."""
    found = (name.rpartition("-") for name in _names(profile / FINGERPRINTS))
    return frozenset(unit for package, _, unit in found if package in packages)


def is_empty(directory: Path, folders: tuple[str, ...]) -> bool:
    """Return whether nothing has been compiled in the profile folders of a directory yet."""
    return not _fullness(directory, folders)


def copy_units(source: Path, destination: Path, units: frozenset[str]) -> CopyResult:
    """Copy the units with these hashes from one profile folder to that of an empty directory.

    A unit without a fingerprint is incomplete and skipped. The destination must be empty: cargo compares times, and
    would take units compiled there against another copy for fresh.
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
                size += copy_tree(source / part / name, destination / part / name, skip=SKIPPED_FILES)
            elif name.endswith(COPIED_SUFFIXES):
                size += copy_file(source / part / name, destination / part / name)
    return CopyResult(units=len(finished), size=size)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208  # only names are needed
    except (FileNotFoundError, NotADirectoryError):
        return []


def _is_finished(fingerprint: Path) -> bool:
    """Return whether cargo has written the hash of a unit; it empties the file before it compiles again."""
    hashes = [entry for entry in os.scandir(fingerprint) if "." not in entry.name and entry.name[:4] != "dep-"]
    return bool(hashes) and all(entry.stat().st_size for entry in hashes)


class UnitTracker:
    """Collects the units that cargo reports while it builds; `packages` are those that other builds can reuse."""

    def __init__(self, root: Path, packages: frozenset[str], on_all: Callable[[], None]) -> None:
        self._root = root
        self._waiting = set(packages)
        self._packages = packages
        self._on_all = on_all
        self._units: dict[str, set[str]] = {}

    def add_message(self, message: Mapping[str, Any]) -> None:
        """Add one message of cargo; `on_all` is called once the last of the packages has been compiled."""
        package = message["package_id"]
        if package not in self._packages:
            return
        for path in map(Path, message.get("filenames") or [message["out_dir"]]):
            folder, unit = _locate_unit(path, self._root)
            if unit:
                self._units.setdefault(folder, set()).add(unit)
        if message["reason"] == "compiler-artifact" and "custom-build" not in message["target"]["kind"]:
            self._waiting.discard(package)
            if not self._waiting:
                self._on_all()

    def copy_to(self, destination: Path) -> CopyResult:
        """Copy the units reported so far to an empty build directory."""
        copied = []
        for folder, units in self._units.items():
            self._wait_for_fingerprints(folder, units)
            copied.append(copy_units(self._root / folder, destination / folder, frozenset(units)))
        for name in SHARED_FILES:
            if not (destination / name).exists() and (self._root / name).exists():
                copy_file(self._root / name, destination / name)
        return CopyResult(units=sum(one.units for one in copied), size=sum(one.size for one in copied))

    def _wait_for_fingerprints(self, folder: str, units: Iterable[str]) -> None:
        """Wait until cargo has written the fingerprints of the units."""
        missing = set(units)
        deadline = time.monotonic() + FINGERPRINT_TIMEOUT
        while missing and time.monotonic() < deadline:
            names = {name.rpartition("-")[2]: name for name in _names(self._root / folder / FINGERPRINTS)}
            missing = {
                unit
                for unit in missing
                if unit not in names or not _is_finished(self._root / folder / FINGERPRINTS / names[unit])
            }
            if missing:
                time.sleep(0.01)


def _locate_unit(path: Path, root: Path) -> tuple[str, str | None]:
    """Return the profile folder below `root` and the hash of the unit that a path belongs to."""
    if not path.is_relative_to(root):
        return "", None
    parts = path.relative_to(root).parts
    for at, part in enumerate(parts):
        if part in PARTS:
            found = re.search(_HASH, parts[at + 1]) if at + 1 < len(parts) else None
            return "/".join(parts[:at]), found[1] if found else None
    return "", None


def disk_usage(directory: Path) -> int:
    """Return the size in bytes of the files in a directory, hard links counted once."""
    seen = {}
    for path in every_file(directory):
        with suppress(FileNotFoundError):
            stat = os.lstat(path)
            seen[stat.st_dev, stat.st_ino] = stat.st_size
    return sum(seen.values())
