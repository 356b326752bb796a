"""Which files an sdist lacks that builds of the tree read: of cargo and rustup, and included ones."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from cratewheel.archive.layout import Entry, FromFile, layout
from cratewheel.contents.left_out import left_out_configuration, left_out_includes, left_out_libraries, packed_files
from cratewheel.contents.source_tree import CrateSource, SourceFile, SourceTree
from cratewheel.project.python_layout import ModuleLayout

CONFIG = ".cargo/config.toml"
VENDORED = '[source.crates-io]\nreplace-with = "vendor"\n[source.vendor]\ndirectory = "vendor"\n'


def relative(warning: str, root: Path) -> str:
    return warning.replace(f"{root}{os.sep}", "").replace(os.sep, "/")


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
    answers = left_out_configuration(
        packed_files(entries), root, roots, {"HOME": "/nowhere", **(environ or {})}, root / cwd
    )
    return [(relative(warning, root), hint) for warning, hint in answers]


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
        {}, tmp_path / "project", (str(tmp_path.resolve()),), {"HOME": "/nowhere"}, tmp_path / "project"
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


def included(
    root: Path, code: str, *packed: str, name: str = "crate/src/lib.rs", readme: str = "README.md"
) -> list[str]:
    """Return the warnings about a crate in `root/crate` with a file `name`, for an sdist with that and `packed`."""
    for path, text in ((name, code), (readme, "text")):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    file = SourceFile(path=str(root / name), why="")
    crate = CrateSource(manifest=root / "crate" / "Cargo.toml", text="", document={}, files=(file,))
    entries = layout([Entry(path=one, source=FromFile(path=str(root / one)), why="") for one in (name, *packed)])
    return [relative(warning, root) for warning, _ in left_out_includes(packed_files(entries), (crate,), root)]


@pytest.mark.parametrize(
    "code",
    [
        '#![doc = include_str!("../../README.md")]',
        'const A: &[u8] = include_bytes!(\n    "../../README.md"\n);',
        'include! { "../../README.md" }',
        'fn f() {}\nconst A: &str = include_str!("../../README.md"); mod b { include!("../../README.md"); }',
    ],
)
def test_a_file_that_code_includes_from_outside_of_its_crate_is_warned_about(tmp_path: Path, code: str) -> None:
    assert included(tmp_path, code) == ["crate/src/lib.rs includes README.md, which is not in the sdist"]
    assert included(tmp_path, code, "README.md") == []


@pytest.mark.parametrize(
    "code",
    [
        '#![doc = include_str!("../README.md")]',
        '// include_str!("../../README.md")',
        '/// include_str!("../../README.md")',
        '#[cfg(doctest)]\n#[doc = include_str!("../../README.md")]\nstruct Readme;',
        '#![cfg_attr(doctest, doc = include_str!("../../README.md"))]',
        '#[cfg(test)]\nconst A: &str = include_str!("../../README.md");',
        'const A: &str = include_str!("../../missing.txt");',
        'fn f(path: &str) { open("../../README.md") }',
    ],
    ids=[
        "in the crate",
        "comment",
        "doc comment",
        "cfg doctest",
        "cfg_attr doctest",
        "cfg test",
        "missing",
        "no macro",
    ],
)
def test_what_a_wheel_is_not_made_of_is_no_warning(tmp_path: Path, code: str) -> None:
    assert included(tmp_path, code) == []


def test_neither_is_what_tests_include(tmp_path: Path) -> None:
    code = 'const A: &str = include_str!("../../README.md");'
    assert included(tmp_path, code, name="crate/tests/all.rs") == []


def test_a_library_that_wheels_have_and_the_sdist_has_not_is_warned_about(tmp_path: Path) -> None:
    modules = ModuleLayout(
        module_name="pkg._core",
        extension_name="_core",
        package_parts=("pkg",),
        mixed=True,
        python_source=tmp_path,
        package_dir=tmp_path / "pkg",
        python_packages=(),
        data=None,
    )
    names = ("data.so", "named.pyd", "excluded.so", "made.so", "_core.cpython-312-x86_64-linux-gnu.so")
    tree = SourceTree(
        pyproject=tmp_path / "pyproject.toml",
        pyproject_text="",
        project_table={},
        python_source=tmp_path,
        compiled=tuple(str(tmp_path / "pkg" / name) for name in names),
        made_again=frozenset({str(tmp_path / "pkg" / "made.so")}),
    )
    entries = layout([Entry(path="pkg/named.pyd", source=FromFile(path=str(tmp_path / "pkg" / "named.pyd")), why="")])
    assert list(left_out_libraries(packed_files(entries), tree, modules, {str(tmp_path / "pkg" / "excluded.so")})) == [
        (
            f"{tmp_path / 'pkg' / 'data.so'} is packed in wheels of the tree, but not in the sdist",
            '`include = [{ path = "pkg/data.so", format = "sdist" }]` adds it',
        )
    ]
