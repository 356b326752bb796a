"""Where cargo's profile and the flags for rustc put debug information: https://doc.rust-lang.org/rustc/codegen-options/."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cratewheel.cargo import profiles
from cratewheel.cargo.command import config_values, profile_name
from cratewheel.cargo.config import Setting
from cratewheel.options.model import Options
from cratewheel.project.cargo_metadata import CargoAnswer, cargo_options
from cratewheel.system import toml
from cratewheel.targets import toolchain

VARIABLES = ("CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS")  # the first that is set hides the other, and cargo's configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitDebuginfo:
    """The setting of cargo's profile, and that of the flags for every crate: rustc takes these, where both are set."""

    profile: Setting | None = None
    flags: Setting | None = None


def read_split_debuginfo(answer: CargoAnswer, options: Options, environ: Mapping[str, str]) -> SplitDebuginfo:
    """Return the settings for the crate of the project; cargo itself reports errors of the files."""
    config = config_values(options.config, options.cargo_extra_args)
    manifest = answer.cargo.workspace_root / "Cargo.toml"
    of_profile = profiles.setting(
        "split-debuginfo",
        profile_name(cargo_options(options, answer.triple)),
        answer.cargo.root_package.name,
        manifest=manifest,
        document=toml.load_file(manifest) if manifest.is_file() else {},
        flags=config,
        environ=environ,
        cwd=answer.cwd,
    )
    variable = next((name for name in VARIABLES if environ.get(name)), None)
    if variable is not None:
        flags = [Setting(value=tuple(environ[variable].replace("\x1f", " ").split()), origin=variable)]
    else:
        flags = list(toolchain.rustflags(answer.target.slices[-1], config, environ, answer.cwd))
    found = [Setting(value=value, origin=one.origin) for one in flags if (value := chosen(one.value)) is not None]
    return SplitDebuginfo(profile=of_profile, flags=found[-1] if found else None)


def chosen(words: Iterable[str]) -> str | None:
    """Return the value of `-C split-debuginfo` in arguments for rustc, which takes the last.

    >>> chosen(("-C", "split-debuginfo=off", "-Csplit-debuginfo=packed"))
    'packed'
    """
    found = re.findall(r"split-debuginfo=(\w+)", " ".join(words))
    return found[-1] if found else None
