"""Installs the files of a layout into an environment, and removes earlier installs by their RECORD.

Follows https://packaging.python.org/en/latest/specifications/recording-installed-packages/ and, for scripts, the binary
distribution format.
"""

from __future__ import annotations

import csv
import glob
import hashlib
import os
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cratewheel.archive import entry_points, launchers
from cratewheel.archive.dist_info import DistInfo, Recorded, format_record
from cratewheel.archive.layout import Entry, Generated, Layout, describe_source
from cratewheel.archive.layout import layout as whole_layout
from cratewheel.archive.reading import open_source
from cratewheel.errors import ConfigError, CratewheelError
from cratewheel.system.files import sha256
from cratewheel.system.files.transaction import Bounds, Transaction, recover
from cratewheel.targets.wheel_tags import normalise_distribution

MAX_SHEBANG = 127  # bytes: the limit of older Linux kernels

_SCRIPT = """\
import sys

from {module} import {root}

if __name__ == "__main__":
    sys.exit({function}())
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallPaths:
    """The paths of an environment: its interpreter, and the folders of `sysconfig.get_paths()`."""

    python: Path
    platlib: Path
    purelib: Path
    scripts: Path
    data: Path
    headers: Path

    def bounds(self) -> Bounds:
        """Return the folders that belong to the environment."""
        return Bounds((self.data, self.platlib, self.purelib, self.scripts, self.headers))


def install(
    content: Layout, info: DistInfo, paths: InstallPaths, *, extra: Mapping[str, str], replaced: Path | None
) -> Path:
    """Install the files of a wheel and return its `.dist-info` folder; all files are installed, or none.

    `extra` are more files of the dist-info folder (INSTALLER, direct_url.json). `replaced` is the dist-info folder of
    an earlier install, which goes. Raises `CratewheelError` when something cannot be written, would be written outside
    of the environment, or would replace a file that is no part of the earlier install.
    """
    dist_info = paths.platlib / info.directory
    more = (
        Entry(path=f"{info.directory}/{name}", source=Generated(data=text.encode())) for name, text in extra.items()
    )
    scripts = entry_point_scripts(info, paths, windows=os.name == "nt")
    entries = whole_layout((*content, *info.entries(), *more, *scripts))
    bounds = paths.bounds()
    earlier = installed_files(replaced, bounds) if replaced is not None else ()
    with Transaction(paths.platlib, _journal_name(info.directory), bounds) as transaction:
        written: dict[Path, Recorded] = {}
        for entry in entries:
            destination = _destination(entry.parts, paths)
            if destination in written or destination == dist_info / "RECORD":
                raise ConfigError(
                    f"two files of the wheel would be installed as {destination}, one of them {entry.path}",
                    notes=(f"it is {describe_source(entry)} ({entry.why})",),
                    hint="rename or remove one of them",
                )
            written[destination] = _write(transaction, entry, destination, paths)
        _check_replaced(written, earlier, paths)
        text = format_record(written.values(), record_path=str(info.record_path))
        with transaction.create(dist_info / "RECORD") as stream:
            stream.write(text.encode())
        for path in earlier:
            transaction.remove(path)
        transaction.commit()
    return dist_info


def recover_install(distribution: str, paths: InstallPaths) -> tuple[str, ...]:
    """Undo or complete an interrupted install of the distribution; return warnings.

    Raises as `recover` does. Nobody may be installing it meanwhile.
    """
    return recover(paths.platlib, normalise_distribution(distribution), paths.bounds())


def replace_files(
    files: Iterable[tuple[Path, Entry]],
    folder: Path,
    distribution: str,
    bounds: Bounds,
    *,
    removed: Iterable[Path] = (),
) -> tuple[str, ...]:
    """Write each entry to its path and remove the other files, all or none; raises `CratewheelError` on failure.

    An interrupted change of the distribution is taken back first, whose journal is in `folder`, and warnings about
    that are returned. Nobody else may do the same meanwhile.
    """
    name = normalise_distribution(distribution)
    warnings = recover(folder, name, bounds)
    with Transaction(folder, name, bounds) as transaction:
        for path, entry in files:
            with (
                open_source(entry.source) as (_, chunks),
                transaction.create(path, executable=entry.source.executable) as stream,
            ):
                stream.writelines(chunks)
        for path in removed:
            transaction.remove(path)
        transaction.commit()
    return warnings


def installed_files(dist_info: Path, bounds: Bounds) -> tuple[Path, ...]:
    """Return the files that RECORD lists, including RECORD, and the bytecode of its modules.

    Raises `CratewheelError` when there is no RECORD, or it leads out of the environment, by a link for instance.
    """
    record_file = dist_info / "RECORD"
    try:
        names = _recorded_names(record_file)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CratewheelError(
            f"the installed {dist_info.name} has no readable RECORD, so its files are unknown",
            notes=(str(error),),
            hint="remove it with the tool that installed it",
        ) from error
    found: list[Path] = []
    for name in names:
        path = Path(os.path.normpath(dist_info.parent / name))
        _check_recorded(record_file, name, path, bounds)
        found.append(path)
        if path.suffix == ".py":
            cached = (path.parent / "__pycache__").glob(f"{glob.escape(path.stem)}.*.pyc")
            found += (one for one in cached if bounds.contains(one))
    _check_recorded(record_file, "RECORD", record_file, bounds)
    there = dict.fromkeys((*found, record_file))
    return tuple(path for path in there if os.path.lexists(path) and (path.is_symlink() or not path.is_dir()))


def _check_recorded(record_file: Path, name: str, path: Path, bounds: Bounds) -> None:
    if "\0" in name or not bounds.contains(path):
        raise CratewheelError(
            f"{record_file} lists {name}, which is outside of the environment {bounds.folders[0]}",
            hint="remove that install with the tool that made it",
        )


def _check_replaced(written: Mapping[Path, Recorded], earlier: Iterable[Path], paths: InstallPaths) -> None:
    """Raise `CratewheelError` for an existing file that does not belong to the earlier install and differs."""
    own = {os.path.normcase(path) for path in earlier}
    for path, recorded in written.items():
        if os.path.normcase(path) in own or not os.path.lexists(path):
            continue
        if not path.is_file() or path.is_symlink() or sha256(path) != recorded.sha256.hex():
            owner = _find_owner(path, paths)
            if owner is None:
                raise CratewheelError(
                    f"{path} already exists, and no install of this project made it",
                    hint="move it away, or rename the file in this project",
                )
            raise CratewheelError(
                f"{path} already exists: it belongs to {owner}",
                hint=f"uninstall {owner}, or rename the file in this project",
            )


def _find_owner(path: Path, paths: InstallPaths) -> str | None:
    """Return the name of the installed distribution whose RECORD lists a file."""
    for site in dict.fromkeys((paths.platlib, paths.purelib)):
        for record_file in sorted(site.glob("*.dist-info/RECORD")):
            with suppress(OSError, UnicodeDecodeError, csv.Error):  # name the owner if possible
                if any(os.path.normpath(site / name) == str(path) for name in _recorded_names(record_file)):
                    return record_file.parent.name.partition("-")[0]
    return None


def _recorded_names(record_file: Path) -> list[str]:
    with record_file.open(encoding="utf-8", newline="") as lines:
        return [row[0] for row in csv.reader(lines) if row]


def entry_point_scripts(info: DistInfo, paths: InstallPaths, *, windows: bool) -> Iterable[Entry]:
    """Yield the commands of a wheel's entry points, as files in its data folder that run with the Python of `paths`."""
    folders = dict.fromkeys((paths.purelib, paths.platlib, *map(Path, sys.path)))
    for group, name, reference in entry_points.parse(info.entry_points):
        if group not in entry_points.COMMANDS:
            continue
        module, _, function = reference.partition("[")[0].partition(":")
        text = _SCRIPT.format(module=module.strip(), root=function.strip().partition(".")[0], function=function.strip())
        file, data = name, shebang(paths.python) + text.encode()
        if windows:
            windowed = group == "gui_scripts"
            launcher = launchers.find_launcher(paths.python, folders, windowed=windowed)
            file, data = launchers.command_file(name, text, paths.python, launcher, windowed=windowed)
        yield Entry(
            path=f"{info.directory.removesuffix('.dist-info')}.data/scripts/{file}",
            source=Generated(data=data, executable=True),
            why=f"the entry point {name}",
        )


def shebang(python: Path) -> bytes:
    r"""Return the first line of a script for `python`; for paths that a kernel cannot read, lines for a shell.

    >>> shebang(Path("/usr/bin/python3"))
    b'#!/usr/bin/python3\n'
    """
    line = f"#!{python}\n".encode(errors="surrogateescape")
    if len(line) <= MAX_SHEBANG and len(line.split()) == 1:
        return line
    # the shell runs the second line, which is a string for Python
    return f"#!/bin/sh\n'''exec' {shlex.quote(str(python))} \"$0\" \"$@\"\n' '''\n".encode(errors="surrogateescape")


def _journal_name(dist_info: str) -> str:
    """Return the name of the journals of a distribution.

    >>> _journal_name("foo_bar-1.0.dist-info")
    'foo_bar'
    """
    return dist_info.partition("-")[0]


def _destination(parts: Sequence[str], paths: InstallPaths) -> Path:
    if parts[0].endswith(".data") and len(parts) > 2:  # .data folder, scheme, file
        folder: Path = getattr(paths, parts[1])
        return folder.joinpath(*parts[2:])
    return paths.platlib.joinpath(*parts)


def _write(transaction: Transaction, entry: Entry, destination: Path, paths: InstallPaths) -> Recorded:
    script = destination.is_relative_to(paths.scripts)
    digest = hashlib.sha256()
    size = 0
    with (
        open_source(entry.source) as (_, chunks),
        transaction.create(destination, executable=entry.source.executable or script) as stream,
    ):
        for number, chunk in enumerate(chunks):
            data = _for_this_python(chunk, paths.python) if script and number == 0 else chunk
            stream.write(data)
            digest.update(data)
            size += len(data)
    name = os.path.relpath(destination, paths.platlib).replace(os.sep, "/")
    return Recorded(path=name, sha256=digest.digest(), size=size)


def _for_this_python(start: bytes, python: Path) -> bytes:
    if not start.startswith(b"#!python"):
        return start
    return shebang(python) + start.partition(b"\n")[2]
