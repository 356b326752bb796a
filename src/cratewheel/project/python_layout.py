"""Locates a project's extension module and Python packages, on disk and in a wheel."""

from __future__ import annotations

import itertools
import keyword
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from cratewheel.errors import ConfigError
from cratewheel.options.model import Options
from cratewheel.options.tool_tables import DEFAULT_TABLE
from cratewheel.project.metadata.cargo import legacy_table
from cratewheel.project.read import Project
from cratewheel.system.files import ProjectBoundary, Roots
from cratewheel.system.files.junk import is_rubbish

USUAL_SOURCES = ("python", "src")
# what projects have beside their package for themselves
_HELPERS = {
    "tests",
    "test",
    "testing",
    "conftest",
    "docs",
    "examples",
    "benches",
    "benchmarks",
    "scripts",
    "setup",
    "noxfile",
}
_IGNORE_FILES = {".gitignore", ".ignore", ".gitkeep"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleLayout:
    """The names and folders of a project's modules.

    `module_name` is dotted: `package_parts`, then `extension_name`. A `mixed` project has a Python package around the
    extension, `package_dir`; `python_packages` are the other packages to ship, relative to `python_source`. `stubs_dir`
    is a folder of the package's name with nothing but stubs, which the generated package gets. `data` is the folder of
    files that install elsewhere. All paths are absolute. `warnings` say what was named in vain. `other_extensions` are
    the names of further modules of the wheel. `settings_table` is the table that messages name.
    """

    module_name: str
    extension_name: str
    package_parts: tuple[str, ...]
    mixed: bool
    python_source: Path
    package_dir: Path | None
    python_packages: tuple[str, ...]
    data: Path | None
    stubs_dir: Path | None = None
    warnings: tuple[str, ...] = ()
    other_extensions: tuple[str, ...] = ()
    settings_table: str = DEFAULT_TABLE

    @property
    def packages(self) -> tuple[Path, ...]:
        """The folders (or single files) of the packages in wheels and sdists."""
        own = (folder for folder in (self.package_dir, self.stubs_dir) if folder is not None)
        return tuple(dict.fromkeys((*own, *map(self.python_source.joinpath, self.python_packages))))

    @property
    def has_python_files(self) -> bool:
        """Whether the project has Python files, which an editable install leaves in place."""
        return self.package_dir is not None or bool(self.python_packages)

    @property
    def extension_dir(self) -> PurePosixPath:
        """The folder of a wheel that gets the extension: its package, or without one a folder of its own name."""
        if self.mixed and self.package_parts:
            return PurePosixPath(*self.package_parts)
        return PurePosixPath(self.extension_name)


def read_modules(project: Project, options: Options, *, binary: bool) -> ModuleLayout:
    """Return the module layout; the name of a program (`binary`) need not be an identifier."""
    legacy = legacy_table(project.manifest)
    project_table = project.pyproject.project if project.pyproject else None
    source = options.python_source or legacy.get("python-source")
    layout = read(
        project.root,
        module_name=options.module_name,
        legacy_name=legacy.get("name"),
        lib_name=project.manifest.lib.get("name"),
        project_name=(project_table or {}).get("name"),
        package_name=project.manifest.name,
        python_source=source,
        python_packages=options.python_packages,
        data=options.data or legacy.get("data"),
        src_layout=project.location.src_layout,
        binary=binary,
        roots=project.roots,
        settings_table=project.settings_table,
    )
    if source is None or options.artifacts or options.python_packages or layout.python_source == project.root:
        return layout
    return replace(layout, warnings=(*layout.warnings, *_beside_warnings(layout, options)))


def read(
    root: Path,
    *,
    module_name: str | None,
    lib_name: str | None,
    project_name: str | None,
    package_name: str,
    python_source: str | None = None,
    python_packages: tuple[str, ...] = (),
    data: str | None = None,
    legacy_name: str | None = None,
    src_layout: bool = False,
    binary: bool = False,
    roots: Roots,
    settings_table: str = DEFAULT_TABLE,
) -> ModuleLayout:
    """Return the modules of the project at `root`, from its settings and its folders.

    The first name that is given counts: `module_name`, `legacy_name` if it is dotted (`name` of Cargo.toml's
    `[package.metadata.maturin]`, from before maturin 0.14), `lib_name` (`[lib].name` if the manifest writes it),
    `project_name`, `package_name`. With a `src_layout` the default of `python_source` is `src`. The name of a program
    (`binary`) need not be importable. Raises `ConfigError` when a folder that was named does not exist or does not lie
    in the folders `roots`, which hold the project, or nothing could import the module.
    """
    # nobody checks this table: cargo lets every tool have its own
    dotted_legacy_name = legacy_name if isinstance(legacy_name, str) and "." in legacy_name else None
    candidates = (module_name, dotted_legacy_name, lib_name, project_name, package_name)
    name = next(candidate for candidate in candidates if candidate is not None)
    parts = _name_parts(name, binary=binary, table=f"{settings_table} of pyproject.toml")
    others = _other_names(parts[0], project_name, lib_name)
    source = _python_source(root, python_source, src_layout=src_layout, roots=roots)
    package_dir = source / parts[0]
    if python_source is not None and not (python_packages and len(parts) == 1):  # a module beside packages
        _check_package(package_dir, python_source, parts[-1], others)
    there = _is_package(package_dir)
    stubs = there and len(parts) == 1 and not binary and _has_only_stubs(package_dir)
    mixed = there and not stubs
    packages, warnings = _python_packages(source, python_packages)
    if not there and python_source is None:
        absent = _absent_package_warnings(root, parts, packages, binary=binary)
        warnings = (*warnings, *absent, *_renamed_package_warnings(source, parts[-1], others, packages))
    return ModuleLayout(
        module_name=name,
        extension_name=parts[-1],
        package_parts=parts[:-1],
        mixed=mixed,
        python_source=source,
        package_dir=package_dir if mixed else None,
        python_packages=packages,
        stubs_dir=package_dir if stubs else None,
        data=_data(root, data, default=f"{name}.data", roots=roots),
        warnings=warnings,
        settings_table=settings_table,
    )


def place_module(base: ModuleLayout, name: str) -> ModuleLayout:
    """Return the layout of another module among the Python files of `base`: a dotted name is its place.

    Raises `ConfigError` for a name that cannot be imported.
    """
    parts = _name_parts(name, binary=False, table=f"{base.settings_table} of pyproject.toml")
    package_dir = base.python_source / parts[0]
    there = _is_package(package_dir)
    return replace(
        base,
        module_name=name,
        extension_name=parts[-1],
        package_parts=parts[:-1],
        mixed=there or len(parts) > 1,
        package_dir=package_dir if there else None,
        python_packages=(),
        stubs_dir=None,
        warnings=(),
        other_extensions=(),
    )


def check_module_name(name: str, place: str) -> None:
    """Raise `ConfigError` if the `module` of the table of an artifact cannot be imported."""
    _name_parts(name, binary=False, key="module", table=place)


def has_package(project: Project, options: Options, name: str) -> bool:
    """Return whether there are Python files of the package that a module with this dotted name lies in."""
    written = options.python_source or legacy_table(project.manifest).get("python-source")
    default = "src" if project.location.src_layout else ""
    return _is_package(_below(project.root, default if written is None else written) / name.partition(".")[0])


def _is_package(folder: Path) -> bool:
    return folder.is_dir() and not _is_crate_folder(folder) and not _is_only_rubbish(folder)


def _name_parts(name: str, *, binary: bool, key: str = "module-name", table: str) -> tuple[str, ...]:
    """Return the parts of a dotted module name; raises `ConfigError` if it cannot be imported."""
    parts = tuple(name.split("."))
    if not all(parts) or "/" in name or "\\" in name:
        raise ConfigError(
            f"'{name}' is not the name of a Python module", hint=f'write it as `{key} = "package.module"`'
        )
    if not binary and keyword.iskeyword(parts[-1]):
        raise ConfigError(
            f"the module name '{name}' could not be imported: '{parts[-1]}' is a Python keyword",
            hint=f"set `{key}` in {table}, or `name` in [lib] of Cargo.toml",
        )
    if not binary and not parts[-1].isidentifier():
        better = parts[-1].replace("-", "_")
        example = f' = "{".".join((*parts[:-1], better))}"' if better.isidentifier() else ""
        raise ConfigError(
            f"the module name '{name}' could not be imported: '{parts[-1]}' is not a Python identifier",
            hint=f"set `{key}{example}` in {table}, or `name` in [lib] of Cargo.toml",
        )
    return parts


def _python_source(root: Path, python_source: str | None, *, src_layout: bool, roots: Roots) -> Path:
    """Return the folder of the Python sources; raises `ConfigError` if one that was named does not exist."""
    if python_source is None:
        return _below(root, "src" if src_layout else "")
    source = _below(root, python_source)
    if not source.is_dir():
        raise ConfigError(
            f"python-source is set to '{python_source}', but there is no folder {source}",
            hint="create it, or remove `python-source`",
        )
    ProjectBoundary(roots).check(str(source))
    return source


def _check_package(package: Path, python_source: str, module: str, others: tuple[str, ...]) -> None:
    """Raise `ConfigError` if a folder for Python files has no folder for the package of the module."""
    if package.is_dir():
        return
    source = package.parent
    create = f"create {package / '__init__.py'}, or remove `python-source`"
    there = next((name for name in (*others, *_only_package(source)) if _is_python_package(source / name)), None)
    raise ConfigError(
        f"python-source is set to '{python_source}', but there is no Python package {package}",
        hint=create if there is None else f'write `module-name = "{there}.{module}"` for {source / there}',
    )


def _other_names(package: str, *names: str | None) -> tuple[str, ...]:
    """Return how else than `package`, the module's, a project may call its Python package.

    A project `fast-pdb` with a library `_fast_pdb` or `fast_pdb_native` most often has a package `fast_pdb`.

    >>> _other_names("_fast_pdb", "fast-pdb", "_fast_pdb")
    ('fast_pdb',)
    """
    spelled = (re.sub(r"[-.]+", "_", name) for name in names if name is not None)
    found = dict.fromkeys(name for one in spelled for name in (one, one.lower(), one.strip("_")))
    return tuple(name for name in found if name.isidentifier() and name != package)


def _only_package(source: Path) -> list[str]:
    """Return the name of the Python package in a folder, if there is one only."""
    found = sorted(folder.name for folder in source.iterdir() if _is_python_package(folder))
    return found if len(found) == 1 else []


def _is_python_package(folder: Path) -> bool:
    """Return whether a folder of just this name, whatever the file system makes of case, has an `__init__.py`."""
    return (folder / "__init__.py").is_file() and folder.name in {one.name for one in folder.parent.iterdir()}


def _renamed_package_warnings(
    source: Path, extension: str, others: tuple[str, ...], packages: tuple[str, ...]
) -> Iterator[str]:
    """Yield a warning for a Python package of the project's name that no setting names, where the module has another.

    A program's name need not be that of a module.
    """
    packed = {name.partition("/")[0] for name in packages}
    for place, name in itertools.product(("", *USUAL_SOURCES), others):
        if not _is_python_package(source / place / name) or (not place and name in packed):
            continue
        ships = f'module-name = "{name}.{extension}"' if extension.isidentifier() else f'python-packages = ["{name}"]'
        where = f'`python-source = "{place}"` and ' if place else ""
        yield f"the Python package {source / place / name} is not packed: {where}`{ships}` in pyproject.toml ships it"
        return


def _absent_package_warnings(
    root: Path, parts: tuple[str, ...], packages: tuple[str, ...], *, binary: bool
) -> list[str]:
    """Return a warning for each usual place that has the package or its stubs (PEP 561), though no setting names it.

    Where no place has the package of a dotted name, as there, the module has another name in the wheel than was given.
    """
    package = parts[0]
    overlooked = _overlooked_sources(root, package)
    if len(parts) > 1 and not binary and not overlooked:
        overlooked = [
            (
                f"there is no Python package {root / package}: `{'.'.join(parts)}` is packed, and imported, as "
                f"`{parts[-1]}`; create {root / package / '__init__.py'}, or name the module `{parts[-1]}`"
            )
        ]
    stubs = f"{package}-stubs"
    unnamed = stubs not in packages and any((root / stubs).glob("*.pyi"))
    return [
        *([f'{root / stubs} is not packed: `python-packages = ["{stubs}"]` in pyproject.toml ships it'] * unnamed),
        *overlooked,
    ]


def _overlooked_sources(root: Path, package: str) -> list[str]:
    return [
        f"there are Python files in {root / place / package}, which are not the project's: "
        f"`python-source = '{place}'` in pyproject.toml would make them so"
        for place in USUAL_SOURCES
        if any((root / place / package).glob("*.py"))
    ]


def _beside_warnings(layout: ModuleLayout, options: Options) -> Iterator[str]:
    """Yield a warning for modules, packages and stubs beside the package, in a folder that is named for Python files.

    They are not packed unless `include` names them.
    """
    own = layout.module_name.partition(".")[0]
    included = [one.path for one in options.include]
    beside = [
        f'"{path.name}"'
        for path in sorted(layout.python_source.iterdir())
        if path.name != own and path.stem not in _HELPERS and _can_be_imported(path)
        if not any(path.name in pattern or pattern.startswith("*") for pattern in included)
    ]
    if beside:
        yield (
            f"{layout.python_source} has Python files that are not packed: "
            f"`python-packages = [{', '.join(beside)}]` in pyproject.toml ships them"
        )


def _can_be_imported(path: Path) -> bool:
    """Return whether a file or folder is a Python module, a package, or the stubs of one (PEP 561)."""
    if path.suffix == ".py":
        return path.stem.isidentifier() and path.is_file()
    return any((path / name).is_file() for name in ("__init__.py", "__init__.pyi"))


def _is_crate_folder(folder: Path) -> bool:
    """Return whether the folder is a crate that happens to have the module's name, not a namespace package."""
    return (folder / "Cargo.toml").is_file() and not (folder / "__init__.py").is_file()


def _is_only_rubbish(folder: Path) -> bool:
    """Return whether a folder has only rubbish left: git removes tracked files, but not the folder."""
    rubbish = False
    for _, folders, names in os.walk(folder):
        if not all(map(is_rubbish, names)):
            return False
        rubbish = rubbish or bool(names) or any(map(is_rubbish, folders))
        folders[:] = [name for name in folders if not is_rubbish(name)]
    return rubbish


def _has_only_stubs(folder: Path) -> bool:
    """Return whether a folder has only stubs (PEP 561), so that it is no package for Python."""
    found = {name for _, _, names in os.walk(folder) for name in names if not is_rubbish(name)}
    stubs = {name for name in found if name.endswith(".pyi") or name == "py.typed"}
    return bool(stubs) and found <= stubs | _IGNORE_FILES


def _python_packages(source: Path, names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the existing packages, relative to `source`, and a warning for each missing one."""
    found = []
    warnings = []
    for name in names:
        path = _below(source, name)
        if not path.is_relative_to(source):
            raise ConfigError(f"python-packages has '{name}', which is not in {source}", hint="use packages below it")
        if path.exists():
            found.append(path.relative_to(source).as_posix())
        else:
            dotted = _below(source, name.replace(".", "/"))
            better = f"; write '{name.replace('.', '/')}'" if dotted.exists() and dotted.is_relative_to(source) else ""
            warnings.append(f"python-packages has '{name}', but there is no {path}{better}")
    return tuple(found), tuple(warnings)


def _data(root: Path, data: str | None, *, default: str, roots: Roots) -> Path | None:
    folder = _below(root, default if data is None else data)
    if folder.is_dir():
        ProjectBoundary(roots).check(str(folder))
        return folder
    if data is None:
        return None
    raise ConfigError(f"data is set to '{data}', but there is no folder {folder}", hint="create it, or remove `data`")


def _below(folder: Path, name: str) -> Path:
    return Path(os.path.normpath(folder.absolute() / name))
