"""Cargo.toml → core metadata, with the metadata table of maturin 0.12."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from packaging.requirements import InvalidRequirement
from packaging.specifiers import InvalidSpecifier

from cratewheel.cargo.manifest import Manifest
from cratewheel.errors import ConfigError, with_suggestion
from cratewheel.project.metadata import requirements
from cratewheel.project.metadata.fields import (
    Fields,
    LicenceFile,
    Readme,
    content_type,
    normal_version,
    one_line,
    read_readme,
    resolve_file,
)
from cratewheel.system.files import is_file
from cratewheel.system.toml import check_texts, describe
from cratewheel.system.versions import parse_specifiers

# The keys of [project] for which Cargo.toml has a value.
PROVIDED = frozenset({"version", "description", "authors", "keywords", "urls", "license", "readme"})

LEGACY_TABLE = "package.metadata.maturin"
LEGACY_LAYOUT = ("python-source", "data")  # what `modules` reads
LEGACY_TEXTS = (
    "name", "maintainer", "maintainer-email", "requires-python", "description-content-type", *LEGACY_LAYOUT,
)  # fmt: skip
LEGACY_LISTS = ("classifiers", "classifier", "requires-dist", "requires-external", "provides-extra")
LEGACY_TABLES = ("scripts", "project-url")

Table = Mapping[str, Any]


def _version_warnings(manifest: Manifest, provided: Collection[str]) -> tuple[str, ...]:
    if "version" not in provided or manifest.declares_version:
        return ()
    path = manifest.path
    return (f'no version is set in {path}: using {manifest.version}; write `version = "0.1.0"` below [package]',)


def read(manifest: Manifest, provided: Collection[str] = PROVIDED) -> Fields:
    """Return the metadata in Cargo.toml.

    `provided` are the keys of [project] that are to come from here; the values of others are not even looked at.
    Raises `ConfigError` for a version that PEP 440 has no place for, and for a readme or licence file that is missing.
    """
    package, path = manifest.package, manifest.path
    legacy = legacy_table(manifest)
    authors = ", ".join(package["authors"]) if package.get("authors") and "authors" in provided else None
    return Fields(
        name=legacy["name"].partition(".")[0] if "name" in legacy else manifest.name,
        version=normal_version(manifest.version, f"package.version in {path}") if "version" in provided else "",
        summary=one_line(package["description"]) if "description" in package and "description" in provided else None,
        readme=_readme(manifest, legacy.get("description-content-type")) if "readme" in provided else None,
        keywords=tuple(package.get("keywords", ())) or None if "keywords" in provided else None,
        home_page=package.get("homepage"),
        author=authors,
        author_email=authors if authors and "@" in authors else None,
        maintainer=legacy.get("maintainer"),
        maintainer_email=legacy.get("maintainer-email"),
        license=package.get("license") if "license" in provided else None,
        license_files=_license_files(manifest),
        classifiers=tuple(legacy.get("classifiers", legacy.get("classifier", ()))),
        urls=_urls(package if "urls" in provided else {}, legacy),
        requires_python=_requires_python(legacy, path),
        requires_dist=tuple(_requirement(text, path) for text in legacy.get("requires-dist", ())),
        requires_external=tuple(legacy.get("requires-external", ())),
        provides_extra=tuple(legacy.get("provides-extra", ())),
        scripts=tuple(legacy.get("scripts", {}).items()),
        warnings=(*_version_warnings(manifest, provided), *_legacy_warnings(legacy, path)),
    )


def _readme(manifest: Manifest, content: str | None) -> Readme | None:
    named = manifest.package.get("readme")
    if named is None and is_file(manifest.directory / "README.rst"):
        named = "README.rst"  # cargo does not look for it, but Python projects have it
    if not named:
        return None
    where = f"package.readme in {manifest.path}"
    path = resolve_file(manifest.directory, named, where, roots=manifest.roots)
    return read_readme(path, where, content_type=content or content_type(path), roots=manifest.roots)


def _license_files(manifest: Manifest) -> tuple[LicenceFile, ...]:
    named = manifest.package.get("license-file")
    if named is None:
        return ()
    where = f"package.license-file in {manifest.path}"
    source = resolve_file(manifest.directory, named, where, roots=manifest.roots)
    if not is_file(source):
        raise ConfigError(f"{source}, {where}, is not a file", hint="correct the path, or remove the key")
    inside = source.is_relative_to(manifest.directory)
    target = PurePosixPath(source.relative_to(manifest.directory).as_posix() if inside else source.name)
    return (LicenceFile(target=target, source=source),)


def _urls(package: Table, legacy: Table) -> tuple[tuple[str, str], ...]:
    labels = (("Homepage", "homepage"), ("Documentation", "documentation"), ("Source Code", "repository"))
    urls = {label: package[key] for label, key in labels if key in package}
    return tuple({**urls, **legacy.get("project-url", {})}.items())


def _requires_python(legacy: Table, path: Path) -> str | None:
    text = legacy.get("requires-python")
    if text is None:
        return None
    try:
        parse_specifiers(text)
    except InvalidSpecifier as error:
        raise ConfigError(
            f"{LEGACY_TABLE}.requires-python in {path} is not a version specifier: {text!r}",
            hint='write it like ">=3.8"',
        ) from error
    return requirements.normalise_specifier(text)


def _requirement(text: str, path: Path) -> str:
    try:
        return requirements.normalise(text)
    except InvalidRequirement as error:
        raise ConfigError(
            f"{LEGACY_TABLE}.requires-dist in {path} has {text!r}, which is not a requirement",
            notes=tuple(str(error).splitlines()),
            hint="write it like \"numpy>=1.20; python_version < '3.12'\"",
        ) from error


def legacy_table(manifest: Manifest) -> Table:
    """Return the table of maturin 0.12, {} where there is none; raises `ConfigError` for a value of a wrong type."""
    tables = manifest.package.get("metadata", {})
    legacy = tables.get("maturin", {}) if isinstance(tables, dict) else {}
    check_texts(legacy, LEGACY_TABLE, manifest.path)
    if not isinstance(legacy, dict):
        raise ConfigError(f"{LEGACY_TABLE} in {manifest.path} must be a table, found {describe(legacy)}")
    for key, value in legacy.items():
        if key in LEGACY_TEXTS:
            fits, wanted = isinstance(value, str), "a string"
        elif key in LEGACY_LISTS:
            fits, wanted = isinstance(value, list) and all(isinstance(item, str) for item in value), "a list of strings"
        elif key in LEGACY_TABLES:
            fits = isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
            wanted = "a table of strings"
        else:
            continue
        if not fits:
            raise ConfigError(f"{LEGACY_TABLE}.{key} in {manifest.path} must be {wanted}, found {describe(value)}")
    return legacy


def _legacy_warnings(legacy: Table, path: Path) -> tuple[str, ...]:
    known = (*LEGACY_TEXTS, *LEGACY_LISTS, *LEGACY_TABLES)
    return tuple(
        with_suggestion(f"{LEGACY_TABLE}.{key} in {path} means nothing", key, known)
        for key in legacy
        if key not in known
    )
