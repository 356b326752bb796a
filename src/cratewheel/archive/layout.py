"""What an archive will hold, decided before a byte is written: archive path → source.

Pure: nothing here reads a file. `layout` refuses paths that leave the archive and two sources for one path. Paths are
plain text: a project may have tens of thousands of files, and making a `Path` takes as long as looking at a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PureWindowsPath

from cratewheel.archive import entry_points
from cratewheel.errors import ConfigError
from cratewheel.system import utf8

SCHEMES = ("data", "scripts", "headers", "purelib", "platlib")  # folders that an installer knows in the data folder
CONTROL = re.compile(
    r"[\0-\x1f\x7f-\x9f\u2028\u2029]"
)  # in no name: lists of files have lines, and uv refuses the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A file that we write ourselves."""

    data: bytes
    executable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FromFile:
    """A file that is copied from the disk as it is.

    One of the project must lie in one of the folders `roots` when it is read, every link followed; without these it may
    be anywhere.
    """

    path: str
    executable: bool = False
    roots: tuple[str, ...] = ()


Source = Generated | FromFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of an archive, at a `path` with slashes. `why` says what put it there, for `--explain` and conflicts."""

    path: str
    source: Source
    why: str = ""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def parts(self) -> list[str]:
        """The parts of the path: folders, and the name."""
        return self.path.split("/")


Layout = tuple[Entry, ...]


def layout(entries: Iterable[Entry]) -> Layout:
    """Return the entries in archive order: by path components, so that `pkg/` comes before `pkg-1.0.data/`.

    The same file under the same path twice is one entry. Raises `ConfigError` when two different sources want one path,
    a path is both a file and a folder, leaves the archive, cannot be written in UTF-8, or has a control character.
    """
    chosen: dict[str, Entry] = {}
    for entry in entries:
        _refuse_escape(entry)
        earlier = chosen.setdefault(entry.path, entry)
        if earlier is not entry:
            chosen[entry.path] = _merged(earlier, entry)
    folders: set[str] = set()
    for path, entry in chosen.items():
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            if folder in chosen:
                raise ConfigError(
                    f"{folder} would be both a file and a folder in the archive",
                    notes=tuple(sorted((_describe(chosen[folder]), _describe(entry)))),
                    hint="rename one of them, or leave one out with `exclude`",
                )
            folder = folder.rpartition("/")[0]
    return tuple(sorted(chosen.values(), key=lambda entry: in_order(entry.path)))


def refuse_uninstallable(entries: Iterable[Entry], dist_info: str) -> None:
    """Raise `ConfigError` for a file at a place in a wheel for which installers refuse the whole wheel, or should.

    That is in a `.data` folder, but in none of the folders that a wheel can have there, or in the metadata folder of
    another distribution; and where an environment has a program of its own. `dist_info` is the wheel's own. See "The
    .data directory" in
    https://packaging.python.org/en/latest/specifications/binary-distribution-format/
    """
    for entry in entries:
        top, *inner = entry.parts
        if top.endswith(".data") and (len(inner) < 2 or inner[0] not in SCHEMES):
            raise ConfigError(
                f"no installer takes {entry.path} in a wheel ({_describe(entry)}): `{top}` names a data folder",
                hint=f"rename it, or move what is in it to one of {', '.join(f'{top}/{name}' for name in SCHEMES)}",
            )
        if top.endswith(".data"):
            _refuse_replacing(entry, inner[0], inner[1:])
        if top.endswith(".dist-info") and top != dist_info:
            raise ConfigError(
                f"no installer takes {entry.path} in a wheel ({_describe(entry)}): the wheel's metadata is {dist_info}",
                hint=f"rename the folder `{top}`, or leave it out with `exclude`",
            )


def _refuse_replacing(entry: Entry, scheme: str, below: list[str]) -> None:
    """Raise `ConfigError` for a file of a data folder that would replace one that each environment has."""
    match scheme, below:
        case "scripts", [name]:
            entry_points.check_command(name, _describe(entry))
        case "data", [*folders, name] if "/".join(folders).lower() in (
            "",
            "bin",
            "scripts",
        ) and entry_points.is_program_of_environment(name):
            raise ConfigError(
                f"{entry.path} would replace a file of each environment that the wheel is installed into "
                f"({_describe(entry)})",
                hint="give it another name",
            )


def in_order(path: str) -> str:
    """Return what sorts paths by their parts: `pkg/x` comes before `pkg-1.0.data/x`."""
    return path.replace("/", "\0")


def _merged(one: Entry, other: Entry) -> Entry:
    """Return the one entry that two for the same path make, whichever came first."""
    first, second = sorted((one, other), key=lambda entry: entry.why)
    match first.source, second.source:
        case FromFile(path=path), FromFile(path=same) if path == same:
            executable = first.source.executable or second.source.executable
            return replace(first, source=replace(first.source, executable=executable))
        case Generated(data=data), Generated(data=same) if data == same:
            executable = first.source.executable or second.source.executable
            return replace(first, source=Generated(data=data, executable=executable))
    raise ConfigError(
        f"two different files would become {one.path} in the archive",
        notes=tuple(sorted((_describe(one), _describe(other)))),
        hint="rename one of them, or leave one out with `exclude`",
    )


def _refuse_escape(entry: Entry) -> None:
    path = entry.path
    outside = path in {"", "."} or path.startswith("/") or "//" in path or (".." in path and ".." in entry.parts)
    if "\\" in path or ":" in path:  # some unpack on Windows, where a backslash divides folders
        on_windows = PureWindowsPath(path)
        outside = outside or bool(on_windows.drive) or ".." in on_windows.parts
    if outside:
        raise ConfigError(f"{path} would lie outside the archive ({_describe(entry)})")
    if "\\" in path:
        raise ConfigError(
            f"the name {path} has a backslash in it, which divides folders on Windows ({_describe(entry)})",
            hint="rename the file, or exclude it with `exclude`",
        )
    if CONTROL.search(path):
        raise ConfigError(
            f"the name {path!r} has a control character or a line end in it ({_describe(entry)})",
            hint="rename the file, or exclude it with `exclude`",
        )
    if not path.isascii():
        utf8.check_name(path, _describe(entry))


def source_of(entry: Entry) -> str:
    """Return what an entry is made from, for a message."""
    return entry.source.path if isinstance(entry.source, FromFile) else "a generated file"


def _describe(entry: Entry) -> str:
    place = source_of(entry)
    return f"{place} ({entry.why})" if entry.why else place
