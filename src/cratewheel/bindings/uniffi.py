"""The files of a wheel with uniffi bindings: the library and the Python modules that uniffi-bindgen generates.

See https://mozilla.github.io/uniffi-rs/latest/python/configuration.html for `uniffi.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cratewheel.archive.layout import Entry, FromFile, Generated
from cratewheel.bindings.place import ModulePlace, library_name, package_dir, stub_entries
from cratewheel.cargo.model import CargoMetadata, CrateTarget, Package
from cratewheel.errors import ConfigError, MissingToolError, ProcessError
from cratewheel.events import Reporter
from cratewheel.system import toml
from cratewheel.system.command import Command, capture
from cratewheel.system.files import Roots, is_file
from cratewheel.system.files.copying import remove_tree

BINDGEN = "uniffi-bindgen"

_LOADS = re.compile(r"\blibname\.format\(['\"]([^'\"]+)['\"]\)")
_PYTHON_TABLE = re.compile(r"^[ \t]*\[[ \t]*bindings[ \t]*\.[ \t]*python[ \t]*\].*\n?", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings for Python in `uniffi.toml`.

    `path` is the file, if there is one; `library` the name under which the modules load the library, without prefix and
    suffix; `external` are the packages of modules, by the names of these, which most often other distributions bring.
    """

    path: Path | None = None
    library: str | None = None
    external: Mapping[str, str] = field(default_factory=dict)


def read_settings(crate: Path, roots: Roots) -> Settings:
    """Return the settings in the crate's `uniffi.toml`; raises `ConfigError` if it is invalid or outside of `roots`."""
    path = crate / "uniffi.toml"
    if not is_file(path):
        return Settings()
    python = _table(_table(toml.load_file(path, roots), "bindings", path), "python", path)
    library = python.get("cdylib_name")
    if library is not None and not isinstance(library, str):
        raise ConfigError(f"bindings.python.cdylib_name in {path} must be a string, found {toml.describe(library)}")
    external = _table(python, "external_packages", path)
    return Settings(path=path, library=library, external={name: str(package) for name, package in external.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bindgen:
    """A uniffi-bindgen program in the workspace, to be compiled by `build`.

    It has to be of the same version as the library's uniffi. It runs in the folder `home`, where it finds the crates.
    """

    build: Command
    package: str
    home: Path


def find_bindgen(
    metadata: CargoMetadata, *, cwd: Path, arguments: tuple[str, ...] = (), cargo: str = "cargo"
) -> Bindgen | None:
    """Return the project's uniffi-bindgen, if it has one; `arguments` are for cargo, which starts in `cwd`."""
    found = _bindgen(metadata)
    if found is None:
        return None
    package, target = found
    features = ("--features", ",".join(target.required_features)) if target.required_features else ()
    build = Command(
        argv=(
            cargo, "build", "--bin", target.name, "--manifest-path", str(package.manifest_path),
            "--message-format", "json-render-diagnostics", *features, *arguments,
        ),
        cwd=cwd,
    )  # fmt: skip
    own = package is metadata.root_package
    return Bindgen(
        build=build, package=package.id, home=package.manifest_path.parent if own else metadata.workspace_root
    )


def bindgen_manifest(metadata: CargoMetadata, crates: Iterable[Path], *, requested: str | None) -> Path | None:
    """Return the Cargo.toml of the project's uniffi-bindgen, if the wheel of one of the `crates` needs it.

    They are named by their manifests. `requested` are the bindings that the project names; None has them detected, and
    then a crate that depends on uniffi is taken for one with its bindings.
    """
    found = _bindgen(metadata)
    if found is None or requested not in (None, "uniffi"):
        return None
    wanted = set(crates)
    built = [package.id for package in metadata.packages.values() if package.manifest_path in wanted]
    used = {metadata.packages[one].name for root in built for one in replace(metadata, root=root).closure()}
    return found[0].manifest_path if requested is not None or "uniffi" in used else None


def generate_command(program: str, settings: Settings, *, library: Path, out_dir: Path, home: Path) -> Command:
    """Return the command by which `program` writes the Python modules for `library` to `out_dir`."""
    config = () if settings.path is None else ("--config", str(settings.path))
    options = ("--no-format", "--language", "python", "--out-dir", str(out_dir), *config)
    return Command(argv=(program, "generate", *options, "--library", str(library)), cwd=home)


def generate(command: Command, out_dir: Path, environ: Mapping[str, str], reporter: Reporter) -> tuple[Path, ...]:
    """Run `command` and return the modules in `out_dir`, which is emptied before.

    Raises `MissingToolError` when there is no uniffi-bindgen, `ProcessError` when it fails or makes nothing.
    """
    remove_tree(out_dir)
    out_dir.mkdir(parents=True)
    reporter.step("Generating", "the Python modules with uniffi-bindgen")
    try:
        done = capture(command, environ, show_stderr=reporter.inherits_stderr and reporter.shows_steps)
    except MissingToolError as error:
        raise MissingToolError(
            f"{command.argv[0]} was not found, but is needed to generate the Python modules",
            hint="add a program of that name to the crate that calls `uniffi::uniffi_bindgen_main()` "
            "(https://mozilla.github.io/uniffi-rs/latest/tutorial/foreign_language_bindings.html)",
        ) from error
    modules = tuple(sorted(out_dir.glob("*.py")))
    if done.status or not modules:
        problem = "failed" if done.status else "made no Python module"
        raise ProcessError(f"`{command}` {problem}", notes=tuple((done.stderr or done.stdout).splitlines()))
    return modules


def generate_matching(
    run: Callable[[Settings], tuple[Path, ...]], settings: Settings, place: ModulePlace, library: Path, config: Path
) -> tuple[Path, ...]:
    """Return the modules that `run` generates by the settings, all of which load the one library of the wheel.

    A crate that the built one depends on may name another library in its own `uniffi.toml`, which it is compiled to
    alone. Then the modules are generated again by the file `config`, written here, whose name counts for all crates.
    Raises `ConfigError` if that does not help.
    """
    name = settings.library or _library_stem(library)
    modules = run(settings)
    if settings.library is None and _loading_others(_shipped(place, modules, settings), name):
        config.write_text(_with_library(settings, name), encoding="utf-8")
        modules = run(replace(settings, path=config))
    for module, other in _loading_others(_shipped(place, modules, settings), name).items():
        file = "uniffi.toml" if settings.path is None else settings.path
        raise ConfigError(
            f"the module {module}, made by uniffi-bindgen, loads a library {other}, and the wheel has only {name}",
            hint=f'write `cdylib_name = "{_library_stem(library)}"` below [bindings.python] in {file}, which counts '
            "for all crates",
        )
    return modules


def entries(
    place: ModulePlace,
    artifact: Path,
    *,
    modules: Iterable[Path],
    settings: Settings,
    target_os: str,
    stub: FromFile | None = None,
) -> tuple[Entry, ...]:
    """Return the package: `__init__.py` that re-exports the generated modules, the modules, and the library."""
    folder = package_dir(place)
    shipped = _shipped(place, modules, settings)
    library = artifact.name if settings.library is None else library_name(settings.library, target_os)
    init = "".join(f"from .{path.stem} import *  # noqa: F403\n" for path in shipped)
    return (
        Entry(
            path=str(folder / "__init__.py"),
            source=Generated(data=init.encode()),
            why="the package with what the generated modules have",
        ),
        *(
            Entry(path=str(folder / path.name), source=FromFile(path=str(path)), why="made by uniffi-bindgen")
            for path in shipped
        ),
        Entry(
            path=str(folder / library), source=FromFile(path=str(artifact), executable=True), why="the compiled library"
        ),
        *stub_entries(place, stub),
    )


def _shipped(place: ModulePlace, modules: Iterable[Path], settings: Settings) -> list[Path]:
    """Return the modules of this wheel, sorted: not those that `external_packages` says to be in another package."""
    own = ".".join(package_dir(place).parts)
    mine = {name for name, package in settings.external.items() if package in (own, f"{own}.{name}")}
    return sorted(
        (path for path in modules if path.stem in mine or path.stem not in settings.external),
        key=lambda path: path.name,
    )


def _loading_others(modules: Iterable[Path], library: str) -> dict[str, str]:
    """Return what modules load that do not load this library, by their names."""
    found = {path.stem: _LOADS.search(path.read_text(encoding="utf-8", errors="replace")) for path in modules}
    return {module: match[1] for module, match in found.items() if match is not None and match[1] != library}


def _library_stem(library: Path) -> str:
    """Return the name of a library without prefix and suffix, as uniffi-bindgen takes it."""
    return library.stem if library.suffix == ".dll" else library.stem.removeprefix("lib")


def _with_library(settings: Settings, name: str) -> str:
    """Return the text of `uniffi.toml` with the name of the library."""
    text = "" if settings.path is None else settings.path.read_text(encoding="utf-8")
    key = f'cdylib_name = "{name}"\n'
    table = _PYTHON_TABLE.search(text)
    if table is None:
        return f"{text}\n[bindings.python]\n{key}"
    return f"{text[: table.end()]}{key}{text[table.end() :]}"


def _bindgen(metadata: CargoMetadata) -> tuple[Package, CrateTarget] | None:
    root = metadata.root_package
    others = (metadata.packages[member] for member in metadata.workspace_members if member != root.id)
    for package in (root, *others):
        for target in package.targets:
            if target.name == BINDGEN and "bin" in target.kinds:
                return package, target
    return None


def _table(parent: Mapping[str, Any], key: str, path: Path) -> Mapping[str, Any]:
    value = parent.get(key, {})
    if not isinstance(value, Mapping):
        raise ConfigError(f"{key} in {path} must be a table, found {toml.describe(value)}")
    return value
