"""Cargo's configuration files: where they are, and what they say that is not for cargo alone.

https://doc.rust-lang.org/cargo/reference/config.html
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cratewheel import toml
from cratewheel.errors import ConfigError


def files(environ: Mapping[str, str], folder: Path) -> Iterator[Path]:
    """Yield the configuration files that count in a folder, the nearest first."""
    home = Path(environ.get("CARGO_HOME") or Path(environ.get("HOME", "/")) / ".cargo")
    for place in (*(above / ".cargo" for above in (folder, *folder.parents)), home):
        for name in ("config.toml", "config"):
            if (place / name).is_file():
                yield place / name
                break


def content(path: Path) -> Mapping[str, Any]:
    """Return what a configuration file holds: nothing, where it is damaged, as cargo will say."""
    try:
        return toml.load(path)
    except ConfigError:
        return {}


def build_jobs(flags: tuple[str, ...], environ: Mapping[str, str], folder: Path) -> int | str | None:
    """Return the setting `build.jobs`, as it is written: from `--config`, a variable or a file, in cargo's order."""
    given = (_jobs(_given(flag, folder)) for flag in reversed(flags))
    variable = environ.get("CARGO_BUILD_JOBS") or None
    of_files = (_jobs(content(path)) for path in files(environ, folder))
    return next((value for values in (given, (variable,), of_files) for value in values if value is not None), None)


def _given(flag: str, folder: Path) -> Mapping[str, Any]:
    """Return what `--config` was given: a file, or a setting in TOML."""
    path = folder / flag
    if os.path.isfile(path):  # noqa: PTH113  # what is no name of a file is none here, and an error of `Path.is_file`
        return content(path)
    try:
        return toml.loads(flag)
    except ValueError:
        return {}


def _jobs(table: Mapping[str, Any]) -> int | str | None:
    build = table.get("build")
    jobs = build.get("jobs") if isinstance(build, Mapping) else None
    return jobs if isinstance(jobs, (int, str)) else None
