"""The providers that cratewheel has: `cratewheel.regex`, `cratewheel.readme` and `cratewheel.cargo-features`.

They read files of the project; what they return is as the protocol wants it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from cratewheel.cargo.manifest import Manifest
from cratewheel.errors import ConfigError, with_suggestion
from cratewheel.project.metadata import vcs
from cratewheel.project.metadata.dynamic import Provider
from cratewheel.project.metadata.fields import content_type, resolve_file
from cratewheel.system import files
from cratewheel.system.toml import describe

PREFIX = "cratewheel."
VERSION_REGEX = r"""(?i)^(__version__|VERSION)(?: ?: ?str)? *= *(['"])v?(?P<value>.+?)\2"""
MARKERS = ("start-after", "start-at", "end-before", "end-at", "pattern")
SETTINGS: Mapping[str, tuple[str, ...]] = {
    "cratewheel.vcs": vcs.SETTINGS,
    "cratewheel.regex": ("field", "input", "regex", "result", "remove"),
    "cratewheel.readme": ("content-type", "fragments", "substitutions"),
    "cratewheel.cargo-features": ("features", "requirements"),
}

Table = Mapping[str, Any]


def is_built_in(provider: Provider) -> bool:
    """Return whether a provider is one of ours; raises `ConfigError` for a name or a setting that none has."""
    if provider.path is not None or not provider.name.startswith(PREFIX):
        return False
    if provider.name not in SETTINGS:
        message = f"{provider.name}, the provider of {provider.where}, does not exist"
        raise ConfigError(
            with_suggestion(message, provider.name, SETTINGS), hint=f"cratewheel has {', '.join(SETTINGS)}"
        )
    for key in provider.settings:
        if key not in SETTINGS[provider.name]:
            raise ConfigError(
                with_suggestion(f"{key} in {provider.where} is no setting", key, SETTINGS[provider.name]),
                hint=f"{provider.name} has {', '.join(SETTINGS[provider.name])}",
            )
    if provider.name == "cratewheel.vcs":
        vcs.check_settings(provider.settings, provider.where)
    return True


def input_files(providers: Iterable[Provider], folder: Path) -> tuple[tuple[Path, str], ...]:
    """Return the files that our providers read, and the modules of local ones: a source distribution needs them.

    Each comes with what names it.
    """
    found = [
        (Path(os.path.normpath(folder / name)), f"{key} of {provider.where}")
        for provider in providers
        if is_built_in(provider)
        for key, name in _named_files(provider)
    ]
    found += [
        (path, f"provider of {provider.where}")
        for provider in providers
        if provider.path is not None
        for path in _module_files(provider.name, Path(os.path.normpath(folder / provider.path)), folder)
    ]
    return tuple(dict(found).items())


def _module_files(name: str, place: Path, folder: Path) -> tuple[Path, ...]:
    """Return the file of a local provider's module, or the files of its package."""
    module = place / re.split("[.:]", name)[0]
    file = module.with_name(f"{module.name}.py")
    return (file,) if files.is_file(file) else files.glob(module, "**/*.py", roots=files.project_roots(folder))


def _named_files(provider: Provider) -> Iterator[tuple[str, str]]:
    if provider.name == "cratewheel.regex":
        yield "input", _text(provider, "input")
    if provider.name == "cratewheel.readme":
        for at, fragment in enumerate(_tables(provider, "fragments")):
            if isinstance(name := fragment.get("path"), str):
                yield f"fragments[{at}].path", name


# -- regex


def regex(provider: Provider, folder: Path) -> dict[str, Any]:
    """Return the field that a regular expression finds in a file."""
    field = _text(provider, "field", "version")
    pattern = _text(provider, "regex", VERSION_REGEX if field == "version" else None)
    match = _compiled(provider, "regex", pattern, re.MULTILINE).search(_read(provider, "input", folder))
    if match is None:
        raise ConfigError(
            f"regex of {provider.where} matches nothing in {folder / provider.settings['input']}: {pattern}",
            hint="correct `regex` or `input`",
        )
    remove = _compiled(provider, "remove", _text(provider, "remove", ""), 0)

    def fill(text: str) -> str:
        try:
            filled = text.format(*match.groups(""), **match.groupdict(""))
        except (LookupError, ValueError, AttributeError) as error:
            raise ConfigError(
                f"result of {provider.where} names a group that regex does not have: {text!r}",
                hint="write `{name}` for the group `(?P<name>…)`",
            ) from error
        return remove.sub("", filled) if remove.pattern else filled

    return {field: _mapped(provider.settings.get("result", "{value}"), fill)}


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    match value:
        case str():
            return change(value)
        case list():
            return [_mapped(item, change) for item in value]
        case dict():
            return {change(key): _mapped(item, change) for key, item in value.items()}
    return value


# -- readme


def readme(provider: Provider, folder: Path) -> dict[str, Any]:
    """Return a readme of several pieces: texts, and files or parts of them."""
    fragments = _tables(provider, "fragments")
    if not fragments:
        raise ConfigError(
            f"{provider.where} has no fragments, of which the readme is made",
            hint='write `fragments = [{ path = "README.md" }, { path = "CHANGELOG.md", start-after = "## News" }]`',
        )
    text = "".join(_fragment(provider, at, fragment, folder) for at, fragment in enumerate(fragments))
    for at, substitution in enumerate(_tables(provider, "substitutions")):
        key = f"substitutions[{at}]"
        _check_table(provider, key, substitution, ("pattern", "replacement"))
        try:
            text = re.sub(substitution["pattern"], substitution["replacement"], text, flags=re.MULTILINE)
        except KeyError as error:
            raise ConfigError(
                f"{key} of {provider.where} has no {error.args[0]}", hint="it has `pattern` and `replacement`"
            ) from error
        except (re.error, IndexError) as error:
            raise ConfigError(
                f"{key} of {provider.where} is not valid: {error}", hint="see Python's `re.sub`"
            ) from error
    first = next((fragment["path"] for fragment in fragments if "path" in fragment), "README.md")
    kind = _text(provider, "content-type", content_type(PurePosixPath(first)))
    return {"readme": {"text": text, "content-type": kind}}


def _fragment(provider: Provider, at: int, fragment: Table, folder: Path) -> str:
    key = f"fragments[{at}]"
    _check_table(provider, key, fragment, ("text", "path", *MARKERS))
    if ("text" in fragment) == ("path" in fragment) or ("text" in fragment and len(fragment) > 1):
        raise ConfigError(
            f"{key} of {provider.where} must have either `text` alone, or `path`", hint="make two pieces of it"
        )
    if "text" in fragment:
        return str(fragment["text"])
    return _part(provider, key, fragment, folder)


def _part(provider: Provider, key: str, fragment: Table, folder: Path) -> str:
    """Return the part of a file between the markers."""
    text, path = _read_file(provider, f"{key}.path", fragment["path"], folder), folder / fragment["path"]

    def find(marker: str) -> int:
        place = text.find(fragment[marker])
        if place < 0:
            raise ConfigError(
                f"{marker} of {key}, {provider.where}, is {fragment[marker]!r}, which is not in {path}",
                hint="copy the text from the file",
            )
        return place

    # each is looked for in what the one before has left
    if "start-after" in fragment:
        text = text[find("start-after") + len(fragment["start-after"]) :]
    if "start-at" in fragment:
        text = text[find("start-at") :]
    if "end-before" in fragment:
        text = text[: find("end-before")]
    if "end-at" in fragment:
        text = text[: find("end-at") + len(fragment["end-at"])]
    if "pattern" not in fragment:
        return text
    match = _compiled(provider, f"{key}.pattern", fragment["pattern"], re.DOTALL).search(text)
    if match is None or not match.groups() or match[1] is None:
        raise ConfigError(
            f"pattern of {key}, {provider.where}, matches nothing in {path}",
            hint="the piece is what its first group `(…)` matches",
        )
    return match[1]


# -- cargo-features


def cargo_features(provider: Provider, manifest: Manifest) -> dict[str, Any]:
    """Return an extra for each feature of the crate, with the requirements of the features that it enables."""
    requirements = provider.settings.get("requirements", {})
    if not isinstance(requirements, dict) or not all(map(_is_texts, requirements.values())):
        raise ConfigError(
            f"requirements of {provider.where} must be a table of lists, found {describe(requirements)}",
            hint='write `requirements = { numpy = ["numpy>=1.26"] }`',
        )
    known = sorted(name for name in manifest.features if name != "default" and not name.startswith("_"))
    wanted = provider.settings.get("features", known)
    if not _is_texts(wanted):
        raise ConfigError(
            f"features of {provider.where} must be a list of strings, found {describe(wanted)}",
            hint='write `features = ["numpy"]`, or leave it out for all',
        )
    for name in (*wanted, *requirements):
        if name not in manifest.features:
            message = f"{name!r} of {provider.where} is no feature in {manifest.path}"
            raise ConfigError(with_suggestion(message, name, known), hint="add it to [features] there, or remove it")
    extras = {name: _enabled_by(name, manifest.features) for name in wanted}
    return {
        "optional-dependencies": {
            name: list(dict.fromkeys(text for feature in enabled for text in requirements.get(feature, ())))
            for name, enabled in extras.items()
        }
    }


def _enabled_by(name: str, features: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Return a feature and those of the same crate that it enables.

    >>> _enabled_by("all", {"all": ["numpy", "dep:serde", "x/y"], "numpy": ["base"], "base": [], "other": []})
    ('all', 'numpy', 'base')
    """
    found: dict[str, None] = {}
    waiting = [name]
    while waiting:
        feature = waiting.pop(0)
        if feature in features and feature not in found:
            found[feature] = None
            waiting += features[feature]
    return tuple(found)


# -- settings


def _text(provider: Provider, key: str, default: str | None = None) -> str:
    value = provider.settings.get(key, default)
    if value is None:
        raise ConfigError(f"{provider.where} has no {key}", hint=f"{provider.name} needs it")
    if not isinstance(value, str):
        raise ConfigError(f"{key} of {provider.where} must be a string, found {describe(value)}")
    return value


def _tables(provider: Provider, key: str) -> list[Table]:
    value = provider.settings.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ConfigError(f"{key} of {provider.where} must be an array of tables, found {describe(value)}")
    return value


def _check_table(provider: Provider, key: str, table: Table, known: tuple[str, ...]) -> None:
    for name, value in table.items():
        if name not in known:
            message = f"{name} in {key} of {provider.where} is no setting"
            raise ConfigError(with_suggestion(message, name, known), hint=f"there are {', '.join(known)}")
        if not isinstance(value, str):
            raise ConfigError(f"{key}.{name} of {provider.where} must be a string, found {describe(value)}")


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _compiled(provider: Provider, key: str, pattern: str, flags: int) -> re.Pattern[str]:
    try:
        return re.compile(pattern, flags)
    except re.error as error:
        raise ConfigError(
            f"{key} of {provider.where} is not a regular expression: {error}",
            hint="quote it with '…', where TOML leaves backslashes alone",
        ) from error


def _read(provider: Provider, key: str, folder: Path) -> str:
    return _read_file(provider, key, _text(provider, key), folder)


def _read_file(provider: Provider, key: str, name: str, folder: Path) -> str:
    where = f"{key} of {provider.where}"
    path = resolve_file(folder, name, where, roots=files.project_roots(folder))
    try:
        return files.read_text(path, files.project_roots(folder)).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}, {where}, is not UTF-8", hint="save it as UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{path}, {where}, cannot be read: {error.strerror}", hint="correct the path") from error
