"""pyproject.toml's [project] → core metadata, over what Cargo.toml says.

`pyproject-metadata` checks the table and knows which fields need which version of the format. Where it is stricter
than maturin, so that a project which builds today would not, its rule becomes a warning: what offends is taken out of
the table that it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from packaging.version import Version

from cratewheel.cargo.manifest import Manifest
from cratewheel.errors import ConfigError, did_you_mean, with_suggestion
from cratewheel.project.metadata import cargo, licences, requirements
from cratewheel.project.metadata.checked import HINTS, CheckedTable, check_table
from cratewheel.project.metadata.fields import (
    CONTENT_TYPES,
    Fields,
    LicenceFile,
    Pairs,
    Readme,
    check_name,
    content_type,
    is_name,
    normal_version,
    one_line,
    read_readme,
    resolve_file,
)
from cratewheel.project.pyproject import PyProject
from cratewheel.system import files
from cratewheel.system.toml import describe

SPECIFICATION = "https://packaging.python.org/en/latest/specifications/pyproject-toml/"
KEYS = (
    "name", "version", "description", "readme", "requires-python", "license", "license-files", "authors", "maintainers",
    "keywords", "classifiers", "urls", "scripts", "gui-scripts", "entry-points", "dependencies",
    "optional-dependencies", "dynamic", "import-names", "import-namespaces",
)  # fmt: skip
COMMON_LICENCES = (  # to suggest
    "MIT", "Apache-2.0", "BSD-3-Clause", "MPL-2.0", "GPL-3.0-or-later", "LGPL-3.0-or-later", "ISC", "Zlib",
)  # fmt: skip
LABEL_LENGTH = 32  # of a URL, at most, in core metadata

_GROUP = r"\w+(\.\w+)*"

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What the fields are read from: the table, its file and the crate; whether it is an unpacked sdist."""

    table: Table
    path: Path
    manifest: Manifest
    is_unpacked_sdist: bool

    @property
    def folder(self) -> Path:
        return self.path.parent

    @property
    def roots(self) -> files.Roots:
        return self.manifest.roots_with(self.folder)


def read(pyproject: PyProject, manifest: Manifest) -> Fields:
    """Return the metadata of a project that has a [project] table.

    Of the fields for which Cargo.toml has a value too, only those that `dynamic` lists are taken from there; home page
    and licence file always are. Raises `ConfigError` for a table that breaks the specification, and for a readme or
    licence file that is not there or not within reach.
    """
    assert pyproject.project is not None
    source = _Source(
        table=pyproject.project,
        path=pyproject.path,
        manifest=manifest,
        is_unpacked_sdist=(pyproject.path.parent / "PKG-INFO").is_file(),
    )
    table = source.table
    dynamic, dynamic_warnings = _dynamic(source)
    standard = check_table(_without_own_keys(source), source.path)
    written = table.keys() - ({"license"} if _names_only_a_file(table.get("license")) else set())
    base = cargo.read(manifest, dynamic - written | ({"version"} - table.keys()))
    found = _with_people(base, source)
    found, license_warnings = _with_licences(found, source)
    found = replace(
        found,
        name=table["name"],
        version=_version(source) or base.version,
        metadata_version=max(base.metadata_version, standard.version, key=Version),
        readme=_readme(source) if "readme" in table else base.readme,
        requires_python=_requires_python(table) or base.requires_python,
        entry_points=_entry_points(source),
        warnings=(
            *base.warnings,
            *_unknown_keys(source),
            *dynamic_warnings,
            *(f"{text} ({source.path})" for text in standard.warnings),
            *license_warnings,
            *_lenient_warnings(source),
        ),
    )
    return _with_standard(found, table, standard)


def _with_people(base: Fields, source: _Source) -> Fields:
    author, author_email = _people(source, "authors") or (base.author, base.author_email)
    maintainer, maintainer_email = _people(source, "maintainers") or (base.maintainer, base.maintainer_email)
    return replace(
        base, author=author, author_email=author_email, maintainer=maintainer, maintainer_email=maintainer_email
    )


def _with_licences(base: Fields, source: _Source) -> tuple[Fields, tuple[str, ...]]:
    """Return the fields with the licence of the table and its files, and warnings about these."""
    license_files, notes, warnings = _license_files(source, base.license_files)
    text, expression = _license(source)
    found = replace(
        base, license=text or base.license, license_expression=expression, license_files=license_files, notes=notes
    )
    return found, warnings


def _with_standard(base: Fields, table: Table, standard: CheckedTable) -> Fields:
    """Return the fields with what needs no rule of ours: the values of the table, or else the crate's."""
    return replace(
        base,
        summary=one_line(table["description"]) if "description" in table else base.summary,
        keywords=standard.keywords if "keywords" in table else base.keywords,
        classifiers=tuple(table["classifiers"]) if "classifiers" in table else base.classifiers,
        urls=tuple(table["urls"].items()) if "urls" in table else base.urls,
        requires_dist=(*(() if "dependencies" in table else base.requires_dist), *standard.requires_dist),
        provides_extra=tuple(dict.fromkeys((*base.provides_extra, *standard.provides_extra))),
        import_names=standard.import_names,
        import_namespaces=standard.import_namespaces,
        scripts=standard.scripts if "scripts" in table else base.scripts,
        gui_scripts=standard.gui_scripts,
    )


# -- the table as a whole


def _dynamic(source: _Source) -> tuple[frozenset[str], tuple[str, ...]]:
    listed = source.table.get("dynamic", [])
    where = f"project.dynamic in {source.path}"
    if not isinstance(listed, list) or not all(isinstance(key, str) for key in listed):
        raise ConfigError(f"{where} must be a list of strings, found {describe(listed)}")
    if "name" in listed:
        raise ConfigError(f"{where} cannot have `name`: it must be static", hint="write the name in [project]")
    found = [
        with_suggestion(f"{key}, listed in {where}, is no key of [project]", key, KEYS)
        for key in listed
        if key not in KEYS
    ]
    found += [
        f"{key} is listed in {where}, and has a value there too, which is taken"
        for key in listed
        if key in source.table and not (key == "license" and _names_only_a_file(source.table[key]))
    ]
    if "version" not in source.table and "version" not in listed:
        found.append(
            f'[project] in {source.path} has no version: using the crate\'s; declare it with `dynamic = ["version"]`'
        )
    return frozenset(listed), tuple(found)


def _unknown_keys(source: _Source) -> Iterator[str]:
    for key in source.table:
        if key not in KEYS:
            yield with_suggestion(f"project.{key} in {source.path} means nothing", key, KEYS)


def _without_own_keys(source: _Source) -> dict[str, Any]:
    """Return the table as `pyproject-metadata` is to see it.

    It sees no readme and no licence files, for which it has other rules than we follow.
    """
    shown = {key: value for key, value in source.table.items() if key in KEYS}
    for key in ("dynamic", "readme", "license-files"):
        shown.pop(key, None)
    shown["version"] = "0"  # `_version` reads it, and says of SemVer what to write instead
    if not isinstance(shown.get("license"), str):
        shown.pop("license", None)
    if isinstance(shown.get("name"), str) and not is_name(shown["name"]):
        shown["name"] = "x"
    if isinstance(shown.get("description"), str):
        shown["description"] = one_line(shown["description"])
    if isinstance(shown.get("classifiers"), list):
        shown["classifiers"] = [item for item in shown["classifiers"] if not _is_license_classifier(item)]
    if isinstance(shown.get("urls"), dict):
        shown["urls"] = {label[:LABEL_LENGTH]: url for label, url in shown["urls"].items()}
    if isinstance(shown.get("entry-points"), dict):
        shown["entry-points"] = {
            key: value for key, value in shown["entry-points"].items() if re.fullmatch(_GROUP, key)
        }
    return shown


def _is_license_classifier(item: object) -> bool:
    return isinstance(item, str) and item.startswith("License ::")


def _lenient_warnings(source: _Source) -> Iterator[str]:
    """Yield warnings about values that the specifications or PyPI do not allow, and maturin accepts."""
    table, path = source.table, source.path
    yield from check_name(table["name"], f"project.name in {path}")
    yield from (
        f"the label {label!r} of project.urls in {path} is longer than {LABEL_LENGTH} characters: PyPI refuses it"
        for label in table.get("urls", {})
        if len(label) > LABEL_LENGTH
    )
    readme = table.get("readme")
    if isinstance(readme, str) and PurePosixPath(readme).suffix.lower() not in ("", ".txt", *CONTENT_TYPES):
        yield f"project.readme in {path} is {readme!r}, which PyPI shows as plain text: write Markdown (.md) or .rst"
    expression = table.get("license")
    if isinstance(expression, str):
        from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression  # a large table

        try:
            canonicalize_license_expression(expression)
        except InvalidLicenseExpression:
            yield (
                f"project.license in {path} is {expression!r}, which is not an SPDX expression: PyPI refuses it; "
                f"{_spdx_hint(expression)}"
            )
        if any(map(_is_license_classifier, table.get("classifiers", ()))):
            yield f"project.classifiers in {path} has `License ::` next to a licence expression: PyPI rejects this"


def _spdx_hint(expression: str) -> str:
    """Return the SPDX identifier that was meant, or how an expression is written."""
    return did_you_mean(expression.strip().replace(" ", "-"), COMMON_LICENCES) or "write one like `MIT OR Apache-2.0`"


# -- single fields


def _version(source: _Source) -> str | None:
    version = source.table.get("version")
    if version is None:
        return None
    if not isinstance(version, str):
        raise ConfigError(
            f"project.version in {source.path} must be a string, found {describe(version)}",
            hint='write `version = "1.0.0"`',
        )
    return normal_version(version, f"project.version in {source.path}")


def _requires_python(table: Table) -> str | None:
    return requirements.normalise_specifier(table.get("requires-python", ""))


def _people(source: _Source, key: str) -> tuple[str | None, str | None] | None:
    """Return the names of those without an address, and the addresses of the others: Author and Author-email."""
    entries = source.table.get(key)
    if entries is None:
        return None
    if {} in entries:  # pyproject-metadata sees it from 0.11 on
        raise ConfigError(f"project.{key} in {source.path} has an entry without name and email", hint=HINTS[key])
    names = [entry["name"] for entry in entries if entry.get("name") and not entry.get("email")]
    addresses = [_address(entry.get("name"), entry["email"]) for entry in entries if entry.get("email")]
    return ", ".join(names) or None, ", ".join(addresses) or None


def _address(name: str | None, email: str) -> str:
    """Return an address by RFC 5322, which wants a name with special characters in quotes.

    >>> _address("Doe, J.", "j@example.org")
    '"Doe, J." <j@example.org>'
    """
    if not name:
        return email
    if re.search(r'[][\\()<>@,:;".]', name):
        escaped = re.sub(r'(["\\])', r"\\\1", name)
        name = f'"{escaped}"'
    return f"{name} <{email}>"


def _readme(source: _Source) -> Readme | None:
    """Return the readme that [project] names or holds; the type of a file named alone is known by its suffix."""
    where = f"project.readme in {source.path}"
    file: Any
    text: Any
    kind: Any
    match source.table["readme"]:
        case str() as name:
            file, text, kind = name, None, content_type(PurePosixPath(name))
        case dict() as readme:
            file, text, kind = (readme.get(key) for key in ("file", "text", "content-type"))
        case other:
            raise ConfigError(
                f"{where} must be a path or a table, found {describe(other)}", hint='write `readme = "README.md"`'
            )
    for key, value in (("file", file), ("text", text), ("content-type", kind)):
        if value is not None and not isinstance(value, str):
            raise ConfigError(f"project.readme.{key} in {source.path} must be a string, found {describe(value)}")
    if file is not None and text is not None:
        raise ConfigError(f"{where} has both `file` and `text`", hint="keep one of them")
    if file is not None:
        path = _resolve_file(source, file, "readme")
        return read_readme(path, where, content_type=kind, roots=source.roots)
    return None if text is None else Readme(text=text, content_type=kind)


def _resolve_file(source: _Source, name: str, key: str) -> Path:
    """Return the file that a key names; only those in the project, its repository or its workspace can be."""
    where = f"project.{key} in {source.path}"
    if PurePosixPath(name).is_absolute() or Path(name).is_absolute():
        raise ConfigError(
            f"{where} is {name!r}, which is not relative to it",
            hint="copy the file into the project, and use a relative path",
        )
    return resolve_file(source.folder, name, where, roots=source.roots)


# -- licences


def _license(source: _Source) -> tuple[str | None, str | None]:
    """Return the text and the SPDX expression that `license` gives; a string is an expression (PEP 639)."""
    where = f"project.license in {source.path}"
    match source.table.get("license"):
        case None:
            return None, None
        case str() as expression:
            return None, expression
        case {"text": str() as text}:
            return text, None
        case {"file": str()}:
            return None, None
        case other:
            raise ConfigError(
                f"{where} must be an SPDX expression, found {describe(other)}", hint='write `license = "MIT"`'
            )


def _names_only_a_file(value: object) -> bool:
    """Return whether a `license` table leaves the name of the licence to Cargo.toml, as maturin reads it."""
    return isinstance(value, dict) and "file" in value and "text" not in value


def _license_files(
    source: _Source, crates: tuple[LicenceFile, ...]
) -> tuple[tuple[LicenceFile, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the licence files, a note on each that was found by its name, and warnings.

    They are the crate's own, then the one that `license` names, then those of `license-files`; without that key, those
    that are called like a licence.
    """
    found = [*crates]
    named = source.table.get("license")
    if isinstance(named, dict) and isinstance(named.get("file"), str) and "text" not in named:
        found.append(_named_license(source, named["file"]))
    patterns = source.table.get("license-files")
    if patterns is None:
        known = {file.source for file in found}
        usual = [file for file in licences.find_by_name(source.folder, roots=source.roots) if file.source not in known]
        files, warnings = licences.unique((*found, *usual))
        return files, tuple(f"licence file {file.target}" for file in files if file in usual), warnings
    where = f"project.license-files in {source.path}"
    if not isinstance(patterns, list) or not all(isinstance(pattern, str) for pattern in patterns):
        raise ConfigError(
            f"{where} must be a list of strings, found {describe(patterns)}", hint='write `["LICENSE*"]` (PEP 639)'
        )
    unmatched = []
    for pattern in patterns:
        matches = licences.find_matching(source.folder, pattern, where, roots=source.roots)
        found += matches
        if not matches:
            unmatched.append(_unmatched_pattern(source, pattern, where))
    files, warnings = licences.unique(tuple(found))
    return files, (), (*unmatched, *warnings)


def _unmatched_pattern(source: _Source, pattern: str, where: str) -> str:
    """Return the warning about a pattern that no file matches; raise it as `ConfigError` in a project.

    https://packaging.python.org/en/latest/specifications/pyproject-toml/#license-files wants an error. maturin ignores
    such a pattern, so that there are releases with one on PyPI, and who installs one cannot correct it.
    """
    message = f"{pattern!r}, {where}, matches no file"
    if source.is_unpacked_sdist:
        return message
    there = [f'"{file.target}"' for file in licences.find_by_name(source.folder, roots=source.roots)]
    raise ConfigError(
        message,
        hint=f"write `license-files = [{', '.join(there)}]`" if there else "add the file, or remove the pattern",
    )


def _named_license(source: _Source, name: str) -> LicenceFile:
    path = _resolve_file(source, name, "license.file")
    if not files.is_file(path):
        raise ConfigError(
            f"{path}, project.license.file in {source.path}, is not a file",
            hint="correct the path, or remove the key",
        )
    around = (folder for folder in (source.folder, source.manifest.workspace_root) if path.is_relative_to(folder))
    relative = path.relative_to(next(around, path.parent))
    return LicenceFile(target=PurePosixPath(relative.as_posix()), source=path)


# -- entry points


def _entry_points(source: _Source) -> tuple[tuple[str, Pairs], ...]:
    """Return the groups of entry points besides scripts, in the order of the file."""
    groups = source.table.get("entry-points", {})
    for group, key in (("console_scripts", "scripts"), ("gui_scripts", "gui-scripts")):
        if group in groups:
            raise ConfigError(
                f"project.entry-points in {source.path} cannot have {group}", hint=f"move it to [project.{key}]"
            )
    for group, entries in groups.items():
        if not isinstance(entries, dict) or not all(isinstance(reference, str) for reference in entries.values()):
            raise ConfigError(f"project.entry-points.{group} in {source.path} must be a table of strings")
    return tuple((group, tuple(entries.items())) for group, entries in groups.items())
