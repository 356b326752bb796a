"""Merges flags, variables, keys and defaults into `Options`; each value records its origin."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cratewheel.errors import ConfigError, UsageError, did_you_mean, with_suggestion
from cratewheel.options import hooks, tables
from cratewheel.options.model import Options, settings
from cratewheel.options.publishing import PublishOptions
from cratewheel.options.setting import Setting
from cratewheel.options.tool_tables import ToolTables
from cratewheel.options.values import Feature, Origin
from cratewheel.system.toml import describe

Flags = Mapping[str, Any]  # field of `Options` → what was given on the command line; absent when it was not

PARSERS: Mapping[str, Callable[[str, object], Any]] = {**tables.PARSERS, "hooks": hooks.hooks}
TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
MOST_SHOWN = 20  # unknown keys: comparing each with every setting takes its time
FALSE_WORDS = frozenset({"", "0", "false", "no", "off"})

# Pairs that cannot both be given on the command line: the second contradicts the first.
CONFLICTS = (
    ("release", "profile"),
    ("interpreter", "find_interpreter"),
    ("auditwheel", "skip_auditwheel"),
    ("only_abi3", "no_abi3"),
    ("pure", "require_rust"),
    ("pure", "prebuilt"),
    ("pure", "pgo"),
    ("pure", "abi"),
    ("pure", "only_abi3"),
)


def resolve(
    flags: Flags,
    *,
    environ: Mapping[str, str],
    tools: ToolTables | None,
    defaults: Mapping[str, Any] = MappingProxyType({}),
    overrides: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[Options, list[str]]:
    """Return the options, and warnings about unknown keys in `[tool.maturin]`.

    `defaults` count where nothing else says anything, `overrides` whatever the others say; no origin is kept of them.
    Raises `UsageError` for a bad flag or variable, `ConfigError` for a bad value or an unknown key of
    `[tool.cratewheel]`.
    """
    model = settings(Options)
    _refuse_conflicts(flags, model)
    warnings = check_keys(tools)
    found = _values(model, flags, environ, tools)
    values = {**defaults, **{name: value for name, (value, _) in found.items()}}
    origins = {name: origin for name, (_, origin) in found.items()}
    kept = {name: origin for name, origin in origins.items() if name not in overrides}
    return Options(**{**values, **overrides}, origins=MappingProxyType(kept)), warnings


def resolve_publish(flags: Flags, environ: Mapping[str, str]) -> tuple[PublishOptions, Mapping[str, Origin]]:
    """Return the options of `publish` and `upload`, and where those that are given come from; raises `UsageError`."""
    found = _values(settings(PublishOptions), flags, environ, None)
    options = PublishOptions(**{name: value for name, (value, _) in found.items()})
    if options.debug and flags.get("profile"):
        raise UsageError("--debug and --profile cannot be used together", hint="remove one of them")
    return options, {name: origin for name, (_, origin) in found.items()}


def _values(
    model: Mapping[str, Setting], flags: Flags, environ: Mapping[str, str], tools: ToolTables | None
) -> dict[str, tuple[Any, Origin]]:
    """Return the value of each setting that is given somewhere, and where."""
    found = {
        name: _from_flags(name, setting, flags) or _from_variables(setting, environ) or _from_keys(name, setting, tools)
        for name, setting in model.items()
    }
    return {name: value for name, value in found.items() if value}


def check_keys(tools: ToolTables | None) -> list[str]:
    """Return a warning for each unknown key in `[tool.maturin]`, with the most similar known one.

    There is one too for a table that counts for nothing beside one of `[tool.cratewheel]`. Raises `ConfigError` for an
    unknown key in the latter, and in the table of the hook for hatchling.
    """
    if tools is None:
        return []
    _refuse_unknown(_unknown_keys(tools.hook), tools.hook_place, tools.path)
    _refuse_unknown(_unknown_keys(tools.cratewheel), "tool.cratewheel", tools.path)
    unknown = _unknown_keys(tools.maturin)
    warnings = [
        with_suggestion(f"tool.maturin.{place} in {tools.path} is not a setting and has no effect", key, known)
        for place, key, known in unknown[:MOST_SHOWN]
    ]
    more = len(unknown) - MOST_SHOWN
    if more > 0:
        warnings.append(f"{more} more keys of tool.maturin in {tools.path} are not settings")
    return warnings + [
        f"tool.maturin.{key} in {tools.path} has no effect beside tool.cratewheel.{key}, which replaces all of it"
        for key, value in tools.maturin.items()
        if isinstance(value, dict) and value != tools.cratewheel.get(key, value)
    ]


def _unknown_keys(table: Mapping[str, Any]) -> list[tuple[str, str, Sequence[str]]]:
    """Return the unknown keys of a table and of those in it: the dotted place of each, its name, and the known ones."""
    known = sorted(key for setting in settings().values() for key in _keys(setting))
    inside = ((f"{place}.{key}", key, names) for place, key, names in tables.unknown_inside(table))
    return [*((key, key, known) for key in table if key not in known), *inside]


def _refuse_unknown(unknown: list[tuple[str, str, Sequence[str]]], table: str, path: Path) -> None:
    """Raise `ConfigError` that names all unknown keys of a table, if there are any."""
    if not unknown:
        return
    (place, first, known), *others = unknown
    raise ConfigError(
        f"{table}.{place} in {path} is not a setting",
        notes=tuple(with_suggestion(f"neither is {where}", key, names) for where, key, names in others[:MOST_SHOWN]),
        hint=did_you_mean(first, known) or "see the list of settings in the documentation",
    )


def _refuse_conflicts(flags: Flags, model: Mapping[str, Setting]) -> None:
    for first, second in CONFLICTS:
        if flags.get(first) and flags.get(second):
            names = [model[name].flags[-1] for name in (first, second)]
            raise UsageError(f"{names[0]} and {names[1]} cannot be used together", hint="remove one of them")


def _from_flags(name: str, setting: Setting, flags: Flags) -> tuple[Any, Origin] | None:
    if name not in flags:
        return None
    flag = "arguments after --" if setting.kind == "rest" else setting.flags[-1]
    value = flags[name]
    if name == "features":
        value = tuple(Feature(name=word) for item in value for word in re.split(r"[,\s]+", item) if word)
    elif setting.kind == "shell":
        value = tuple(word for item in value for word in split_argv(item, flag))
    elif setting.kind in ("list", "words", "rest"):
        value = tuple(value)
    elif setting.kind == "toggle":
        value = _parse_toggle(value, flag)
    elif setting.kind == "path":
        value = Path(value)
    return value, Origin(kind="flag", name=flag)


def _from_variables(setting: Setting, environ: Mapping[str, str]) -> tuple[Any, Origin] | None:
    for variable in setting.variables:
        value = environ.get(variable)
        if value is None or (not value and setting.kind != "toggle"):
            continue
        parsed: object = value
        if setting.kind in ("toggle", "switch"):
            parsed = _parse_toggle(value, f"the variable {variable}")
        elif setting.kind == "list":
            parsed = tuple(value.split())
        return parsed, Origin(kind="variable", name=variable)
    return None


def _from_keys(name: str, setting: Setting, tools: ToolTables | None) -> tuple[Any, Origin] | None:
    found = tools.find(_keys(setting)) if tools is not None else None
    if found is None:
        return None
    place, value = found
    return _parse_key(name, setting, place, value), Origin(kind="key", name=place)


def _parse_key(name: str, setting: Setting, place: str, value: object) -> object:
    if name in PARSERS:
        return PARSERS[name](place, value)
    match setting.kind:
        case "switch" | "toggle":
            return tables.switch(place, value)
        case "words":
            return tables.words(place, value)
        case "shell":
            return tuple(word for item in tables.words(place, value) for word in split_argv(item, place))
        case "list" | "rest":
            return tables.texts(place, value)
        case "path":
            return Path(tables.text(place, value))
        case _:
            word = tables.text(place, value)
            if setting.choices and word not in setting.choices:
                raise ConfigError(
                    f"{place} must be one of {', '.join(setting.choices)}, found {describe(word)}",
                    hint=did_you_mean(word, setting.choices),
                )
            return word


def split_argv(text: str, place: str) -> tuple[str, ...]:
    """Return the arguments in `text`, split as by a POSIX shell; raises `UsageError` naming `place` for open quotes.

    >>> split_argv("--cfg 'a b'", "--rustc-extra-args")
    ('--cfg', 'a b')
    """
    import shlex  # seldom needed

    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        # the text itself may hold a token
        raise UsageError(f"{place} cannot be split into arguments: {error}", hint="close the quotes") from error


def _parse_toggle(value: str, place: str) -> bool:
    word = value.lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise UsageError(f"{place} must be true or false, found {value!r}")


def _keys(setting: Setting) -> tuple[str, ...]:
    return (setting.key, *setting.key_aliases) if setting.key else ()
