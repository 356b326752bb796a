from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pytest
from packaging.specifiers import SpecifierSet

from cratewheel.cargo import manifest
from cratewheel.errors import ConfigError
from cratewheel.project import metadata, pyproject
from cratewheel.project.metadata import CoreMetadata
from metadata_projects import BUILD_SYSTEM, CRATE, PROJECT, READMES, REFUSED, STATIC, Case
from system_paths import needs_links


def read(root: Path, project: str | None, crate: str = CRATE, files: Mapping[str, str] | None = None) -> CoreMetadata:
    for name, text in {"Cargo.toml": crate, "pyproject.toml": project, **(files or {})}.items():
        if text is not None:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    toml = pyproject.read(root / "pyproject.toml") if project is not None else None
    return metadata.read(toml, manifest.read(root / "Cargo.toml"))


def test_metadata_carries_what_a_wheel_needs(tmp_path: Path) -> None:
    project = f"""{STATIC}
requires-python = "<4,>=3.9"
dependencies = ["b", "a>=1"]
readme = "README.md"
keywords = ["x", "y"]
[project.scripts]
p = "p:main"
[project.gui-scripts]
pw = "p:window"
[project.entry-points."p.plugins"]
one = "p.one"
"""
    core = read(tmp_path, project, files={"README.md": "# P\n", "LICENSE": "", "legal/MIT": ""})
    readme_type = "text/markdown; charset=UTF-8; variant=GFM"
    assert core == CoreMetadata(
        name="p",
        version="1",
        requires_python=SpecifierSet("<4, >=3.9"),
        requires_dist=("b", "a>=1"),
        headers=(
            ("Metadata-Version", "2.4"),
            ("Name", "p"),
            ("Version", "1"),
            ("Requires-Dist", "b"),
            ("Requires-Dist", "a>=1"),
            ("License-File", "LICENSE"),
            ("Keywords", "x,y"),
            ("Requires-Python", "<4, >=3.9"),
            ("Description-Content-Type", readme_type),
        ),
        description="# P\n",
        text=(
            "Metadata-Version: 2.4\nName: p\nVersion: 1\nRequires-Dist: b\nRequires-Dist: a>=1\nLicense-File: LICENSE\n"
            f"Keywords: x,y\nRequires-Python: <4, >=3.9\nDescription-Content-Type: {readme_type}\n\n# P\n"
        ),
        entry_points=("[console_scripts]\np = p:main\n\n[gui_scripts]\npw = p:window\n\n[p.plugins]\none = p.one\n"),
        license_files=((PurePosixPath("LICENSE"), tmp_path / "LICENSE"),),
        scripts=("p", "pw"),
        notes=("licence file LICENSE",),
        warnings=(),
    )
    assert core.as_json() == {
        "metadata_version": "2.4",
        "name": "p",
        "version": "1",
        "requires_dist": ["b", "a>=1"],
        "license_file": ["LICENSE"],
        "keywords": ["x", "y"],
        "requires_python": "<4, >=3.9",
        "description_content_type": readme_type,
        "description": "# P\n",
    }


LEGACY = """
[package.metadata.maturin]
name = "mod.ext"
classifier = ["X :: Y"]
maintainer = "M"
maintainer-email = "m@example.org"
requires-dist = ["foo (>=1)", "bar; python_version < '3'"]
requires-python = ">=3.6"
requires-external = ["libc"]
project-url = { Docs = "https://d", Homepage = "https://mine" }
provides-extra = ["ex"]
description-content-type = "text/x-foo"
python-source = "python"

[package.metadata.maturin.scripts]
b = "mod:main"
"""


def test_the_table_of_maturin_0_12_is_read(tmp_path: Path) -> None:
    crate = f'{CRATE}homepage = "https://h"\nrepository = "https://r"\nreadme = "README.md"\n{LEGACY}'
    core = read(tmp_path, None, crate, {"README.md": "hi"})
    assert core.text == (
        "Metadata-Version: 2.4\nName: mod\nVersion: 1.0.0\nClassifier: X :: Y\nRequires-Dist: foo>=1\n"
        'Requires-Dist: bar; python_version < "3"\nRequires-External: libc\nProvides-Extra: ex\n'
        "Home-Page: https://h\nMaintainer: M\nMaintainer-email: m@example.org\nRequires-Python: >=3.6\n"
        "Description-Content-Type: text/x-foo\nProject-URL: Homepage, https://mine\n"
        "Project-URL: Source Code, https://r\nProject-URL: Docs, https://d\n\nhi\n"
    )
    assert core.entry_points == "[console_scripts]\nb = mod:main\n"
    assert core.warnings == ()


def test_project_overrides_the_table_of_maturin_0_12(tmp_path: Path) -> None:
    project = (
        f'{STATIC}requires-python = ">=3.9"\nclassifiers = ["A :: B"]\ndependencies = ["baz"]\n'
        'maintainers = [{ name = "N" }]\nurls = { U = "v" }\nscripts = { s = "m:f" }\n'
    )
    core = read(tmp_path, project, CRATE + LEGACY)
    assert core.text == (
        "Metadata-Version: 2.4\nName: p\nVersion: 1\nClassifier: A :: B\nRequires-Dist: baz\nRequires-External: libc\n"
        "Provides-Extra: ex\nMaintainer: N\nRequires-Python: >=3.9\nProject-URL: U, v\n"
    )
    assert core.scripts == ("s",)


def test_what_project_leaves_out_stays_with_the_table_of_maturin_0_12(tmp_path: Path) -> None:
    core = read(tmp_path, STATIC, CRATE + LEGACY)
    assert core.requires_dist == ("foo>=1", 'bar; python_version < "3"')
    assert core.requires_python == SpecifierSet(">=3.6")
    assert core.scripts == ("b",)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("requires-dist = 'x'", "requires-dist in {path} must be a list of strings, found 'x'"),
        ("python-source = [1]", "python-source in {path} must be a string, found an array"),
        ("data = true", "data in {path} must be a string, found true"),
        ("requires-dist = ['x y']", "requires-dist in {path} has 'x y', which is not a requirement"),
        ("requires-python = '3'", "requires-python in {path} is not a version specifier: '3'"),
        ("name = 1", "name in {path} must be a string, found 1"),
        ("scripts = { a = 1 }", "scripts in {path} must be a table of strings, found a table"),
    ],
)
def test_a_wrong_value_in_the_old_table_is_an_error(tmp_path: Path, keys: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, None, f"{CRATE}[package.metadata.maturin]\n{keys}\n")
    expected = f"package.metadata.maturin.{message}".replace("{path}", str(tmp_path / "Cargo.toml"))
    assert caught.value.message == expected


def test_an_unknown_key_of_the_old_table_is_a_warning_with_the_nearest_one(tmp_path: Path) -> None:
    core = read(tmp_path, None, f"{CRATE}[package.metadata.maturin]\nrequires_pyton = 'x'\nzzz = 1\n")
    path = tmp_path / "Cargo.toml"
    assert core.warnings == (
        f"package.metadata.maturin.requires_pyton in {path} means nothing; did you mean `requires-python`?",
        f"package.metadata.maturin.zzz in {path} means nothing",
    )


@pytest.mark.parametrize(
    ("keys", "files", "warning"),
    [
        ('licence = "MIT"\n', (), "project.licence in {path} means nothing; did you mean `license`?"),
        (
            'dynamic = ["dependancies"]\n',
            (),
            "dependancies, listed in project.dynamic in {path}, is no key of [project]; did you mean `dependencies`?",
        ),
        (
            'dynamic = ["version"]\n',
            (),
            "version is listed in project.dynamic in {path}, and has a value there too, which is taken",
        ),
        (
            'license = "Apache License"\n',
            (),
            ("project.license in {path} is 'Apache License', which is not an SPDX expression: PyPI refuses it; "
            "write one like `MIT OR Apache-2.0`"),
        ),
        (
            'license = "MIT"\nclassifiers = ["License :: OSI Approved"]\n',
            (),
            "project.classifiers in {path} has `License ::` next to a licence expression: PyPI rejects this",
        ),
        (
            f'urls = {{ {"x" * 33} = "y" }}\n',
            (),
            f"the label '{'x' * 33}' of project.urls in {{path}} is longer than 32 characters: PyPI refuses it",
        ),
        (
            f'urls = {{ {"x" * 32} = "y", {"z" * 33} = "y" }}\n',
            (),
            f"the label '{'z' * 33}' of project.urls in {{path}} is longer than 32 characters: PyPI refuses it",
        ),
        (
            'entry-points.plugins = { s = "a module" }\n',
            (),
            "'s' refers to 'a module', which is not `module:function` (project.entry-points.'plugins' in {path})",
        ),
        (
            'license = { file = "../LICENSE" }\n',
            ("LICENSE",),
            "the licence file {root}/crate/LICENSE is skipped: {root}/LICENSE has the same path in the wheel",
        ),
    ],
)  # fmt: skip
def test_what_maturin_lets_pass_is_a_warning(tmp_path: Path, keys: str, files: tuple[str, ...], warning: str) -> None:
    root = tmp_path / "crate"
    (tmp_path / "Cargo.toml").write_text("[workspace]\n", encoding="utf-8")
    (tmp_path / "LICENSE").write_text("of the workspace", encoding="utf-8")
    core = read(root, STATIC + keys, files=dict.fromkeys(files, ""))
    expected = warning.replace("{path}", str(root / "pyproject.toml")).replace("{root}", str(tmp_path))
    assert core.warnings == (
        expected.replace("/", "\\") if "{root}" in warning and "\\" in str(tmp_path) else expected,
    )


def test_a_project_without_a_version_is_told_how_to_say_so(tmp_path: Path) -> None:
    core = read(tmp_path, PROJECT)
    assert core.version == "1.0.0"
    assert core.warnings == (
        (
            f"[project] in {tmp_path / 'pyproject.toml'} has no version: using the crate's; "
            'declare it with `dynamic = ["version"]`'
        ),
    )


def test_a_version_that_is_set_nowhere_is_a_warning(tmp_path: Path) -> None:
    found = read(tmp_path, f'{PROJECT}dynamic = ["version"]\n', '[package]\nname = "x"\n')
    assert found.version == "0.0.0"
    assert found.warnings == (
        f'no version is set in {tmp_path / "Cargo.toml"}: using 0.0.0; write `version = "0.1.0"` below [package]',
    )
    assert read(tmp_path, STATIC, '[package]\nname = "x"\n').warnings == ()


def test_the_crates_version_is_not_looked_at_where_project_has_one(tmp_path: Path) -> None:
    assert read(tmp_path, STATIC, CRATE.replace("1.0.0", "1.0.0-SNAPSHOT")).version == "1"


@pytest.mark.parametrize(
    ("version", "hint"),
    [
        ("1.0.0-nightly", "write 1.0.0-alpha.1, -beta.1, -rc.1 or -dev.1, or give the version in [project] of"),
        ("1.0.0-SNAPSHOT.7+x.3", "write 1.0.0-alpha.7, -beta.7, -rc.7 or -dev.7, or give the version in [project] of"),
        ("1.0.0-alpha.1.2", "write 1.0.0-alpha.1, -beta.1, -rc.1 or -dev.1, or give the version in [project] of"),
        ("latest", "write numbers separated by dots, such as 1.0.0"),
    ],
)
def test_a_version_that_python_cannot_have_says_how_to_write_it(tmp_path: Path, version: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, None, CRATE.replace("1.0.0", version))
    assert caught.value.message == (
        f"{version!r}, package.version in {tmp_path / 'Cargo.toml'}, is not a valid version (PEP 440)"
    )
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(hint)


def test_a_readme_that_is_turned_off_is_not_searched_for(tmp_path: Path) -> None:
    core = read(tmp_path, None, f"{CRATE}readme = false\n", {"README.md": "x", "README.rst": "x"})
    assert core.description is None


def test_a_readme_that_is_not_utf_8_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes(b"caf\xe9")
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, f'{STATIC}readme = "README.md"\n')
    path, toml = tmp_path / "README.md", tmp_path / "pyproject.toml"
    assert caught.value.message == (
        f"{path}, the readme of project.readme in {toml}, is not UTF-8: unexpected end of data at byte 3"
    )


def test_a_requirement_that_is_none_is_shown_with_the_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, f'{STATIC}optional-dependencies = {{ test = ["foo bar"] }}\n')
    path = tmp_path / "pyproject.toml"
    assert caught.value.message == (
        f"project.optional-dependencies.test in {path} has 'foo bar', which is not a requirement"
    )
    assert caught.value.notes[-2:] == ("    foo bar", "       ~^~~") or caught.value.notes[1].strip() == "foo bar"
    assert caught.value.hint == "write it like \"numpy>=1.20; python_version < '3.12'\""


def test_all_mistakes_of_the_table_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, f'{STATIC}keywords = "a"\nauthors = ["x <a@b>"]\nrequires-python = "3.8"\n')
    told = (caught.value.message, *caught.value.notes)
    assert len(told) == 3
    assert told[0].startswith(f"{tmp_path / 'pyproject.toml'}: ")
    assert {key for key in ("keywords", "authors", "requires-python") if key in " ".join(told)} == {
        "keywords", "authors", "requires-python",
    }  # fmt: skip


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_every_error_says_where_and_most_what_to_do(case: Case, tmp_path: Path) -> None:
    tree = case.tree()
    with pytest.raises(ConfigError) as caught:
        read(tmp_path / "a" / "b", tree.pop("pyproject.toml", None), tree.pop("Cargo.toml"), tree)
    said = " ".join((caught.value.message, *caught.value.notes))
    assert str(tmp_path) in said
    assert "Traceback" not in said


@pytest.mark.parametrize("name", ["foo bar", "", "naïve", "-"])
def test_a_name_that_no_installer_takes_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, f"{STATIC}".replace('"p"', f'"{name}"'))
    assert caught.value.message == (
        f"{name!r}, project.name in {tmp_path / 'pyproject.toml'}, cannot be the name of a Python package"
    )


def test_a_name_that_pypi_refuses_is_a_warning(tmp_path: Path) -> None:
    core = read(tmp_path, None, CRATE.replace('"p"', '"_native"'))
    assert core.warnings == (
        (
            f"the name '_native', the name in {tmp_path / 'Cargo.toml'}, must begin and end with a letter or digit: "
            "PyPI refuses it"
        ),
    )


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        ('scripts = { "../evil" = "m:f" }\n', "project.scripts in {pyproject}"),
        ('gui-scripts = { "../evil" = "m:f" }\n', "project.gui-scripts in {pyproject}"),
        ("", "package.metadata.maturin.scripts in {cargo}"),
    ],
    ids=["scripts", "gui-scripts", "cargo"],
)
def test_every_table_of_commands_is_checked(tmp_path: Path, keys: str, where: str) -> None:
    crate = CRATE if keys else f'{CRATE}[package.metadata.maturin.scripts]\n"../evil" = "m:f"\n'
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, STATIC + keys if keys else None, crate)
    place = where.format(pyproject=tmp_path / "pyproject.toml", cargo=tmp_path / "Cargo.toml")
    assert caught.value.message == (f"'../evil' cannot be the name of a command: a file name cannot have / ({place})")


def test_a_group_of_entry_points_is_checked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, f'{STATIC}[project.entry-points."x]\\n[console_scripts"]\na = "b"\n')
    assert caught.value.message == (
        "'x]\\n[console_scripts' cannot be the name of an entry point group "
        f"(project.entry-points.'x]\\n[console_scripts' in {tmp_path / 'pyproject.toml'})"
    )


def test_a_group_of_entry_points_may_have_a_dash(tmp_path: Path) -> None:
    core = read(tmp_path, f'{STATIC}[project.entry-points."my-plugins"]\na = "b"\n')
    assert core.entry_points == "[my-plugins]\na = b\n"
    assert core.warnings == (
        (
            f"'my-plugins', project.entry-points.'my-plugins' in {tmp_path / 'pyproject.toml'}, "
            "has more than letters, digits, `_` and `.`"
        ),
    )


def test_a_console_script_and_a_gui_script_cannot_have_one_name(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, f'{STATIC}scripts = {{ Tool = "m:f" }}\ngui-scripts = {{ tool = "m:g" }}\n')
    assert caught.value.message == (
        f"two commands would be installed as tool: 'Tool' of project.scripts in {path}, "
        f"and 'tool' of project.gui-scripts in {path}"
    )


def test_a_value_of_several_lines_cannot_become_another_header(tmp_path: Path) -> None:
    core = read(tmp_path, f'{STATIC}description = "a\\nName: evil"\nclassifiers = ["b\\nName: evil"]\n')
    assert "\nName: evil" not in core.text
    assert dict(core.headers)["Summary"] == "a Name: evil"


@needs_links
@pytest.mark.parametrize(("key", "target"), [("readme", "README.md"), ("license-files", "LICENSE")])
def test_a_link_leads_no_further_than_the_repository(tmp_path: Path, key: str, target: str) -> None:
    root = tmp_path / "repository" / "crate"
    root.mkdir(parents=True)
    (tmp_path / target).write_text("outside", encoding="utf-8")
    (tmp_path / "repository" / target).write_text("inside", encoding="utf-8")
    link = root / target
    try:
        link.symlink_to(Path("..") / target)
    except OSError:
        pytest.skip("this file system has no symbolic links")
    keys = f"{STATIC}{key} = {'README.md' if key == 'readme' else ['LICENSE']!r}\n".replace(
        "= README.md", '= "README.md"'
    )
    with pytest.raises(ConfigError) as caught:
        read(root, keys)
    assert "leads out of the project by a symbolic link" in caught.value.message
    (tmp_path / "repository" / ".git").mkdir()
    core = read(root, keys)
    found: list[str | None] = [path.read_text(encoding="utf-8") for _, path in core.license_files] or [core.description]
    assert found == ["inside"]
    link.unlink()
    link.symlink_to(Path("..") / ".." / target)
    with pytest.raises(ConfigError):
        read(root, keys)


def test_a_readme_of_each_kind_has_its_type(tmp_path: Path) -> None:
    kinds = {
        name: dict(read(tmp_path, f'{STATIC}readme = "{name}"\n', files=READMES).headers)["Description-Content-Type"]
        for name in READMES
    }
    markdown = "text/markdown; charset=UTF-8; variant=GFM"
    assert kinds == {
        "R.md": markdown,
        "README.txt": "text/plain; charset=UTF-8",
        "UPPER.MD": markdown,
        "README.markdown": markdown,
        "README": "text/plain; charset=UTF-8",
        "README.rst": "text/x-rst; charset=UTF-8",
    }


def test_metadata_is_a_value(tmp_path: Path) -> None:
    one, other = read(tmp_path, STATIC), read(tmp_path, STATIC)
    assert one == other
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.name = "x"  # type: ignore[misc]  # that is what is tested


@pytest.mark.parametrize(
    ("written", "header"),
    [
        ('{ file = "LICENSE" }', [("License-File", "LICENSE"), ("License", "MIT")]),
        ('{ text = "mine" }', [("License-File", "LICENSE"), ("License", "mine")]),
    ],
)
def test_a_license_that_names_only_a_file_leaves_the_name_to_the_crate(
    tmp_path: Path,
    written: str,
    header: list[tuple[str, str]],
) -> None:
    crate = '[package]\nname = "p"\nversion = "1.0.0"\nlicense = "MIT"\n'
    project = f'{BUILD_SYSTEM}[project]\nname = "p"\ndynamic = ["version", "license"]\nlicense = {written}\n'
    core = read(tmp_path, project, crate, {"LICENSE": "text"})
    assert [pair for pair in core.headers if pair[0].startswith("License")] == header
    assert len(core.warnings) == ("text" in written)


def test_the_mark_before_a_readme_is_no_part_of_it(tmp_path: Path) -> None:
    core = read(tmp_path, f'{STATIC}readme = "README.md"\n', files={"README.md": "\ufeff# P"})
    assert core.text.endswith("\n\n# P\n")


@pytest.mark.parametrize(
    ("authors", "headers"),
    [
        ('["Jane", "Joe"]', [("Author", "Jane, Joe")]),
        ('["Jane <j@x>", "Joe"]', [("Author", "Jane <j@x>, Joe"), ("Author-email", "Jane <j@x>, Joe")]),
        ("[]", []),
    ],
)
def test_authors_of_a_crate_are_addresses_where_there_is_one_among_them(
    tmp_path: Path, authors: str, headers: list[tuple[str, str]]
) -> None:
    core = read(tmp_path, None, f"{CRATE}authors = {authors}\n")
    assert [(name, value) for name, value in core.headers if name.startswith("Author")] == headers


@pytest.mark.parametrize(
    ("files", "hint"),
    [
        ((), "add the file, or remove the pattern"),
        (("LICENSE-MIT", "COPYING"), 'write `license-files = ["LICENSE-MIT", "COPYING"]`'),
    ],
)
def test_a_pattern_for_licence_files_that_matches_nothing_is_an_error(
    tmp_path: Path, files: tuple[str, ...], hint: str
) -> None:
    for name in files:
        (tmp_path / name).write_text(name, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, f'{STATIC}license-files = ["nope*"]\n')
    assert caught.value.message == (f"'nope*', project.license-files in {tmp_path / 'pyproject.toml'}, matches no file")
    assert caught.value.hint == hint


def test_in_an_unpacked_sdist_such_a_pattern_is_a_warning(tmp_path: Path) -> None:
    """neo4j-rust-ext 6.4.1.0 on PyPI has one, `NOTICE*.txt`."""
    for name in ("LICENSE.txt", "PKG-INFO"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    core = read(tmp_path, f'{STATIC}license-files = ["LICENSE*.txt", "NOTICE*.txt"]\n')
    assert [str(target) for target, _ in core.license_files] == ["LICENSE.txt"]
    assert core.warnings == (f"'NOTICE*.txt', project.license-files in {tmp_path / 'pyproject.toml'}, matches no file",)
