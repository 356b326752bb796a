"""TOML values → structured settings; errors name the key and the value found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any, cast, get_args

from cratewheel.archive.layout import CONTROL
from cratewheel.errors import ConfigError, did_you_mean
from cratewheel.options.values import (
    BOTH_FORMATS,
    ArchiveFormat,
    ArtifactKind,
    ArtifactSettings,
    CiOptions,
    CiPlatform,
    CiSettings,
    CiTarget,
    Exclude,
    FailureKind,
    Feature,
    GenerateCi,
    Include,
    Licenses,
    OptionalRust,
    Sbom,
    TargetOptions,
    TargetSelection,
)
from cratewheel.system.toml import describe

CI_SERVICES = ("github", "gitlab")
CI_SWITCHES = ("pytest", "zig", "skip-attestation", "trusted-publishing")
CI_TEXTS = ("publishing-environment", "args")
CI_PLATFORMS = ("linux", "musllinux", "windows", "macos", "emscripten", "android")
CI_SETTINGS = (
    "runner", "manylinux", "container", "docker-options", "rust-toolchain", "rustup-components", "before-script-linux",
    "args",
)  # fmt: skip
TARGET_KEYS = ("name", "kind")
TARGET_OPTION_KEYS = ("macos-deployment-target", "macosx-deployment-target")
MACOS_TRIPLES = ("aarch64-apple-darwin", "x86_64-apple-darwin", "universal2-apple-darwin")
LICENSES_OF_CRATES = ("off", "include")
ARTIFACT_KEYS = ("crate", "target", "kind", "module", "path", "features", "profile", "prebuilt", "optional")
FAILURES: tuple[FailureKind, ...] = get_args(FailureKind)
TARGET_KINDS = ("bin", "cdylib", "dylib", "lib", "rlib", "staticlib")


def switch(key: str, value: object) -> bool:
    """Return a boolean."""
    if not isinstance(value, bool):
        raise type_error(key, "true or false", value)
    return value


def text(key: str, value: object) -> str:
    """Return a string."""
    if not isinstance(value, str):
        raise type_error(key, "a string", value)
    return value


def texts(key: str, value: object) -> tuple[str, ...]:
    """Return the strings of an array."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise type_error(key, "a list of strings", value)
    return tuple(value)


def words(key: str, value: object) -> tuple[str, ...]:
    """Return the strings of an array; a single string is an array of one."""
    return (value,) if isinstance(value, str) else texts(key, value)


def features(key: str, value: object) -> tuple[Feature, ...]:
    """Return the features of `features`: names, or tables with conditions."""
    return tuple(_feature(f"{key}[{at}]", item) for at, item in enumerate(_items(key, value)))


def include(key: str, value: object) -> tuple[Include, ...]:
    """Return the globs of `include`: strings for both formats, or tables with a format or an OUT_DIR."""
    return tuple(_include(f"{key}[{at}]", item) for at, item in enumerate(_items(key, value)))


def exclude(key: str, value: object) -> tuple[Exclude, ...]:
    """Return the patterns of `exclude`: strings, or tables with a format."""
    found = []
    for at, item in enumerate(_items(key, value)):
        place = f"{key}[{at}]"
        if isinstance(item, str):
            found.append(Exclude(path=item))
        else:
            table = _table(place, item, required=("path",), optional=("format",))
            found.append(Exclude(path=text(f"{place}.path", table["path"]), formats=_formats(place, table)))
    return tuple(found)


def targets(key: str, value: object) -> tuple[TargetSelection, ...]:
    """Return the `[[targets]]` tables."""
    found = []
    items = _items(key, value)
    if not items:
        raise ConfigError(f"{key} selects nothing", hint="remove it, to build every target that fits the bindings")
    for at, item in enumerate(items):
        place = f"{key}[{at}]"
        if not isinstance(item, dict) or "name" not in item:
            raise type_error(place, "a table with a `name`", item)
        kind = item.get("kind")
        if kind is not None and kind not in TARGET_KINDS:
            raise type_error(f"{place}.kind", f"one of {', '.join(TARGET_KINDS)}", kind)
        found.append(TargetSelection(name=text(f"{place}.name", item["name"]), kind=kind))
    return tuple(found)


def target_options(key: str, value: object) -> tuple[TargetOptions, ...]:
    """Return the `[target.<triple>]` tables."""
    if not isinstance(value, dict):
        raise type_error(key, "a table for each target triple", value)
    found = []
    for triple, item in value.items():
        place = f"{key}.{triple}"
        if not isinstance(item, dict):
            raise type_error(place, "a table", item)
        version = next((item[name] for name in TARGET_OPTION_KEYS if name in item), None)
        if version is not None:
            version = text(f"{place}.macos-deployment-target", version)
        found.append(TargetOptions(triple=triple, macos_deployment_target=version))
    return tuple(found)


def unknown_inside(table: Mapping[str, Any]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return the unknown keys in the tables of targets: the place of each table, the key, and the known ones.

    A target that is given a version of macOS, and is none of macOS, is one too.

    >>> unknown_inside({"targets": [{"name": "a", "kinds": "bin"}]})
    [('targets[0]', 'kinds', ('name', 'kind'))]
    >>> unknown_inside({"target": {"arm64-apple-darwin": {"macos-deployment-target": "12.0"}}})[0][:2]
    ('target', 'arm64-apple-darwin')
    """
    chosen, options = table.get("targets"), table.get("target")
    places = [
        (f"targets[{at}]", item, TARGET_KEYS) for at, item in enumerate(chosen if isinstance(chosen, list) else [])
    ]
    if isinstance(options, dict):
        places += [(f"target.{triple}", item, TARGET_OPTION_KEYS) for triple, item in options.items()]
    tables = [(place, item, known) for place, item, known in places if isinstance(item, dict)]
    found: list[tuple[str, str, tuple[str, ...]]] = []
    found += [(place, key, known) for place, item, known in tables for key in item if key not in known]
    if isinstance(options, dict):
        items = [(triple, item) for triple, item in options.items() if isinstance(item, dict)]
        of_macos = (triple for triple, item in items if not set(TARGET_OPTION_KEYS).isdisjoint(item))
        found += [("target", triple, MACOS_TRIPLES) for triple in of_macos if triple not in MACOS_TRIPLES]
    return found


def artifacts(key: str, value: object) -> tuple[ArtifactSettings, ...]:
    """Return the `[[artifacts]]` tables."""
    return tuple(_artifact(f"{key}[{at}]", item) for at, item in enumerate(_items(key, value)))


def _artifact(key: str, item: object) -> ArtifactSettings:
    table = _table(key, item, required=(), optional=ARTIFACT_KEYS)
    kind = _optional_text(key, table, "kind")
    if kind is not None and kind not in get_args(ArtifactKind):
        raise type_error(f"{key}.kind", f"one of {', '.join(get_args(ArtifactKind))}", kind)
    module, path = _optional_text(key, table, "module"), table.get("path")
    if module is not None and path is not None:
        raise ConfigError(
            f"{key} has both `module` and `path`", hint="a module lies where its name says: remove `path`"
        )
    if kind in ("bin", "library") and module is not None:
        raise ConfigError(
            f"{key} has the kind {kind}, which is not imported, and a `module`", hint="write `path` for a folder"
        )
    if path is not None and (_folder_of_wheel(f"{key}.path", path).strip("./") == "" or "\\" in str(path)):
        raise type_error(f"{key}.path", "a folder or file of the wheel, with `/` between folders", path)
    return ArtifactSettings(
        **{name: _optional_text(key, table, name) for name in ("crate", "target", "profile", "prebuilt")},
        kind=cast("ArtifactKind | None", kind),
        module=module,
        path=path,
        features=features(f"{key}.features", table.get("features", [])),
        optional=switch(f"{key}.optional", table.get("optional", False)),
    )


def optional(key: str, value: object) -> OptionalRust:
    """Return the `optional` table; `true` is one without keys."""
    if isinstance(value, bool):
        return OptionalRust(when=FAILURES if value else ())
    if not isinstance(value, dict):
        raise type_error(key, "true, false or a table", value)
    for name in value:
        if name != "when":
            raise ConfigError(
                f"{key} has an unknown key `{name}`", hint=did_you_mean(name, ("when",)) or "its one key is `when`"
            )
    chosen = words(f"{key}.when", value["when"]) if "when" in value else FAILURES
    for word in chosen:
        if word not in FAILURES:
            raise ConfigError(
                f"{key}.when must list failures out of {', '.join(FAILURES)}, found {describe(word)}",
                hint=did_you_mean(word, FAILURES),
            )
    if not chosen:
        raise ConfigError(f"{key}.when lists no failure", hint=f"remove it for all of {', '.join(FAILURES)}")
    return OptionalRust(when=tuple(known for known in FAILURES if known in chosen))


def sbom(key: str, value: object) -> Sbom:
    """Return the `sbom` table."""
    table = _table(key, value, required=(), optional=("rust", "auditwheel", "include"))
    return Sbom(
        rust=switch(f"{key}.rust", table.get("rust", True)),
        auditwheel=switch(f"{key}.auditwheel", table.get("auditwheel", True)),
        include=texts(f"{key}.include", table.get("include", [])),
    )


def licenses(key: str, value: object) -> Licenses:
    """Return the `licenses` table, with each licence in its usual spelling."""
    table = _table(key, value, required=(), optional=("crates", "check", "clarify"))
    crates = text(f"{key}.crates", table.get("crates", "off"))
    if crates not in LICENSES_OF_CRATES:
        raise ConfigError(
            f"{key}.crates must be one of {', '.join(LICENSES_OF_CRATES)}, found {describe(crates)}",
            hint=did_you_mean(crates, LICENSES_OF_CRATES),
        )
    names = texts(f"{key}.check", table.get("check", []))
    if "check" in table and not names:
        raise ConfigError(f"{key}.check allows no licence at all", hint="name those that are allowed, or remove it")
    clarify = table.get("clarify", {})
    if not isinstance(clarify, dict):
        raise type_error(f"{key}.clarify", 'a table of crates and their licences, such as { ring = "ISC" }', clarify)
    return Licenses(
        include=crates == "include",
        check=tuple(dict.fromkeys(_licence(f"{key}.check", name, single=True) for name in names)),
        clarify=tuple((name, _licence(f"{key}.clarify.{name}", one)) for name, one in sorted(clarify.items())),
    )


def _licence(key: str, value: object, *, single: bool = False) -> str:
    """Return an SPDX expression in its usual spelling; a `single` one names one licence."""
    from cratewheel.cargo import licences  # a large table, which few projects need

    given = text(key, value)
    try:
        expression = licences.canonical(given)
    except licences.NotALicenceError as error:
        raise ConfigError(
            f"{key}: {describe(given)} is no licence of SPDX",
            hint=licences.near(given) or "write an identifier of https://spdx.org/licenses, or LicenseRef-NAME",
        ) from error
    parts = licences.terms(expression)
    if single and len(parts) > 1:
        raise ConfigError(
            f"{key}: {describe(given)} names several licences",
            hint=f"write one by one: {', '.join(json.dumps(part) for part in parts)}",
        )
    return expression


def generate_ci(key: str, value: object) -> GenerateCi:
    """Return the `generate-ci` table; what it must not have is kept for the one command that uses it."""
    if not isinstance(value, dict):
        raise type_error(key, "a table", value)
    services = {name: _ci_options(f"{key}.{name}", value[name]) for name in CI_SERVICES if name in value}
    return GenerateCi(unknown=_others(key, value, CI_SERVICES), **services)


def _ci_options(key: str, value: object) -> CiOptions:
    if not isinstance(value, dict):
        raise type_error(key, "a table", value)
    switches = {name: switch(f"{key}.{name}", value.get(name, False)) for name in CI_SWITCHES}
    unknown = list(_others(key, value, (*CI_SWITCHES, *CI_TEXTS, *CI_PLATFORMS)))
    platforms = []
    for name in CI_PLATFORMS:
        if name in value:
            platform, others = _ci_platform(f"{key}.{name}", name, value[name])
            platforms.append(platform)
            unknown += others
    return CiOptions(
        publishing_environment=_optional_text(key, value, "publishing-environment"),
        args=_optional_text(key, value, "args"),
        platforms=tuple(platforms),
        unknown=tuple(unknown),
        **{name.replace("-", "_"): switches[name] for name in CI_SWITCHES},
    )


def _ci_platform(key: str, name: str, value: object) -> tuple[CiPlatform, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise type_error(key, "a table", value)
    if "targets" in value and "target" in value:
        raise ConfigError(f"{key} has both `targets` and `target`", hint="keep one of them in pyproject.toml")
    unknown = list(_others(key, value, (*CI_SETTINGS, "targets", "target")))
    targets = [CiTarget(arch=arch) for arch in texts(f"{key}.targets", value.get("targets", []))]
    for at, item in enumerate(_items(f"{key}.target", value.get("target", []))):
        place = f"{key}.target[{at}]"
        if not isinstance(item, dict) or "arch" not in item:
            raise type_error(place, "a table with an `arch`", item)
        unknown += _others(place, item, (*CI_SETTINGS, "arch"))
        targets.append(CiTarget(arch=text(f"{place}.arch", item["arch"]), settings=_ci_settings(place, item)))
    if not targets and ("targets" in value or "target" in value):
        raise ConfigError(f"{key} has an empty list of targets", hint="remove it for the usual ones, or name some")
    return CiPlatform(name=name, targets=tuple(targets), settings=_ci_settings(key, value)), tuple(unknown)


def _ci_settings(key: str, table: Mapping[str, Any]) -> CiSettings:
    return CiSettings(**{name.replace("-", "_"): _optional_text(key, table, name) for name in CI_SETTINGS})


def _others(key: str, table: Mapping[str, Any], known: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{key}.{name}" for name in table if name not in known)


PARSERS: Mapping[str, Callable[[str, object], Any]] = {
    "features": features,
    "include": include,
    "exclude": exclude,
    "targets": targets,
    "target_options": target_options,
    "sbom": sbom,
    "licenses": licenses,
    "artifacts": artifacts,
    "optional": optional,
    "generate_ci": generate_ci,
}


def type_error(key: str, expected: str, found: object) -> ConfigError:
    """Return the error for a value of the wrong type."""
    return ConfigError(f"{key} must be {expected}, found {describe(found)}", hint=f"correct `{key}` in pyproject.toml")


def _items(key: str, value: object) -> list[Any]:
    if not isinstance(value, list):
        raise type_error(key, "a list", value)
    return value


def _table(key: str, value: object, *, required: tuple[str, ...], optional: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise type_error(key, "a string or a table" if required else "a table", value)
    for name in required:
        if name not in value:
            raise ConfigError(f"{key} has no `{name}`", hint=f"add `{name}` to this table in pyproject.toml")
    unknown = sorted(set(value) - set(required) - set(optional))
    if unknown:
        known = ", ".join((*required, *optional))
        raise ConfigError(f"{key} has an unknown key `{unknown[0]}`", hint=f"the keys are {known}")
    return value


def _formats(key: str, table: Mapping[str, Any]) -> tuple[ArchiveFormat, ...]:
    if "format" not in table:
        return BOTH_FORMATS
    chosen = words(f"{key}.format", table["format"])
    for name in chosen:
        if name not in get_args(ArchiveFormat):
            raise type_error(f"{key}.format", "sdist, wheel or a list of both", name)
    return tuple(known for known in BOTH_FORMATS if known in chosen)


def _include(key: str, item: object) -> Include:
    if isinstance(item, str):
        return Include(path=item)
    table = _table(key, item, required=("path",), optional=("format", "from", "to", "crate_name", "crate-name"))
    path = text(f"{key}.path", table["path"])
    if "from" not in table:
        return Include(path=path, formats=_formats(key, table))
    if table["from"] != "out-dir":
        raise type_error(f"{key}.from", '"out-dir"', table["from"])
    if "to" not in table:
        raise ConfigError(f"{key} has no `to`", hint="set `to` to the folder in the wheel")
    crate = table.get("crate-name", table.get("crate_name"))
    return Include(
        path=path,
        formats=("wheel",),
        from_out_dir=True,
        to=_folder_of_wheel(f"{key}.to", table["to"]),
        crate=None if crate is None else text(f"{key}.crate-name", crate),
    )


def _folder_of_wheel(key: str, value: object) -> str:
    folder = text(key, value)
    path = PurePosixPath(folder)
    if path.is_absolute() or ".." in path.parts or CONTROL.search(folder):
        raise type_error(key, "a folder of the wheel, such as the package", value)
    return folder


def _feature(key: str, item: object) -> Feature:
    if isinstance(item, str):
        return Feature(name=item)
    table = _table(key, item, required=("feature",), optional=("python-version", "python-implementation"))
    return Feature(
        name=text(f"{key}.feature", table["feature"]),
        python_version=_optional_text(key, table, "python-version"),
        python_implementation=_optional_text(key, table, "python-implementation"),
    )


def _optional_text(key: str, table: Mapping[str, Any], name: str) -> str | None:
    return text(f"{key}.{name}", table[name]) if name in table else None
