"""Finds files that may be Python interpreters, in order of preference.

Only folders are read here; no program is started. First comes what the user put forward (variables, the active
environment, PATH), then what version managers have in store.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from cratewheel.interpreter import pyenv
from cratewheel.interpreter.model import Version

WINDOWS = os.name == "nt"

_PROGRAM = r"(python|pypy|graalpy)(3(\.[0-9]+)?)?t?d?(-dbg)?"
_VERSION = r"(?<![0-9.])([23])\.([0-9]{1,4})(?![0-9])"

# Version managers that keep one installation in each folder: a variable that moves their data, where that is below the
# home folder otherwise, the folder of installations in it, and where in an installation Python is
_MANAGED = (
    ("asdf", "ASDF_DATA_DIR", ".asdf", "installs/python", "."),
    ("mise", "MISE_DATA_DIR", ".local/share/mise", "installs/python", "."),
    ("rye", "RYE_HOME", ".rye", "py", "."),
    ("proto", "PROTO_HOME", ".proto", "tools/python", "."),
    ("hatch", "HATCH_DATA_DIR", ".local/share/hatch", "pythons", "python"),
    ("hatch", "HATCH_DATA_DIR", "Library/Application Support/hatch", "pythons", "python"),
)
# The same for a whole machine: python.org's installers on macOS, the manylinux images
SYSTEM_FOLDERS = (
    Path("/Library/Frameworks/Python.framework/Versions"),
    Path("/Library/Frameworks/PythonT.framework/Versions"),
    Path("/opt/python"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A file that may be an interpreter, the version in its name, and where it was found."""

    path: Path
    source: str
    version: Version | None = None


def candidates(environ: Mapping[str, str], *, cwd: Path, windows: bool = WINDOWS) -> tuple[Candidate, ...]:
    """Return every file on this machine that may be a Python, the preferred first, without duplicates.

    Of several names for one file the first counts, so the Python of an active virtual environment stays that one.
    """
    roots = pyenv.roots(environ, home_folder(environ))
    return unique(chain(_user_chosen(environ, roots, cwd, windows), _in_store(environ, roots, windows)))


def unique(found: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Return the candidates without those that are the same file as an earlier one."""
    first: dict[str, Candidate] = {}
    for candidate in found:
        first.setdefault(_real(candidate.path), candidate)
    return tuple(first.values())


def list_programs(prefix: Path, *, windows: bool = WINDOWS) -> tuple[Path, ...]:
    """Return the interpreters of an environment or installation, the most specific name (`python3.12`) first."""
    folders = (prefix, prefix / "Scripts") if windows else (prefix / "bin",)
    return tuple(path for folder in folders for path in _programs(folder, windows))


def home_folder(environ: Mapping[str, str]) -> Path | None:
    """Return the user's home folder from the environment."""
    home = environ.get("HOME") or environ.get("USERPROFILE")
    return Path(home) if home else None


def version_in_name(path: Path, *, folder: bool) -> Version | None:
    """Return the version in a program's name, or in the name of its installation folder.

    >>> version_in_name(Path("/v/pypy3.10-7.3.12/bin/pypy3"), folder=True)
    (3, 10)
    >>> version_in_name(Path("/usr/bin/python3"), folder=True) is None
    True
    """
    names = [path.name]
    if folder:
        names += [path.parent.parent.name if path.parent.name in ("bin", "Scripts") else path.parent.name]
    for name in names:
        if found := re.search(_VERSION, name):
            return (int(found[1]), int(found[2]))
    return None


def _user_chosen(environ: Mapping[str, str], roots: tuple[Path, ...], cwd: Path, windows: bool) -> Iterator[Candidate]:
    yield from _named(environ)
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX", "pythonLocation"):
        if environ.get(variable):
            yield from _installed([Path(environ[variable])], variable, windows, telling=False)
    for folder in pyenv.path_folders(environ):
        if folder.name != "shims":
            yield from _named_after_themselves(_programs(folder, windows), "PATH")
        elif folder.parent in roots:
            yield from _installed(pyenv.active_versions(folder.parent, environ, cwd), "PATH, by pyenv", windows)


def _in_store(environ: Mapping[str, str], roots: tuple[Path, ...], windows: bool) -> Iterator[Candidate]:
    home = home_folder(environ)
    for root in roots:
        yield from _installed(pyenv.list_versions(root), "pyenv", windows)
    yield from _installed(_children(_uv_folder(environ, home, windows)), "uv", windows)
    if home:
        yield from _installed(_conda_environments(home), "conda", windows, telling=False)
    for source, variable, below_home, name, inside in _MANAGED:
        data = Path(environ[variable]) if environ.get(variable) else home and home / below_home
        if data:
            yield from _installed((folder / inside for folder in _children(data / name)), source, windows)
    for folder in SYSTEM_FOLDERS:
        yield from _installed(_children(folder), str(folder), windows)


def _named(environ: Mapping[str, str]) -> Iterator[Candidate]:
    word = environ.get("PYO3_PYTHON", "")
    folders = [folder for folder in pyenv.path_folders(environ) if folder.name != "shims"]
    for path in [Path(word)] if os.path.isabs(word) else [folder / word for folder in folders if word]:  # noqa: PTH117 (a word)
        if path.is_file():
            yield Candidate(path=path, source="PYO3_PYTHON", version=version_in_name(path, folder=False))
            return


def _installed(prefixes: Iterable[Path], source: str, windows: bool, *, telling: bool = True) -> Iterator[Candidate]:
    # `telling`: whether the folders are named after versions; an environment has any name
    for prefix in prefixes:
        for path in list_programs(prefix, windows=windows):
            yield Candidate(path=path, source=source, version=version_in_name(path, folder=telling))


def _named_after_themselves(paths: Iterable[Path], source: str) -> Iterator[Candidate]:
    for path in paths:
        yield Candidate(path=path, source=source, version=version_in_name(path, folder=False))


def _programs(folder: Path, windows: bool) -> list[Path]:
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name.lower().removesuffix(".exe") if windows else entry.name
                if re.fullmatch(_PROGRAM, name) and _startable(entry, windows):
                    found.append(entry.name)
    except OSError:  # PATH may name folders that are not there, or not ours to read
        return []
    return [folder / name for name in sorted(found, key=lambda name: (-len(name), name))]


def _startable(entry: os.DirEntry[str], windows: bool) -> bool:
    try:
        if not entry.is_file():
            return False
        # the Microsoft Store leaves empty files that open a shop window
        return entry.stat().st_size > 0 if windows else os.access(entry.path, os.X_OK)
    except OSError:
        return False


def _children(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    try:
        names = sorted(os.listdir(folder), reverse=True)  # noqa: PTH208 (names only)
    except OSError:
        return []
    return [folder / name for name in names if not name.startswith(".")]


def _uv_folder(environ: Mapping[str, str], home: Path | None, windows: bool) -> Path | None:
    # https://docs.astral.sh/uv/reference/storage/
    if environ.get("UV_PYTHON_INSTALL_DIR"):
        return Path(environ["UV_PYTHON_INSTALL_DIR"])
    if windows:
        return Path(environ["APPDATA"], "uv", "data", "python") if environ.get("APPDATA") else None
    if environ.get("XDG_DATA_HOME"):
        return Path(environ["XDG_DATA_HOME"], "uv", "python")
    return home / ".local" / "share" / "uv" / "python" if home else None


def _conda_environments(home: Path) -> list[Path]:
    # conda writes each environment that it makes into this list; `conda info --envs` takes a second to read it
    try:
        lines = (home / ".conda" / "environments.txt").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [Path(line.strip()) for line in lines if line.strip()]


def _real(path: Path) -> str:
    real = os.path.realpath(path)
    # mise links each of its stand-ins to itself: such a file is known by the name it is called by
    return real if re.match(_PROGRAM, os.path.basename(real)) else str(path)  # noqa: PTH119 (of a str)
