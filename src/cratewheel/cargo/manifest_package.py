"""Reads a crate from its Cargo.toml alone, as `cargo metadata` would describe it: where cargo cannot be asked.

Examples that are not listed, tests and benches are left out, because nothing here needs them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cratewheel.cargo.manifest import Manifest
from cratewheel.cargo.model import CrateTarget, Dependency, DependencyKind, Package
from cratewheel.system import toml
from cratewheel.system.files import is_file, project_roots

Table = Mapping[str, Any]

KINDS: tuple[tuple[str, DependencyKind], ...] = (
    ("dependencies", "normal"),
    ("build-dependencies", "build"),
    ("dev-dependencies", "dev"),
)


def read_package(manifest: Manifest) -> Package:
    """Return the package of a manifest; raises `ConfigError` if its workspace's Cargo.toml is not valid."""
    package = manifest.package
    readme, licence_file = package.get("readme"), package.get("license-file")
    return Package(
        id=f"{manifest.directory.as_uri()}#{manifest.name}@{manifest.version}",
        name=manifest.name,
        version=manifest.version,
        source=None,
        manifest_path=manifest.path,
        targets=tuple(_targets(manifest)),
        dependencies=read_dependencies(manifest),
        features=manifest.features,
        metadata=package.get("metadata", {}),
        license_file=licence_file,
        readme=readme if isinstance(readme, str) else None,
    )


def read_dependencies(manifest: Manifest) -> tuple[Dependency, ...]:
    """Return the dependencies of every kind and platform: first those for every platform, and of these normal ones."""
    shared: Table = {}
    if manifest.workspace_manifest is not None:
        document = toml.load_file(manifest.workspace_manifest, project_roots(manifest.workspace_root))
        shared = _table(document.get("workspace"), "dependencies")
    platforms: list[tuple[str | None, Table]] = [(None, manifest.document)]
    platforms += [
        (name, table) for name, table in _table(manifest.document, "target").items() if isinstance(table, Mapping)
    ]
    return tuple(
        _dependency(manifest, name, value, shared, kind=kind, target=target)
        for target, document in platforms
        for key, kind in KINDS
        for name, value in _table(document, key).items()
    )


def _dependency(
    manifest: Manifest, key: str, value: object, shared: Table, *, kind: DependencyKind, target: str | None
) -> Dependency:
    own = _with_version(value)
    inherited = own.get("workspace") is True
    folder = manifest.workspace_root if inherited else manifest.directory
    base = _with_version(shared.get(key)) if inherited else own
    path = base.get("path")
    return Dependency(
        name=base.get("package", key),
        requirement=base.get("version", "*"),
        kind=kind,
        rename=key if "package" in base else None,
        optional=own.get("optional") is True,
        default_features=own.get("default-features", base.get("default-features", True)) is not False,
        features=tuple(dict.fromkeys((*_texts(base, "features"), *_texts(own, "features")))),
        target=target,
        path=Path(os.path.normpath(folder / path)) if isinstance(path, str) else None,
    )


def _with_version(value: object) -> Table:
    """Return the table of a dependency; a text is its version."""
    if isinstance(value, str):
        return {"version": value}
    return value if isinstance(value, Mapping) else {}


def _targets(manifest: Manifest) -> Iterator[CrateTarget]:
    library = _normal(manifest, manifest.lib.get("path", "src/lib.rs"))
    if manifest.lib or is_file(library):
        types = ("proc-macro",) if manifest.lib.get("proc-macro") is True else _library_types(manifest.lib)
        yield CrateTarget(name=manifest.lib_name, kinds=types, crate_types=types, source=library)
    yield from _programs(manifest)
    for one in _named_tables(manifest.document, "example"):
        source = _normal(manifest, one.get("path", f"examples/{one['name']}.rs"))
        types = _texts(one, "crate-type") or ("bin",)
        yield CrateTarget(name=one["name"], kinds=("example",), crate_types=types, source=source)
    named = manifest.package.get("build", True)
    script = _normal(manifest, named if isinstance(named, str) else "build.rs")
    if named is not False and is_file(script):
        yield CrateTarget(name="build-script-build", kinds=("custom-build",), crate_types=("bin",), source=script)


def _library_types(table: Table) -> tuple[str, ...]:
    return _texts(table, "crate-type") or _texts(table, "crate_type") or ("lib",)


def _programs(manifest: Manifest) -> Iterator[CrateTarget]:
    tables = {one["name"]: one for one in _named_tables(manifest.document, "bin")}
    for name in manifest.bins:
        table = tables.get(name, {})
        yield CrateTarget(
            name=name,
            kinds=("bin",),
            crate_types=("bin",),
            source=_program_source(manifest, name, table),
            required_features=_texts(table, "required-features"),
        )


def _program_source(manifest: Manifest, name: str, table: Table) -> Path:
    """Return the file of a program: the one that its table names, else the first of cargo's places that exists."""
    if isinstance(table.get("path"), str):
        return _normal(manifest, table["path"])
    main = manifest.directory / "src" / "main.rs"
    folder = manifest.directory / "src" / "bin"
    places = [folder / f"{name}.rs", folder / name / "main.rs", main]
    if name == manifest.name:
        places.insert(0, main)
    return next((path for path in places if is_file(path)), main)


def _normal(manifest: Manifest, path: str) -> Path:
    return Path(os.path.normpath(manifest.directory / path))


def _named_tables(document: Table, key: str) -> list[Table]:
    value = document.get(key)
    tables = value if isinstance(value, list) else []
    return [one for one in tables if isinstance(one, Mapping) and isinstance(one.get("name"), str)]


def _table(parent: object, key: str) -> Table:
    value = parent.get(key) if isinstance(parent, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _texts(table: Table, key: str) -> tuple[str, ...]:
    value = table.get(key)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
