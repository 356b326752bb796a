"""The files of an editable install: Python files stay in the project, compiled files are installed elsewhere.

A `.pth` file (https://docs.python.org/3/library/site.html) puts the folder of the Python packages on `sys.path`, and
imports a package that finds the compiled modules; on Python 3.15 and later a `.start` file of the same name (PEP 829)
replaces that import. Pure: reads only the text of that package.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from cratewheel.archive.layout import Entry, FromFile, Generated
from cratewheel.errors import ConfigError
from cratewheel.project.python_layout import ModuleLayout
from cratewheel.targets.wheel_tags import normalise_distribution

INPLACE = "inplace"
REDIRECT = "redirect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild:
    """How the finder rebuilds stale modules: the command, and its working directory."""

    command: tuple[str, ...]
    cwd: Path


def check(modules: ModuleLayout, *, rebuild: bool = False) -> None:
    """Raise `ConfigError` for a source folder whose path cannot be a line of a `.pth` file.

    Also for one that is to `rebuild` on import, where nothing but the compiled file is imported.
    """
    source = str(modules.python_source)
    if not modules.has_python_files:
        if rebuild:
            raise ConfigError(
                "`editable-rebuild` needs a Python package around the compiled module, and the project has none",
                hint="add the package, or remove `editable-rebuild` and run `cratewheel develop` after each change",
            )
        return
    # the line ends of `site` depend on the Python version; these are all of them
    lines = source.splitlines()
    utf8 = source.encode(errors="ignore").decode() == source
    if not utf8 or lines != [source.rstrip()]:
        raise ConfigError(
            f"an editable install cannot lead to the folder {source!r}: its path has a line end, a space at its end, "
            "or bytes that are not UTF-8",
            hint="rename the folder, or build a wheel and install that",
        )


def redirect_package(distribution: str) -> str:
    """Return the name of the package that finds the compiled modules.

    >>> redirect_package("my-project")
    '_my_project_editable'
    """
    return f"_{re.sub('[^A-Za-z0-9]+', '_', distribution).lower()}_editable"


def entries(
    modules: ModuleLayout,
    distribution: str,
    compiled: Iterable[Entry],
    *,
    mode: str,
    rebuild: Rebuild | None = None,
    data: Iterable[Entry] = (),
) -> tuple[Entry, ...]:
    """Return the files of the editable install of a project that has Python files.

    `data` are files that belong to packages of the project but are elsewhere. In the mode `inplace` they and
    the compiled files are already in the project, and are not installed.
    """
    package = redirect_package(distribution)
    shared = sorted({name for entry in data for name in _packages_around(modules, entry)})
    moved = () if mode == INPLACE else tuple(_moved(entry, package) for entry in (*compiled, *data))
    source = str(modules.python_source)
    # Python 3.10 to 3.12 read this file in the locale's encoding, and fail to start on errors; later ones as UTF-8
    line = source if source.isascii() else f"import os, sys; sys.path.append({_path_code(source)})"
    way = Entry(
        # maturin's name, read by maturin-import-hook, so it may contain only the path
        path=f"{normalise_distribution(distribution)}.pth",
        source=Generated(data=f"{line}\n".encode()),
        why="adds the Python files of the project to sys.path",
    )
    if not moved:
        return (way,)
    pth = Entry(
        path=f"{package}.pth",
        source=Generated(data=f"import {package}; {package}.install()\n".encode()),
        why="starts the finder",
    )
    finder = Entry(
        path=f"{package}/__init__.py",
        source=Generated(data=_finder(moved, shared, rebuild).encode()),
        why="finds the compiled modules",
    )
    start = Entry(
        path=f"{package}.start",
        source=Generated(data=f"{package}:install\n".encode()),
        why="starts the finder on Python 3.15 and later",
    )
    return (way, pth, start, finder, *moved)


def in_place_paths(modules: ModuleLayout, compiled: Iterable[Entry]) -> tuple[tuple[Path, Entry], ...]:
    """Return where in the project each compiled file is written in the mode `inplace`."""
    return tuple((modules.python_source / entry.path, entry) for entry in compiled)


def belongs_to_package(modules: ModuleLayout, entry: Entry) -> bool:
    """Return whether a file of the wheel, such as one from OUT_DIR, is in a package of the project.

    That package is imported from the project, so installed files would not be found.
    """
    return bool(_packages_around(modules, entry))


def _packages_around(modules: ModuleLayout, entry: Entry) -> tuple[str, ...]:
    """Return the dotted names of the project's packages, those with an `__init__.py`, that contain a file."""
    own = [package.relative_to(modules.python_source).as_posix() for package in modules.packages]
    if not any(entry.path.startswith(f"{package}/") for package in own):
        return ()
    folders = ["/".join(entry.parts[:length]) for length in range(1, len(entry.parts))]
    return tuple(
        folder.replace("/", ".") for folder in folders if (modules.python_source / folder / "__init__.py").is_file()
    )


def stays_in_project(modules: ModuleLayout, entry: Entry) -> bool:
    """Return whether a file of the wheel is imported from the project, and so not installed."""
    source = entry.source
    return isinstance(source, FromFile) and source.path == str(modules.python_source / entry.path)


def _moved(entry: Entry, package: str) -> Entry:
    return replace(entry, path=f"{package}/{entry.path}")


def _finder(moved: tuple[Entry, ...], shared: Iterable[str], rebuild: Rebuild | None) -> str:
    text = resources.files(__package__).joinpath("redirect.py.txt").read_text(encoding="utf-8")
    return (
        text.replace("{packages!r}", repr(tuple(sorted({entry.parts[1] for entry in moved}))))
        .replace("{shared!r}", repr(tuple(shared)))
        .replace("{cwd}", _path_code(str(rebuild.cwd)) if rebuild else "None")
        .replace("{rebuild}", f"[{', '.join(map(_path_code, rebuild.command))}]" if rebuild else "None")
    )


def _path_code(path: str) -> str:
    r"""Return code for a path that works in every locale, since it contains the names as bytes.

    >>> _path_code("/a"), _path_code("/é")
    ("'/a'", "os.fsdecode(b'/\\xc3\\xa9')")
    """
    return repr(path) if path.isascii() else f"os.fsdecode({os.fsencode(path)!r})"
