"""What cargo's configuration says, wherever that is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.cargo import config as cargo_config
from cratewheel.cargo.config import TerminalSettings, terminal_settings


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


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("near", "far", "flags", "variable", "expected"),
    [
        ('target = "a"', "", (), None, (("a",), "{near}")),
        ("", 'target = "a"', (), None, (("a",), "{far}")),
        ('target = "a"', 'target = "b"', (), None, (("a",), "{near}")),
        ('target = "a"', "", (), "c", (("c",), "CARGO_BUILD_TARGET")),
        ('target = "a"', "", (), "", (("a",), "{near}")),
        ('target = "a"', "", ('build.target="d"',), "c", (("d",), "--config")),
        ('target = "a"', "", ('build.target="d"', 'build.target="e"'), None, (("e",), "--config")),
        ('target = "a"', "", ('build.target="d"', "own.toml"), None, (("own",), "--config {own}")),
        ('target = "a"', "", ("term.quiet=true",), None, (("a",), "{near}")),
        ('target = ["a", "b"]', "", (), None, (("a", "b"), "{near}")),
        ('target = ["a"]', 'target = ["b", "a"]', (), None, (("b", "a"), "{near}")),
        ('target = ["a"]', "", ('build.target=["d"]',), "c", (("a", "c", "d"), "--config")),
        ("target = []", "", (), None, None),
        ('target = ""', "", (), None, None),
        ("target = 1", "", (), None, None),
        ("jobs = 1", "", (), None, None),
        ('target = "a"\n[broken', 'target = "b"', (), None, (("b",), "{far}")),
    ],
)
def test_the_targets_are_those_that_cargo_would_build_for(
    tmp_path: Path, near: str, far: str, flags: tuple[str, ...], variable: str | None, expected: object
) -> None:
    cwd = tmp_path / "far" / "near"
    paths = {"near": cwd / ".cargo" / "config.toml", "far": cwd.parent / ".cargo" / "config.toml"}
    write(paths["near"], f"[build]\n{near}\n")
    write(paths["far"], f"[build]\n{far}\n")
    write(cwd / "own.toml", 'build.target = "own"\n')
    environ = {"CARGO_HOME": str(tmp_path / "home")}
    if variable is not None:
        environ["CARGO_BUILD_TARGET"] = variable
    found = cargo_config.build_targets(flags, environ, cwd)

    place = found[1].replace(str(paths["near"]), "{near}").replace(str(paths["far"]), "{far}") if found else ""
    place = place.replace(str(cwd / "own.toml"), "{own}")
    assert (found and (found[0], place)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('include = ["one.toml"]', "one"),
        ('include = ["one.toml", "two.toml"]', "two"),
        ('include = ["two.toml", { path = "one.toml", optional = true }]', "one"),
        ('include = ["one.toml", { path = "none.toml", optional = true }, "../none.toml"]', "one"),
        ('include = ["one.toml"]\nbuild.target = "self"', "self"),
        ('include = ["deep/er.toml"]', "deeper"),
        ('include = ["round.toml"]', "round"),
        ('include = [1, "a\\u0000b", []]', None),
        ("include = 1", None),
    ],
)
def test_a_file_includes_others_the_last_of_which_wins(tmp_path: Path, text: str, expected: str | None) -> None:
    folder = tmp_path / ".cargo"
    write(folder / "config.toml", text)
    write(folder / "one.toml", 'build.target = "one"')
    write(folder / "two.toml", 'build.target = "two"')
    write(folder / "deep" / "er.toml", 'include = ["../one.toml", "deeper.toml"]')
    write(folder / "deep" / "deeper.toml", 'build.target = "deeper"')
    write(folder / "round.toml", 'include = ["config.toml", "round.toml"]\nbuild.target = "round"')
    found = cargo_config.build_targets((), {"CARGO_HOME": str(tmp_path / "home")}, tmp_path)

    assert (found and found[0]) == ((expected,) if expected else None)


def test_of_two_files_in_a_folder_cargo_takes_the_older_name(tmp_path: Path) -> None:
    write(tmp_path / ".cargo" / "config.toml", 'build.target = "new"')
    write(tmp_path / ".cargo" / "config", 'build.target = "old"')
    environ = {"CARGO_HOME": "home"}

    assert tuple(cargo_config.files(environ, tmp_path)) == (tmp_path / ".cargo" / "config",)
    write(tmp_path / "home" / "config.toml", "")
    assert tuple(cargo_config.files(environ, tmp_path)) == (
        tmp_path / ".cargo" / "config",
        tmp_path / "home" / "config.toml",
    )


@pytest.mark.parametrize("variable", ["HOME", "USERPROFILE"])
def test_cargos_home_is_in_the_user_s(tmp_path: Path, variable: str) -> None:
    write(tmp_path / "user" / ".cargo" / "config.toml", "")
    (tmp_path / "work").mkdir()
    environ = {variable: str(tmp_path / "user")}
    path = tmp_path / "user" / ".cargo" / "config.toml"

    assert tuple(cargo_config.files(environ, tmp_path / "work")) == (path,)
    assert tuple(cargo_config.files(environ, tmp_path / "user")) == (path,)


def test_what_lies_elsewhere_is_not_read(tmp_path: Path) -> None:
    cwd, crate = tmp_path / "work", tmp_path / "work" / "rust"
    for folder in (tmp_path, cwd, crate):
        write(folder / ".cargo" / "config.toml", "")
        write(folder / "rust-toolchain.toml", "")
    config, toolchain = crate / ".cargo" / "config.toml", crate / "rust-toolchain.toml"
    environ = {"CARGO_HOME": str(tmp_path / "home")}
    folders = (crate, cwd, crate)

    assert cargo_config.find_unread(folders, environ, cwd) == (config, toolchain)
    assert cargo_config.find_unread(folders, environ, crate) == ()
    assert cargo_config.find_unread(folders, {**environ, "RUSTUP_TOOLCHAIN": "stable"}, cwd) == (config,)
    assert cargo_config.find_unread(folders, {"CARGO_HOME": str(crate / ".cargo")}, cwd) == (toolchain,)
    write(config, '[env]\nPYO3_PYTHON = "/usr/bin/python3"\n')
    assert cargo_config.find_unread(folders, environ, cwd) == (toolchain,)
    write(config, '[env]\nPYO3_PYTHON = "/usr/bin/python3"\nOTHER = ""\n')
    assert cargo_config.find_unread(folders, environ, cwd) == (config, toolchain)


@pytest.mark.parametrize(
    ("flags", "variables", "expected"),
    [
        ((), {}, TerminalSettings(quiet=True)),
        ((), {"CARGO_TERM_QUIET": "false"}, TerminalSettings(quiet=False)),
        (('term.color="never"',), {"CARGO_TERM_COLOR": "always"}, TerminalSettings(quiet=True, color="never")),
        ((), {"CARGO_TERM_PROGRESS_WHEN": "always"}, TerminalSettings(quiet=True, progress="always")),
        (('term.progress = {when = "never"}',), {}, TerminalSettings(quiet=True, progress="never")),
        (('term.color="purple"', "term.quiet=3", "term.progress=1"), {}, TerminalSettings()),
    ],
)
def test_the_terminal_is_used_as_the_configuration_of_cargo_says(
    folder: Path, flags: tuple[str, ...], variables: dict[str, str], expected: TerminalSettings
) -> None:
    assert terminal_settings(flags, {"HOME": "/nowhere", **variables}, folder) == expected
