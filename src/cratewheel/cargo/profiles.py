"""Settings of cargo's profiles: `Cargo.toml` of the workspace, and cargo's configuration, which counts more.

See https://doc.rust-lang.org/cargo/reference/profiles.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cratewheel.cargo import config as cargo_config
from cratewheel.cargo.config import Setting
from cratewheel.errors import ConfigError, did_you_mean

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


def defined(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of cargo's profiles and those of a workspace's manifest."""
    own = document.get("profile")
    return (*BUILT_IN, *(own if isinstance(own, Mapping) else ()))


def check_defined(
    profile: str, document: Mapping[str, Any], flags: Sequence[str], environ: Mapping[str, str], cwd: Path
) -> None:
    """Raise `ConfigError` for a profile that neither cargo, the workspace's manifest nor a configuration defines."""
    known = defined(document)
    if profile in known or cargo_config.setting(f"profile.{profile}.inherits", flags, environ, cwd) is not None:
        return
    near = "did you mean `dev`?" if profile == "debug" else did_you_mean(profile, known)
    raise ConfigError(
        f"cargo's profile `{profile}` is not defined",
        hint=near or f"the profiles are {', '.join(known)}; [profile.{profile}] in Cargo.toml adds one",
    )


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
