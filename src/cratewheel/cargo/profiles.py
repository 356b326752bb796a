"""Settings of cargo's profiles: `Cargo.toml` of the workspace, and cargo's configuration, which counts more.

See https://doc.rust-lang.org/cargo/reference/profiles.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cratewheel.cargo import config as cargo_config
from cratewheel.cargo.config import Setting

BUILT_IN = {"test": "dev", "bench": "release", "release": None, "dev": None}


def setting(
    key: str, profile: str, package: str, *, manifest: Path, document: Mapping[str, Any],
    flags: Sequence[str], environ: Mapping[str, str], cwd: Path,
) -> Setting | None:  # fmt: skip
    """Return the value of `key` in a profile for the crate `package`, and where it is set; None without one.

    A profile has the values of the one that it inherits from; those for a package count more than both. `document` is
    the workspace's `manifest`, `flags` the values of `--config`.
    """

    def find(dotted: str) -> Setting | None:
        found = cargo_config.setting(dotted, flags, environ, cwd)
        if found is not None:
            return found
        value: object = document
        for name in dotted.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        return None if value is None else Setting(value=value, origin=str(manifest))

    names = tuple(_with_inherited(profile, find))
    dotted = [f"profile.{name}.package.{package}.{key}" for name in names] + [f"profile.{name}.{key}" for name in names]
    return next((found for one in dotted if (found := find(one)) is not None), None)


def _with_inherited(profile: str, find: Any) -> Iterator[str]:
    """Yield a profile and those that it inherits from, the nearest first."""
    seen: set[str] = set()
    name: object = profile
    while isinstance(name, str) and name not in seen:
        seen.add(name)
        yield name
        if name in BUILT_IN:
            name = BUILT_IN[name]
        else:
            parent = find(f"profile.{name}.inherits")
            name = parent.value if parent is not None else None
