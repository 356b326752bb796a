"""The files of a wheel for a compiled extension module: pyo3, pyo3-ffi and rust-cpython."""

from __future__ import annotations

from pathlib import Path

from cratewheel.archive.layout import Entry, FromFile, Generated
from cratewheel.bindings.place import ModulePlace, stub_entries

INIT_PREFIXES = ("PyInit_", "PyInitU_", "PyModExport_", "PyModExportU_")
_INIT = """\
# Made by cratewheel: the package is what its extension module says it is.
from . import {name} as _extension
from .{name} import *

__doc__ = _extension.__doc__
if hasattr(_extension, "__all__"):
    __all__ = _extension.__all__
del _extension
"""


def entries(place: ModulePlace, artifact: Path, file_name: str, *, stub: FromFile | None = None) -> tuple[Entry, ...]:
    """Return the extension module as `file_name`, with a package around it in a pure project.

    `stub` is the project's `<extension>.pyi`, if it has one; a mixed project ships its own.
    """
    folder = place.extension_dir
    module = Entry(
        path=str(folder / file_name),
        source=FromFile(path=str(artifact), executable=True),
        why="the compiled extension module",
    )
    if place.mixed:
        return (module,)
    init = Entry(
        path=str(folder / "__init__.py"),
        source=Generated(data=_INIT.format(name=place.extension_name).encode()),
        why="the package around the extension module",
    )
    return (init, module, *stub_entries(place, stub))


def missing_init_warning(exported: tuple[str, ...], extension_name: str) -> str | None:
    """Return a warning if the library exports no init function of the module, or None.

    See https://peps.python.org/pep-0489/#export-hook-name for names that are not ASCII, and PEP 793 for `PyModExport_`.

    >>> missing_init_warning(("PyInit_demo", "rust_eh_personality"), "demo")
    """
    hooks = init_functions(extension_name)
    if not set(exported).isdisjoint(
        (*hooks, *(f"_{hook}" for hook in hooks))
    ):  # Mach-O symbols start with an underscore
        return None
    others = _exported_init_functions(exported)
    found = f"; it exports {', '.join(others)}" if others else ""
    return (
        f"the compiled library does not export {' or '.join(hooks)}, so Python cannot import it as "
        f"{extension_name}{found}; check the name of the #[pymodule]"
    )


def unused_init_warning(exported: tuple[str, ...], kind: str) -> str | None:
    """Return a warning if a library that these bindings load exports the init function of a module, or None.

    >>> unused_init_warning(("PyInit_demo", "rust_eh_personality"), "cffi")
    'the compiled library exports PyInit_demo, as an extension module does, which the cffi bindings do not use'
    """
    found = ", ".join(_exported_init_functions(exported))
    if not found:
        return None
    return f"the compiled library exports {found}, as an extension module does, which the {kind} bindings do not use"


def _exported_init_functions(exported: tuple[str, ...]) -> list[str]:
    # Mach-O symbols start with an underscore
    return sorted(name.lstrip("_") for name in exported if name.lstrip("_").startswith(INIT_PREFIXES))


def init_functions(extension_name: str) -> tuple[str, ...]:
    """Return the names of the functions that initialise the module.

    >>> init_functions("demo")
    ('PyInit_demo', 'PyModExport_demo')
    >>> init_functions("größe")
    ('PyInitU_gre_6ka8i', 'PyModExportU_gre_6ka8i')
    """
    if extension_name.isascii():
        return f"PyInit_{extension_name}", f"PyModExport_{extension_name}"
    code = extension_name.encode("punycode").decode("ascii").replace("-", "_")
    return f"PyInitU_{code}", f"PyModExportU_{code}"
