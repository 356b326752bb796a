"""[project] and Cargo.toml → core metadata, entry points and licence files; only files are read, no program starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from packaging.specifiers import SpecifierSet

from cratewheel.archive import entry_points
from cratewheel.cargo.manifest import Manifest
from cratewheel.errors import ConfigError
from cratewheel.project.metadata import cargo, project, render
from cratewheel.project.metadata.dynamic import Provider
from cratewheel.project.metadata.fields import Fields, check_name
from cratewheel.project.pyproject import PyProject
from cratewheel.system.versions import parse_specifiers, parse_version

_REPEATED = frozenset(
    {
        "Classifier", "Requires-Dist", "Requires-External", "Provides-Extra", "License-File", "Project-URL",
        "Import-Name", "Import-Namespace", "Dynamic",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreMetadata:
    """The metadata of a distribution, decided and written.

    `version` is in the normal form of PEP 440. `text` is the METADATA file: `headers`, then `description`.
    `entry_points` is the entry_points.txt, "" where there is none. `license_files` are places below `licenses/` and the
    files that go there. `scripts` are the names of the commands that installing it makes. `notes` and `warnings` are
    what there is to say about how it was found. `version_provider` is the provider of the version, if it has one.
    """

    name: str
    version: str
    requires_python: SpecifierSet | None
    requires_dist: tuple[str, ...]
    headers: tuple[tuple[str, str], ...]
    description: str | None
    text: str
    entry_points: str
    license_files: tuple[tuple[PurePosixPath, Path], ...]
    scripts: tuple[str, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    version_provider: str | None = None

    def as_json(self) -> dict[str, str | list[str]]:
        """Return the metadata as JSON has it: https://packaging.python.org/en/latest/specifications/core-metadata/."""
        result: dict[str, str | list[str]] = {}
        for header, value in self.headers:
            key = header.lower().replace("-", "_")
            if header in _REPEATED:
                values = result.setdefault(key, [])
                assert isinstance(values, list)
                values.append(value)
            elif header == "Keywords":
                result[key] = [word.strip() for word in value.split(",") if word.strip()]
            else:
                result[key] = value
        if self.description is not None:
            result["description"] = self.description
        return result


def of_other_backend(
    name: str, version: str, *, requires_python: str | None, requires_dist: tuple[str, ...] = (), provider: str | None
) -> CoreMetadata:
    """Return what a build needs of the metadata that another build backend writes.

    `provider` is that backend, if the version is not written in [project].
    """
    return CoreMetadata(
        name=name,
        version=str(parse_version(version)),
        requires_python=parse_specifiers(requires_python) if requires_python else None,
        requires_dist=requires_dist,
        headers=(("Name", name), ("Version", version)),
        description=None,
        text="",
        entry_points="",
        license_files=(),
        scripts=(),
        notes=(),
        warnings=(),
        version_provider=provider,
    )


def read(
    pyproject: PyProject | None,
    manifest: Manifest,
    *,
    filled: Mapping[str, Provider] | None = None,
    dynamic_headers: tuple[str, ...] = (),
) -> CoreMetadata:
    """Return the metadata of the project: of [project] where there is one, and of Cargo.toml.

    `filled` are the fields of [project] that providers have filled; `dynamic_headers` are those that may differ in a
    wheel, which the metadata of a source distribution names. Raises `ConfigError` where the files contradict the
    specifications, or name a file that is not there.
    """
    try:
        return _read(pyproject, manifest, filled or {}, dynamic_headers)
    except ConfigError as error:
        for name, provider in (filled or {}).items():
            if f"project.{name}" in error.message:
                error.notes += (f"{provider.name} of {provider.where} filled project.{name}",)
        raise


def _read(
    pyproject: PyProject | None,
    manifest: Manifest,
    filled: Mapping[str, Provider],
    dynamic_headers: tuple[str, ...],
) -> CoreMetadata:
    if pyproject is None or pyproject.project is None:
        fields = cargo.read(manifest)
        name_warnings = check_name(fields.name, f"the name in {manifest.path}")
    else:
        fields = project.read(pyproject, manifest)
        name_warnings = ()
    headers = tuple(render.headers(fields, dynamic_headers))
    description = fields.readme.text if fields.readme else None
    return CoreMetadata(
        name=fields.name,
        version=fields.version,
        requires_python=parse_specifiers(fields.requires_python) if fields.requires_python else None,
        requires_dist=fields.requires_dist,
        headers=headers,
        description=description,
        text=render.metadata(headers, description),
        entry_points=render.entry_points(fields),
        license_files=tuple((file.target, file.source) for file in fields.license_files),
        scripts=tuple(name for name, _ in (*fields.scripts, *fields.gui_scripts)),
        notes=fields.notes,
        warnings=(*fields.warnings, *name_warnings, *_check_entry_points(fields, pyproject, manifest)),
        version_provider=filled["version"].name if "version" in filled else None,
    )


def _check_entry_points(fields: Fields, pyproject: PyProject | None, manifest: Manifest) -> tuple[str, ...]:
    """Return warnings about entry points that will not load; raises `ConfigError` for those that cannot be."""
    table = (pyproject.project if pyproject is not None else None) or {}
    file = pyproject.path if pyproject is not None else manifest.path
    own = f"project.scripts in {file}"
    scripts = own if "scripts" in table else f"{cargo.LEGACY_TABLE}.scripts in {manifest.path}"
    windows = f"project.gui-scripts in {file}"
    groups = [("console_scripts", fields.scripts, scripts), ("gui_scripts", fields.gui_scripts, windows)]
    groups += [(group, entries, f"project.entry-points.{group!r} in {file}") for group, entries in fields.entry_points]
    warnings = [text for group, entries, where in groups for text in entry_points.check(group, entries, where)]
    commands = ((fields.scripts, scripts), (fields.gui_scripts, windows))
    entry_points.check_unique((name, f"{name!r} of {where}") for entries, where in commands for name, _ in entries)
    return tuple(warnings)
