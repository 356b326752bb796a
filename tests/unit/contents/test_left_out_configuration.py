"""Which files of cargo and rustup an sdist lacks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from cratewheel.archive.layout import Entry, FromFile, layout
from cratewheel.contents.left_out_configuration import left_out_configuration

CONFIG = ".cargo/config.toml"
VENDORED = '[source.crates-io]\nreplace-with = "vendor"\n[source.vendor]\ndirectory = "vendor"\n'


def found(
    root: Path, files: Mapping[str, str], *packed: str, cwd: str = ".", environ: Mapping[str, str] | None = None
) -> list[tuple[str, str]]:
    """Return warnings and hints for an sdist of `files` with those in `packed`, with paths relative to `root`."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    entries = layout([Entry(path=name, source=FromFile(path=str(root / name)), why="") for name in packed])
    roots = (str(root.resolve()),)
    answers = left_out_configuration(entries, root, roots, {"HOME": "/nowhere", **(environ or {})}, root / cwd)
    return [(warning.replace(f"{root}/", ""), hint) for warning, hint in answers]


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ('[build]\nrustflags = ["-Ctarget-cpu=native"]\n', True),
        ('[env]\nDATA = "data"\n', True),
        ("[profile.release]\nlto = true\n", True),
        ('[alias]\nb = "build"\n', False),
        ("[net]\nretry = 3\n[term]\nquiet = true\n", False),
        ('[env]\nPYO3_PYTHON = "python3"\n', False),
        ("", False),
        ("not TOML", False),
    ],
)
def test_a_configuration_of_builds_that_is_not_packed_is_warned_about(tmp_path: Path, text: str, counts: bool) -> None:
    warning = f"{CONFIG} is not in the sdist: builds from it will not use it"
    hint = f'`include = [{{ path = "{CONFIG}", format = "sdist" }}]` adds it'
    assert found(tmp_path, {CONFIG: text, "a/Cargo.toml": ""}, cwd="a") == ([(warning, hint)] if counts else [])
    assert found(tmp_path, {}, CONFIG, cwd="a") == []


def test_so_is_the_file_of_the_toolchain_that_rustup_reads(tmp_path: Path) -> None:
    files = {"rust-toolchain.toml": "", "above/rust-toolchain": "nightly", "a/x": ""}
    warning = "rust-toolchain.toml is not in the sdist: builds from it will not use it"
    hint = '`include = [{ path = "rust-toolchain.toml", format = "sdist" }]` adds it'
    assert found(tmp_path, files, cwd="a") == [(warning, hint)]
    assert found(tmp_path, {}, "rust-toolchain.toml", cwd="a") == []
    assert found(tmp_path, {}, cwd="a", environ={"RUSTUP_TOOLCHAIN": "stable"}) == []


def test_a_configuration_outside_of_the_project_is_not_the_archive_s(tmp_path: Path) -> None:
    (tmp_path / ".cargo").mkdir()
    (tmp_path / CONFIG).write_text("[build]\njobs = 1\n", encoding="utf-8")
    assert found(tmp_path / "project", {"Cargo.toml": ""}) == []


def test_above_pyproject_toml_the_hint_is_to_try_the_sdist(tmp_path: Path) -> None:
    (tmp_path / ".cargo").mkdir()
    (tmp_path / CONFIG).write_text("[build]\njobs = 1\n", encoding="utf-8")
    (tmp_path / "project").mkdir()
    answers = left_out_configuration(
        (), tmp_path / "project", (str(tmp_path.resolve()),), {"HOME": "/nowhere"}, tmp_path / "project"
    )
    assert list(answers) == [
        (
            f"{tmp_path / CONFIG} is not in the sdist: builds from it will not use it",
            "`cratewheel sdist --check` builds from the sdist",
        )
    ]


def test_a_folder_of_vendored_crates_that_is_not_packed_is_warned_about(tmp_path: Path) -> None:
    files = {CONFIG: VENDORED, "vendor/cfg-if/Cargo.toml": ""}
    warning = f"{CONFIG} takes crates from vendor, which is not in the sdist: cargo cannot build it"
    hint = '`include = [{ path = "vendor/**/*", format = "sdist" }]` adds it'
    assert found(tmp_path, files, CONFIG) == [(warning, hint)]
    assert found(tmp_path, {}, CONFIG, "vendor/cfg-if/Cargo.toml") == []
