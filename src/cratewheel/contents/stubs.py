"""Where generated type stubs lie in a wheel, beside the module that they describe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from cratewheel.archive.layout import Entry, Generated
from cratewheel.project.python_layout import ModuleLayout

MARKER = "py.typed"  # PEP 561
HEADER = "# Made by cratewheel from what pyo3 describes of the module.\n"
WHY = "type stubs from what pyo3 describes"


def stub_module(modules: ModuleLayout) -> str:
    """Return the dotted name of the module that the stubs describe: the package itself where it is generated."""
    folder = modules.extension_dir.parts
    return ".".join((*folder, modules.extension_name) if modules.mixed else folder)


def is_generated(path: str) -> bool:
    """Return whether the stub file at `path` is one that we made; raises `OSError` where it cannot be read."""
    with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123  # a path as text, as entries have it
        return file.read(len(HEADER)) == HEADER


def place_stubs(
    modules: ModuleLayout, files: Mapping[PurePosixPath, str], present: Iterable[str]
) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """Return the entries of stub files, and a warning for each that is `present` in the wheel already and stays.

    `files` are those of `bindings.stubs.stub_files`. A generated package gets them as its own, with a `py.typed`; in a
    mixed project they are `name.pyi` beside the module, or a directory of its name where there are several.
    """
    there = set(present)
    entries, warnings = [], []
    for path, text in [(_place(modules, path, len(files)), text) for path, text in sorted(files.items())]:
        if path in there:
            warnings.append(f"{path} is the project's own, and no stub is generated in its place")
        else:
            entries.append(Entry(path=path, source=Generated(data=f"{HEADER}{text}".encode()), why=WHY))
    marker = str(modules.extension_dir / MARKER)
    if not modules.mixed and marker not in there:
        entries.append(Entry(path=marker, source=Generated(data=b""), why=WHY))
    return tuple(entries), tuple(warnings)


def _place(modules: ModuleLayout, path: PurePosixPath, count: int) -> str:
    if not modules.mixed:
        return str(modules.extension_dir / path)
    if count == 1:
        return str(modules.extension_dir / f"{modules.extension_name}.pyi")
    return str(modules.extension_dir / modules.extension_name / path)
