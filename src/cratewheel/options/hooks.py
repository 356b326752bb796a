"""The tables `[[tool.cratewheel.hooks]]`: programs and functions of the project that make files for a build."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

from cratewheel.errors import ConfigError, did_you_mean
from cratewheel.options.tables import text, texts, type_error
from cratewheel.options.values import Hook, InSdist, Per, When
from cratewheel.system.files.globs import check_glob

KEYS = ("run", "python", "when", "per", "inputs", "outputs", "sdist")
FUNCTION = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
# before-compile makes sources: they are in the sdist unless it makes them again; before-pack needs a compiled file
IN_SDIST: Mapping[When, InSdist] = {"before-compile": "include", "before-pack": "regenerate", "sdist": "include"}
PER: Mapping[When, Per] = {"before-compile": "target", "before-pack": "wheel", "sdist": "target"}


def hooks(key: str, value: object) -> tuple[Hook, ...]:
    """Return the hooks of an array of tables; raises `ConfigError` for a table that cannot be meant."""
    if not isinstance(value, list):
        raise type_error(key, "an array of tables", value)
    return tuple(_hook(f"{key}[{at}]", item) for at, item in enumerate(value))


def _hook(key: str, item: object) -> Hook:
    if not isinstance(item, dict):
        raise type_error(key, "a table", item)
    unknown = [name for name in item if name not in KEYS]
    if unknown:
        raise ConfigError(
            f"{key} has an unknown key `{unknown[0]}`",
            hint=did_you_mean(unknown[0], KEYS) or f"the keys are {', '.join(KEYS)}",
        )
    if ("run" in item) == ("python" in item):
        raise ConfigError(
            f"{key} has {'both' if 'run' in item else 'neither'} `run` {'and' if 'run' in item else 'nor'} `python`",
            hint='write a command, `run = ["python", "codegen.py"]`, or a function, `python = "module:function"`',
        )
    when: When = _word(key, "when", item, get_args(When), "before-compile")
    if "per" in item and when == "sdist":
        raise ConfigError(f"{key} has `per`, and a source distribution is made once", hint="remove `per`")
    sdist: InSdist = _word(key, "sdist", item, get_args(InSdist), IN_SDIST[when])
    if when != "before-compile" and sdist != IN_SDIST[when]:
        raise ConfigError(
            f'{key} cannot have `sdist = "{sdist}"` with `when = "{when}"`',
            hint="it runs for the source distribution alone: remove `sdist`"
            if when == "sdist"
            else "nothing is compiled for a source distribution: remove `sdist`",
        )
    return Hook(
        run=_command(f"{key}.run", item["run"]) if "run" in item else (),
        python=_function(f"{key}.python", item["python"]) if "python" in item else None,
        when=when,
        per=_word(key, "per", item, get_args(Per), PER[when]),
        inputs=_globs(f"{key}.inputs", item.get("inputs", [])),
        outputs=_globs(f"{key}.outputs", item.get("outputs", [])),
        sdist=sdist,
    )


def _word(key: str, name: str, table: Mapping[str, Any], choices: tuple[str, ...], default: str) -> Any:
    word = text(f"{key}.{name}", table.get(name, default))
    if word not in choices:
        raise ConfigError(
            f"{key}.{name} must be one of {', '.join(choices)}, found {word!r}", hint=did_you_mean(word, choices)
        )
    return word


def _command(key: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        raise ConfigError(
            f"{key} must be a list of strings, found {value!r}",
            hint="no shell splits it: write the program and each argument as a string of its own",
        )
    words = texts(key, value)
    if not words or not words[0] or any("\0" in word for word in words):
        raise type_error(key, "a program and its arguments", value)
    return words


def _function(key: str, value: object) -> str:
    name = text(key, value)
    if not FUNCTION.fullmatch(name):
        raise type_error(key, "`module:function`, both of the project", value)
    return name


def _globs(key: str, value: object) -> tuple[str, ...]:
    found = texts(key, value)
    for pattern in found:
        try:
            check_glob(pattern)
        except ConfigError as error:
            raise ConfigError(f"{key}: {error.message}", hint=error.hint) from error
        if not pattern.strip("/") or pattern.endswith(("/", "/**")) or pattern == "**":
            folder = pattern.rstrip("/").removesuffix("**")
            raise ConfigError(
                f"{key}: the glob '{pattern}' matches folders only",
                hint=f"write '{folder.rstrip('/') + '/' if folder else ''}**/*' for the files in it",
            )
    return found
