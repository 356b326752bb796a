"""What cargo's configuration says, wherever that is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel import cargo_config


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a crate with configuration in its own folder, in the one around it, and in cargo's home."""
    crate = tmp_path / "work" / "crate"
    for place, text in ((crate, "[term]\nquiet = true\n"), (crate.parent, "[build]\njobs = 3\n")):
        (place / ".cargo").mkdir(parents=True)
        (place / ".cargo" / "config.toml").write_text(text, encoding="utf-8")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "config").write_text("[build]\njobs = 4\n", encoding="utf-8")
    (tmp_path / "own.toml").write_text("build.jobs = 5\n", encoding="utf-8")
    return crate


@pytest.mark.parametrize(
    ("flags", "variables", "expected"),
    [
        ((), {}, 3),
        ((), {"CARGO_BUILD_JOBS": "2"}, "2"),
        (("build.jobs=1",), {"CARGO_BUILD_JOBS": "2"}, 1),
        (("build.jobs=1", 'build.jobs="default"', "term.quiet=true"), {}, "default"),
        (("../../own.toml",), {}, 5),
        (("not toml",), {}, 3),
        (("build=1",), {}, 3),
        (("build.rustflags = [" + '"-g", ' * 900 + "]",), {}, 3),
        (("build.jobs = 1\0",), {}, 3),
    ],
)
def test_the_setting_comes_from_the_first_that_has_it(
    folder: Path, tmp_path: Path, flags: tuple[str, ...], variables: dict[str, str], expected: object
) -> None:
    environ = {"CARGO_HOME": str(tmp_path / "home"), **variables}
    assert cargo_config.build_jobs(flags, environ, folder) == expected


def test_cargos_home_counts_last_and_nothing_may_be_said(tmp_path: Path, folder: Path) -> None:
    assert cargo_config.build_jobs((), {"CARGO_HOME": str(tmp_path / "home")}, tmp_path) == 4
    assert cargo_config.build_jobs((), {"CARGO_HOME": str(tmp_path)}, tmp_path) is None
    (folder / ".cargo" / "config.toml").write_text("[build", encoding="utf-8")
    assert cargo_config.build_jobs((), {"CARGO_HOME": str(tmp_path)}, folder) == 3
