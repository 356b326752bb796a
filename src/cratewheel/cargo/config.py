"""Cargo's configuration: its files, and the settings that we need too.

`cargo config` is unstable, so the configuration is read here, in cargo's order: `--config`, then variables, then files,
the nearest first. See https://doc.rust-lang.org/cargo/reference/config.html. Invalid files are skipped: cargo reports
them itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Literal, get_args

from cratewheel.errors import ConfigError
from cratewheel.system import toml
from cratewheel.system.files import is_file

NAMES = ("config", "config.toml")  # if a folder has both, cargo uses the first
TOOLCHAIN_NAMES = ("rust-toolchain", "rust-toolchain.toml")  # of rustup, in the same folders
EDITOR_VARIABLES = (  # written by `cratewheel ide` for cargo and editors; builds set their own
    "PYO3_BUILD_EXTENSION_MODULE",
    "PYO3_CONFIG_FILE",
    "PYO3_ENVIRONMENT_SIGNATURE",
    "PYO3_PYTHON",
    "PYTHON_SYS_EXECUTABLE",
)


When = Literal["auto", "always", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One source of configuration: a file, or a value of `--config`.

    Relative paths in it are relative to `folder`.
    """

    table: Mapping[str, Any]
    origin: str
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The raw value of a key, and its strongest source: a variable, `--config` or a file."""

    value: Any
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalSettings:
    """The table `[term]`, as far as it counts for our messages too; None is a key that is not set, or not valid."""

    quiet: bool | None = None
    color: When | None = None
    progress: When | None = None


def layers(flags: Sequence[str], environ: Mapping[str, str], cwd: Path) -> Iterator[Layer]:
    """Yield the configuration of a cargo that starts in `cwd` with the `--config` values `flags`, the strongest first.

    Variables, which rank between `--config` and files, are not included.
    """
    yield from _command_line_layers(flags, cwd)
    yield from _file_layers(environ, cwd)


def setting(key: str, flags: Sequence[str], environ: Mapping[str, str], cwd: Path) -> Setting | None:
    """Return the value of a dotted key, or None; lists from several sources are joined, the strongest last."""
    variable = f"CARGO_{key.upper().replace('.', '_').replace('-', '_')}"
    value = environ.get(variable)
    of_variable = [Setting(value=value, origin=variable)] if value else []
    found = [*_values(key, _command_line_layers(flags, cwd)), *of_variable, *_values(key, _file_layers(environ, cwd))]
    if not any(isinstance(one.value, list) for one in found):
        return found[0] if found else None
    lists = (one.value if isinstance(one.value, list) else str(one.value).split() for one in reversed(found))
    return Setting(value=list(chain.from_iterable(lists)), origin=found[0].origin)


def files(environ: Mapping[str, str], cwd: Path) -> Iterator[Path]:
    """Yield the configuration files that apply in a folder, the nearest first, without included files."""
    user = environ.get("HOME") or environ.get("USERPROFILE") or "/"
    home = cwd / environ["CARGO_HOME"] if environ.get("CARGO_HOME") else Path(user, ".cargo")
    for place in dict.fromkeys((*(above / ".cargo" for above in (cwd, *cwd.parents)), home)):
        path = next((place / name for name in NAMES if (place / name).is_file()), None)
        if path is not None:
            yield path


def local_crates(environ: Mapping[str, str], cwd: Path) -> Iterator[tuple[Path, Path]]:
    """Yield the configuration files that name crates in `[patch]` or `paths`, each with the folder of such a crate.

    A folder of `paths` may also be one that crates are in.
    See https://doc.rust-lang.org/cargo/reference/overriding-dependencies.html.
    """
    for layer in _file_layers(environ, cwd):
        patches = layer.table.get("patch", {})
        tables = patches.values() if isinstance(patches, Mapping) else ()
        found = [name for table in tables if isinstance(table, Mapping) for name in _paths(table.values())]
        overrides = layer.table.get("paths", [])
        found += [name for name in overrides if isinstance(name, str)] if isinstance(overrides, list) else []
        yield from ((Path(layer.origin), Path(os.path.normpath(layer.folder / name))) for name in found)


def local_sources(environ: Mapping[str, str], cwd: Path) -> Iterator[tuple[Path, Path]]:
    """Yield the configuration files that take crates from a folder, each with the folder.

    See https://doc.rust-lang.org/cargo/reference/source-replacement.html.
    """
    for layer in _file_layers(environ, cwd):
        sources = layer.table.get("source", {})
        for source in sources.values() if isinstance(sources, Mapping) else ():
            for key in ("directory", "local-registry"):
                name = source.get(key) if isinstance(source, Mapping) else None
                if isinstance(name, str):
                    yield Path(layer.origin), Path(os.path.normpath(layer.folder / name))


def _paths(dependencies: Iterable[object]) -> Iterator[str]:
    for dependency in dependencies:
        path = dependency.get("path") if isinstance(dependency, Mapping) else None
        if isinstance(path, str):
            yield path


def check_regular(cwd: Path) -> None:
    """Raise `ConfigError` for a pipe, a socket or a device at the path of a file that cargo or rustup reads.

    Cargo would hang on it.
    """
    for place in (cwd, *cwd.parents):
        for path in (*(place / ".cargo" / name for name in NAMES), *(place / name for name in TOOLCHAIN_NAMES)):
            is_file(path)


def find_unread(folders: Iterable[Path], environ: Mapping[str, str], cwd: Path) -> tuple[Path, ...]:
    """Return the configuration and toolchain files in `folders` that do not apply to programs started in `cwd`."""
    elsewhere = [folder for folder in dict.fromkeys(folders) if folder not in (cwd, *cwd.parents)]
    places = [folder / ".cargo" / name for folder in elsewhere for name in NAMES]
    found = [place for place in places if place.is_file() and not is_for_editors(place)]
    if not environ.get("RUSTUP_TOOLCHAIN"):
        found += [folder / name for folder in elsewhere for name in TOOLCHAIN_NAMES if (folder / name).is_file()]
    read = set(files(environ, cwd))
    return tuple(path for path in found if path not in read)


def is_for_editors(path: Path) -> bool:
    """Return whether a configuration has nothing but the variables that `cratewheel ide` writes."""
    try:
        table = toml.load_file(path)
    except ConfigError:
        return False
    variables = table.get("env")
    return table.keys() == {"env"} and isinstance(variables, Mapping) and variables.keys() <= {*EDITOR_VARIABLES}


def build_jobs(flags: Sequence[str], environ: Mapping[str, str], cwd: Path) -> int | str | None:
    """Return the raw value of `build.jobs`."""
    found = setting("build.jobs", flags, environ, cwd)
    return found.value if found is not None and isinstance(found.value, (int, str)) else None


def build_targets(flags: Sequence[str], environ: Mapping[str, str], cwd: Path) -> tuple[tuple[str, ...], str] | None:
    """Return the triples of `build.target` and where they are set, or None."""
    found = setting("build.target", flags, environ, cwd)
    if found is None:
        return None
    values = found.value if isinstance(found.value, list) else [found.value]
    triples = tuple(dict.fromkeys(word for value in values if isinstance(value, str) for word in value.split()))
    return (triples, found.origin) if triples else None


def terminal_settings(flags: Sequence[str], environ: Mapping[str, str], cwd: Path) -> TerminalSettings:
    """Return how much cargo shows on a terminal, from `[term]` and the variables CARGO_TERM_…; cargo reports mistakes.

    See https://doc.rust-lang.org/cargo/reference/config.html#term.
    """
    quiet = setting("term.quiet", flags, environ, cwd)
    return TerminalSettings(
        quiet={"true": True, "false": False}.get(str(quiet.value).lower()) if quiet is not None else None,
        color=_when("term.color", flags, environ, cwd),
        progress=_when("term.progress.when", flags, environ, cwd),
    )


def _when(key: str, flags: Sequence[str], environ: Mapping[str, str], cwd: Path) -> When | None:
    found = setting(key, flags, environ, cwd)
    return next((word for word in get_args(When) if found is not None and found.value == word), None)


def _command_line_layers(flags: Sequence[str], cwd: Path) -> Iterator[Layer]:
    for flag in reversed(flags):
        path = cwd / flag
        if flag and os.path.isfile(path):  # noqa: PTH113  # Path.is_file raises for text that cannot be a file name
            yield from _read_with_includes(path, "--config ")
            continue
        try:
            table = toml.parse(flag)
        except ValueError:
            continue
        yield Layer(table=table, origin="--config", folder=cwd)
        yield from _include(table, cwd, "--config ", frozenset())


def _file_layers(environ: Mapping[str, str], cwd: Path) -> Iterator[Layer]:
    for path in files(environ, cwd):
        yield from _read_with_includes(path, "")


def _read_with_includes(path: Path, origin: str, above: frozenset[Path] = frozenset()) -> Iterator[Layer]:
    """Yield the layer of a file, then those of the files that it includes."""
    try:
        table = toml.load_file(path)
    except ConfigError:
        return
    yield Layer(table=table, origin=f"{origin}{path}", folder=path.parent.parent)
    yield from _include(table, path.parent, origin, above | {path})


def _include(table: Mapping[str, Any], folder: Path, origin: str, above: frozenset[Path]) -> Iterator[Layer]:
    """Yield the layers of the files that `include` names, the last first, as cargo 1.94 and later read them."""
    include = table.get("include", [])
    for item in reversed(include if isinstance(include, list) else [include]):
        name = item.get("path") if isinstance(item, Mapping) else item
        path = folder / name if isinstance(name, str) else folder
        if os.path.isfile(path) and path not in above:  # noqa: PTH113  # as in `_command_line_layers`
            yield from _read_with_includes(path, origin, above)


def _values(key: str, found: Iterator[Layer]) -> Iterator[Setting]:
    *parents, last = key.split(".")
    for layer in found:
        table: object = layer.table
        for name in parents:
            table = table.get(name) if isinstance(table, Mapping) else None
        if isinstance(table, Mapping) and table.get(last) is not None:
            yield Setting(value=table[last], origin=layer.origin)
