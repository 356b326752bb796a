"""Settings of cargo's profiles, wherever they are written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from cratewheel.cargo import profiles
from cratewheel.cargo.config import Setting
from cratewheel.cargo.profiles import check_defined
from cratewheel.errors import ConfigError
from cratewheel.system import toml

MANIFEST = """\
[profile.dev]
split-debuginfo = "unpacked"
[profile.dist]
inherits = "release"
[profile.own]
inherits = "dev"
split-debuginfo = "packed"
[profile.own.package.other]
split-debuginfo = "off"
[profile.bench.package.px]
split-debuginfo = "off"
[profile.circle]
inherits = "circle"
"""


def ask(
    tmp_path: Path, profile: str, flags: tuple[str, ...] = (), environ: Mapping[str, str] | None = None
) -> Setting | None:
    return profiles.setting(
        "split-debuginfo", profile, "px", manifest=Path("Cargo.toml"), document=toml.parse(MANIFEST),
        flags=flags, environ={"CARGO_HOME": str(tmp_path / "home"), **(environ or {})}, cwd=tmp_path,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("profile", "value"),
    [
        ("dev", "unpacked"), ("test", "unpacked"), ("own", "packed"), ("bench", "off"),
        ("release", None), ("dist", None), ("circle", None), ("unknown", None),
    ],
)  # fmt: skip
def test_a_profile_has_what_it_inherits(tmp_path: Path, profile: str, value: str | None) -> None:
    assert ask(tmp_path, profile) == (None if value is None else Setting(value=value, origin="Cargo.toml"))


def test_configuration_counts_more_than_the_manifest(tmp_path: Path) -> None:
    (tmp_path / ".cargo").mkdir()
    file = tmp_path / ".cargo" / "config.toml"
    file.write_text('[profile.release]\nsplit-debuginfo = "packed"\n', encoding="utf-8")
    variable = {"CARGO_PROFILE_RELEASE_SPLIT_DEBUGINFO": "unpacked"}

    assert ask(tmp_path, "dist") == Setting(value="packed", origin=str(file))
    assert ask(tmp_path, "dist", environ=variable) == Setting(value="unpacked", origin=next(iter(variable)))
    flag = 'profile.release.split-debuginfo="off"'
    assert ask(tmp_path, "dist", (flag,), variable) == Setting(value="off", origin="--config")
    assert ask(tmp_path, "own", environ=variable) == Setting(value="packed", origin="Cargo.toml")


@pytest.mark.parametrize("profile", ["release", "dev", "small", "mine", "bench"])
def test_profiles_of_cargo_the_manifest_and_a_configuration_are_defined(tmp_path: Path, profile: str) -> None:
    (tmp_path / ".cargo").mkdir()
    (tmp_path / ".cargo" / "config.toml").write_text('[profile.mine]\ninherits = "dev"\n')
    check_defined(profile, {"profile": {"small": {"inherits": "release"}}}, (), {"HOME": str(tmp_path)}, tmp_path)


@pytest.mark.parametrize(
    ("profile", "hint"),
    [
        ("relese", "did you mean `release`?"),
        ("smal", "did you mean `small`?"),
        ("debug", "did you mean `dev`?"),
        ("x", "the profiles are test, bench, release, dev, small; [profile.x] in Cargo.toml adds one"),
    ],
)
def test_other_profiles_are_an_error(tmp_path: Path, profile: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_defined(profile, {"profile": {"small": {}}}, (), {"HOME": str(tmp_path)}, tmp_path)
    assert (caught.value.message, caught.value.hint) == (f"cargo's profile `{profile}` is not defined", hint)
