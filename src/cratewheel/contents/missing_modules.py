"""Finds modules missing in a wheel: its files import them, or an entry point names them."""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from cratewheel.archive import entry_points
from cratewheel.project.python_layout import ModuleLayout
from cratewheel.system.files.junk import is_rubbish, within_rubbish
from cratewheel.system.files.walking import every_file

_INIT = "__init__.py"
_EXTENSIONS = (".so", ".pyd")
_SCHEME = re.compile(r"[^/]*\.data/(?:purelib|platlib)/")
_STANDARD = frozenset(getattr(sys, "stdlib_module_names", sys.builtin_module_names))


def missing_modules(
    modules: ModuleLayout, root: Path, files: Mapping[str, str], entry_points_text: str
) -> Iterator[tuple[str, str]]:
    """Yield a warning and a hint for each needed module of the project that is not in `files`.

    These are the packed files on disk by their paths in a wheel, `entry_points_text` is the entry_points.txt. Files are
    parsed only if the project has modules that are not packed.
    """
    unpacked = ((place, path) for place, path in _project_modules(modules) if place not in files)
    absent = {place: path for place, path in unpacked if not within_rubbish(place)}
    if not absent:
        return
    wanted = _importers(files, {_dotted(place) for place in absent}, entry_points_text)
    own = f"{'/'.join(modules.package_parts or (modules.extension_name,))}/{_INIT}"
    if own in absent and modules.mixed:
        wanted.setdefault(_dotted(own), "the extension module is in its package")
    for place, path in sorted(absent.items()):
        if (who := wanted.get(_dotted(place))) is not None:
            yield f"the module {path} is not packed, although {who}", _hint(modules, root, place, path)


def missing_entry_points(paths: Collection[str], entry_points_text: str) -> Iterator[tuple[str, str]]:
    """Yield a warning and a hint for each entry point whose module a wheel with these paths does not have.

    A module of another top-level package may be another distribution's, and one below an extension module is made by
    that.
    """
    if not entry_points_text:
        return
    installed = [_SCHEME.sub("", path, count=1) for path in paths]
    dotted = {_dotted(path) for path in installed if path.endswith(".py")}
    loaded = {_extension(path) for path in installed if path.endswith(_EXTENSIONS)}
    packages = {parent for module in (*dotted, *loaded) for parent in _with_parents(module)}
    for group, name, reference in entry_points.parse(entry_points_text):
        module = reference.partition(":")[0].partition("[")[0].strip()
        own = module.partition(".")[0] in packages
        if own and module not in packages and loaded.isdisjoint(_with_parents(module)):
            yield (
                f"the entry point {name!r} of {group} names the module {module}, which the wheel does not have",
                f"correct it in pyproject.toml, or write {module.replace('.', '/')}.py",
            )


def _extension(path: str) -> str:
    """Return the dotted name of an extension module, whose file name ends with tags of its ABI."""
    folder, _, name = path.rpartition("/")
    return ".".join((*folder.split("/"), name.partition(".")[0])).strip(".")


def _project_modules(modules: ModuleLayout) -> Iterator[tuple[str, str]]:
    """Yield the modules in the project's packages and next to them: path in a wheel, and path on disk."""
    start = len(f"{str(modules.python_source).rstrip(os.sep)}{os.sep}")
    for package in modules.packages:
        for path in every_file(package) if package.is_dir() else ():
            place = path[start:].replace(os.sep, "/")
            if place.endswith(".py"):
                yield place, path
    for beside in sorted(modules.python_source.iterdir()):
        if beside.stem in _STANDARD or is_rubbish(beside.name):
            continue
        if beside.suffix == ".py" and beside.is_file():
            yield beside.name, str(beside)
        elif (beside / _INIT).is_file():
            yield f"{beside.name}/{_INIT}", str(beside / _INIT)


def _dotted(place: str) -> str:
    return place.removesuffix(f"/{_INIT}").removesuffix(".py").replace("/", ".")


def _importers(files: Mapping[str, str], absent: set[str], entry_points_text: str) -> dict[str, str]:
    """Return for each needed module of `absent` what needs it."""
    found: dict[str, str] = {}
    for group, name, reference in entry_points.parse(entry_points_text):
        for module in _with_parents(reference.partition(":")[0].strip()):
            if module in absent:
                found.setdefault(module, f"the entry point {name!r} of {group} names it")
    last = tuple({module.rpartition(".")[2].encode() for module in absent})
    for place, path in files.items():
        if not place.endswith(".py"):
            continue
        try:
            text = Path(path).read_bytes()
            tree = ast.parse(text) if any(name in text for name in last) else None
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):  # Python reports it on import
            continue
        for module in _imported(tree, place) if tree is not None else ():
            if module in absent:
                found.setdefault(module, f"{path} imports it")
    return found


def _imported(tree: ast.AST, place: str) -> Iterator[str]:
    """Yield the dotted names that the module at `place` may import, with the packages that contain them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _with_parents(alias.name)
        elif isinstance(node, ast.ImportFrom):
            around = place.split("/")[: -node.level] if node.level else []
            base = ".".join((*around, *([node.module] if node.module else [])))
            yield from _with_parents(base)
            for alias in node.names:
                yield f"{base}.{alias.name}"


def _with_parents(module: str) -> Iterator[str]:
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        yield ".".join(parts[:length])


def _hint(modules: ModuleLayout, root: Path, place: str, path: str) -> str:
    """Return what to add to pyproject.toml to pack the module."""
    source, table = modules.python_source, modules.settings_table
    if any(Path(path).is_relative_to(package) for package in modules.packages):
        name = Path(path).relative_to(root if Path(path).is_relative_to(root) else source).as_posix()
        return f'ignored by git or an `.ignore` file: add "{name}" to `include` of {table} in pyproject.toml'
    name = place.removesuffix(f"/{_INIT}")
    return f'add "{name}" to `python-packages` of {table} in pyproject.toml'
