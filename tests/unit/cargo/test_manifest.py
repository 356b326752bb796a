from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import golden
from cratewheel.cargo.manifest import Manifest, read
from cratewheel.errors import ConfigError

SHARED = """\
[workspace]
members = ["crates/*"]

[workspace.package]
version = "2.3.4-rc.1"
authors = ["W <w@example.org>"]
description = "of the workspace"
homepage = "https://example.org"
license = "MIT"
license-file = "LICENSE"
readme = "docs/README.md"
keywords = ["a", "b"]
edition = "2021"
rust-version = "1.74"
publish = false
"""
MEMBER = """\
[package]
name = "some-crate"
version.workspace = true
authors = { workspace = true }
description.workspace = true
homepage.workspace = true
license.workspace = true
license-file.workspace = true
readme.workspace = true
keywords.workspace = true
edition.workspace = true
rust-version.workspace = true
publish.workspace = true
"""
CRATE = '[package]\nname = "p"\nversion = "1.0.0"\n'


def lay_out(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def crate(root: Path, keys: str = "", files: Mapping[str, str] | None = None) -> Manifest:
    return read(lay_out(root, {"Cargo.toml": CRATE + keys, **(files or {})}) / "Cargo.toml")


def test_a_member_has_the_values_of_its_workspace_with_paths_from_its_own_folder(tmp_path: Path) -> None:
    lay_out(tmp_path, {"Cargo.toml": SHARED, "crates/one/Cargo.toml": MEMBER})
    manifest = read(tmp_path / "crates" / "one" / "Cargo.toml")
    assert manifest.package == {
        "name": "some-crate",
        "version": "2.3.4-rc.1",
        "authors": ["W <w@example.org>"],
        "description": "of the workspace",
        "homepage": "https://example.org",
        "license": "MIT",
        "license-file": "../../LICENSE",
        "readme": "../../docs/README.md",
        "keywords": ["a", "b"],
        "edition": "2021",
        "rust-version": "1.74",
        "publish": False,
    }
    assert manifest.workspace_root == tmp_path
    assert manifest.workspace_manifest == tmp_path / "Cargo.toml"
    assert (manifest.name, manifest.version, manifest.lib_name) == ("some-crate", "2.3.4-rc.1", "some_crate")
    assert not manifest.is_virtual


def test_a_crate_alone_is_its_own_root(tmp_path: Path) -> None:
    manifest = crate(tmp_path, '[lib]\nname = "other"\n[features]\ndefault = ["a"]\na = []\n')
    assert manifest == Manifest(
        path=tmp_path / "Cargo.toml",
        document=manifest.document,
        package={"name": "p", "version": "1.0.0"},
        lib={"name": "other"},
        bins=(),
        features={"default": ("a",), "a": ()},
        workspace_root=tmp_path,
        workspace_manifest=None,
    )
    assert manifest.lib_name == "other"


def test_a_workspace_without_a_package_is_virtual(tmp_path: Path) -> None:
    lay_out(tmp_path, {"Cargo.toml": SHARED})
    manifest = read(tmp_path / "Cargo.toml")
    assert manifest.is_virtual
    assert manifest.package == {}
    assert manifest.workspace_manifest == tmp_path / "Cargo.toml"


def test_the_old_name_of_the_package_table_is_read(tmp_path: Path) -> None:
    lay_out(tmp_path, {"Cargo.toml": CRATE.replace("package", "project")})
    assert read(tmp_path / "Cargo.toml").name == "p"


def test_a_crate_without_a_version_has_none_yet(tmp_path: Path) -> None:
    lay_out(tmp_path, {"Cargo.toml": '[package]\nname = "p"\n'})
    assert read(tmp_path / "Cargo.toml").version == "0.0.0"


@pytest.mark.parametrize(
    ("keys", "files", "readme"),
    [
        ("", (), None),
        ("", ("README.md", "README.txt", "README"), "README.md"),
        ("", ("README.txt", "README"), "README.txt"),
        ("", ("README",), "README"),
        ("", ("README.rst", "readme.md"), None),
        ("readme = true\n", (), "README.md"),
        ("readme = false\n", ("README.md",), False),
        ('readme = "false"\n', ("README.md",), False),
        ('readme = "../other.md"\n', ("README.md",), "../other.md"),
    ],
    ids=["none", "md", "txt", "no suffix", "not cargo's", "true", "false", "false as text", "path"],
)
def test_readme_follows_cargo(tmp_path: Path, keys: str, files: tuple[str, ...], readme: object) -> None:
    if "readme.md" in files and (tmp_path.parent / tmp_path.name.upper()).exists():
        readme = "README.md"  # where case does not count, cargo finds that
    manifest = crate(tmp_path, keys, dict.fromkeys(files, ""))
    assert manifest.package.get("readme") == readme


@pytest.mark.parametrize(
    ("written", "readme"),
    [("true", "../../README.md"), ("false", False), (None, "../../README.txt")],
    ids=["true", "false", "found"],
)
def test_an_inherited_readme_is_the_workspaces(tmp_path: Path, written: str | None, readme: object) -> None:
    line = "" if written is None else f"readme = {written}\n"
    shared = SHARED.replace('readme = "docs/README.md"\n', line)
    lay_out(
        tmp_path,
        {"Cargo.toml": shared, "README.txt": "", "crates/one/Cargo.toml": MEMBER, "crates/one/README.md": ""},
    )
    assert read(tmp_path / "crates" / "one" / "Cargo.toml").package["readme"] == readme


def test_the_workspace_can_be_named(tmp_path: Path) -> None:
    shared = SHARED.replace('"crates/*"', '"../f*"')
    lay_out(tmp_path, {"root/Cargo.toml": shared, "far/Cargo.toml": f'{MEMBER}workspace = "../root"\n'})
    manifest = read(tmp_path / "far" / "Cargo.toml")
    assert manifest.workspace_root == tmp_path / "root"
    assert manifest.package["license-file"] == "../root/LICENSE"


def test_a_crate_above_can_lead_to_the_workspace(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "root/Cargo.toml": SHARED.replace('"crates/*"', '"../far"'),
            "far/Cargo.toml": f'{CRATE}workspace = "../root"\n',
            "far/in/Cargo.toml": MEMBER,
        },
    )
    assert read(tmp_path / "far" / "in" / "Cargo.toml").workspace_root == tmp_path / "root"


def test_a_workspace_that_is_named_and_does_not_know_the_crate_is_refused(tmp_path: Path) -> None:
    lay_out(tmp_path, {"root/Cargo.toml": SHARED, "far/Cargo.toml": f'{MEMBER}workspace = "../root"\n'})
    with pytest.raises(ConfigError) as caught:
        read(tmp_path / "far" / "Cargo.toml")
    assert caught.value.message == (
        f"package.workspace in {tmp_path / 'far' / 'Cargo.toml'} names '../root', "
        f"but {tmp_path / 'root' / 'Cargo.toml'} does not list the crate"
    )
    assert caught.value.hint == 'add "../far" to `members` in [workspace] there'


def test_what_a_manifest_names_may_lie_in_its_folder_its_workspace_and_its_repository(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        {
            "r/Cargo.toml": '[workspace]\nmembers = ["in"]\nexclude = ["out"]\n',
            "r/in/Cargo.toml": CRATE,
            "r/out/Cargo.toml": CRATE,
            "alone/Cargo.toml": CRATE,
        },
    )
    folders = ("r/in", "r/out", "alone")
    roots = [read(tmp_path / folder / "Cargo.toml").roots for folder in folders]
    assert roots == [(str(tmp_path / "r"),), (str(tmp_path / "r"),), (str(tmp_path / "alone"),)]
    (tmp_path / ".git").mkdir()
    assert {read(tmp_path / folder / "Cargo.toml").roots for folder in folders} == {(str(tmp_path),)}
    assert read(tmp_path / "alone" / "Cargo.toml").roots_with(tmp_path.parent) == (str(tmp_path.parent),)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_in_the_place_of_a_file_is_an_error(tmp_path: Path) -> None:
    lay_out(tmp_path, {"Cargo.toml": CRATE})
    os.mkfifo(tmp_path / "README.md")
    with pytest.raises(ConfigError, match=r"README\.md is not a regular file, but a named pipe"):
        read(tmp_path / "Cargo.toml")
    (tmp_path / "Cargo.toml").unlink()
    os.mkfifo(tmp_path / "Cargo.toml")
    with pytest.raises(ConfigError, match=r"Cargo\.toml is not a regular file, but a named pipe"):
        read(tmp_path / "Cargo.toml")


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege on Windows")
def test_a_manifest_that_a_link_leads_out_of_the_project_is_refused(tmp_path: Path) -> None:
    lay_out(tmp_path, {"elsewhere/Cargo.toml": CRATE, "demo/docs/x": "", "demo/real/Cargo.toml": CRATE})
    (tmp_path / "demo" / "Cargo.toml").symlink_to("../elsewhere/Cargo.toml")
    with pytest.raises(ConfigError, match=r"Cargo\.toml leads out of the project by a symbolic link"):
        read(tmp_path / "demo" / "Cargo.toml")
    (tmp_path / "demo" / "Cargo.toml").unlink()
    (tmp_path / "demo" / "Cargo.toml").symlink_to("real/Cargo.toml")
    assert read(tmp_path / "demo" / "Cargo.toml").name == "p"


@pytest.mark.parametrize(
    ("folder", "inside"),
    [("a", False), ("a/c", False), ("a/b", True), ("d", True)],
    ids=["excluded", "below excluded", "member below excluded", "not listed"],
)
def test_exclude_and_members_decide_who_belongs(tmp_path: Path, folder: str, inside: bool) -> None:
    lay_out(
        tmp_path,
        {"Cargo.toml": '[workspace]\nmembers = ["a/b"]\nexclude = ["a"]\n', f"{folder}/Cargo.toml": CRATE},
    )
    manifest = read(tmp_path / folder / "Cargo.toml")
    assert manifest.workspace_root == (tmp_path if inside else tmp_path / folder)


def test_a_workspace_within_a_workspace_stands_alone(tmp_path: Path) -> None:
    lay_out(tmp_path, {"Cargo.toml": SHARED, "crates/in/Cargo.toml": f"{CRATE}[workspace]\n"})
    assert read(tmp_path / "crates" / "in" / "Cargo.toml").workspace_root == tmp_path / "crates" / "in"


def test_a_crate_that_cargo_packaged_stands_alone(tmp_path: Path) -> None:
    lay_out(tmp_path, {"Cargo.toml": SHARED, "target/package/p-1.0.0/Cargo.toml": CRATE})
    assert read(tmp_path / "target" / "package" / "p-1.0.0" / "Cargo.toml").workspace_manifest is None


def test_a_key_of_metadata_called_workspace_is_not_inherited(tmp_path: Path) -> None:
    manifest = crate(tmp_path, "[package.metadata]\nworkspace = true\n")
    assert manifest.package["metadata"] == {"workspace": True}


@pytest.mark.parametrize(
    ("keys", "files", "bins"),
    [
        ("", ("src/main.rs",), ("p",)),
        ('edition = "2021"\n', ("src/main.rs", "src/bin/x.rs", "src/bin/y/main.rs", "src/bin/z/a.rs"), ("p", "x", "y")),
        ('edition = "2021"\n[[bin]]\nname = "q"\npath = "src/main.rs"\n', ("src/main.rs", "src/bin/x.rs"), ("q", "x")),
        ('edition = "2015"\n[[bin]]\nname = "q"\n', ("src/main.rs",), ("q",)),
        ('autobins = false\nedition = "2021"\n', ("src/main.rs",), ()),
        ("", ("src/lib.rs",), ()),
    ],
    ids=["main", "found", "named and found", "2015 names all", "off", "library"],
)
def test_binaries_are_those_of_cargo(tmp_path: Path, keys: str, files: tuple[str, ...], bins: tuple[str, ...]) -> None:
    assert crate(tmp_path, keys, dict.fromkeys(files, "")).bins == bins


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[package\n", "is not valid TOML"),
        ("[dependencies]\n", "has neither a [package] nor a [workspace]"),
        ('[package]\nversion = "1.0.0"\n', "package.name is missing"),
        ("[package]\nname = 3\n", "package.name in {path} must be a string, found 3"),
        ("package = 3\n", "package in {path} must be a table, found 3"),
        (f"{CRATE}authors = 'me'\n", "package.authors in {path} must be a list of strings, found 'me'"),
        (f"workspace = 07:32:00\n{CRATE}", "workspace in {path} must be a table, found a date or time"),
        (f"workspace = 'x'\n{CRATE}", "workspace in {path} must be a table, found 'x'"),
        (f"{CRATE}readme = 3\n", "package.readme in {path} must be a path, true or false, found 3"),
        (f"{CRATE}[lib]\nname = 3\n", "lib.name in {path} must be a string, found 3"),
        (f"{CRATE}[bin]\nname = 'x'\n", "bin in {path} must be an array of tables"),
        (f"{CRATE}[features]\na = 'b'\n", "features.a in {path} must be a list of strings, found 'b'"),
        (f"{CRATE}license.workspace = true\n", "package.license in {path} is inherited from a workspace, but no"),
        (f"{CRATE}license.workspace = 0\n[workspace]\n", "package.license in {path} cannot be a table"),
        (f"{CRATE}license.workspace = true\n[workspace]\n", "package.license in {path} is inherited, but"),
        (f"{CRATE}workspace = '..'\n", "package.workspace in {path} names '..', where there is no Cargo.toml"),
    ],
)  # fmt: skip
def test_what_cargo_would_refuse_is_an_error_that_says_where(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "Cargo.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert message.replace("{path}", str(path)) in caught.value.message


def test_a_missing_manifest_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path / "Cargo.toml")
    assert caught.value.message == f"{tmp_path / 'Cargo.toml'} cannot be read: No such file or directory"


def test_a_wrong_value_in_the_workspace_is_blamed_on_it(tmp_path: Path) -> None:
    lay_out(tmp_path, {"Cargo.toml": SHARED.replace('"LICENSE"', "1"), "crates/one/Cargo.toml": MEMBER})
    with pytest.raises(ConfigError) as caught:
        read(tmp_path / "crates" / "one" / "Cargo.toml")
    assert caught.value.message == (
        f"workspace.package.license-file in {tmp_path / 'Cargo.toml'} must be a string, found 1"
    )


def test_the_values_are_those_that_toml_gave(tmp_path: Path) -> None:
    manifest = crate(tmp_path, '[package.metadata.maturin]\nname = "x"\n')
    expected: dict[str, Any] = {"name": "p", "version": "1.0.0", "metadata": {"maturin": {"name": "x"}}}
    assert manifest.package == expected


PACKAGE = '[package]\nname = "a"\n'
INHERITS = f"{PACKAGE}version.workspace = true\n"
# The text of a/Cargo.toml, and of the Cargo.toml above it.
WRONG = {
    "empty": ("", ""),
    "no table": ("package = 1\n", ""),
    "no name": ("[package]\n", ""),
    "an empty name": ('[package]\nname = ""\n', ""),
    "a number for a name": ("[package]\nname = 1\n", ""),
    "a wrong version": (f"{PACKAGE}version = 1\n", ""),
    "a wrong readme": (f"{PACKAGE}readme = 1\n", ""),
    "keywords that are a text": (f'{PACKAGE}keywords = "a"\n', ""),
    "a library's name": (f"{PACKAGE}[lib]\nname = 1\n", ""),
    "a library that is no table": (f"lib = 1\n{PACKAGE}", ""),
    "programs in one table": (f"{PACKAGE}[bin]\nname = 'x'\n", ""),
    "features that are no lists": (f"{PACKAGE}[features]\nx = 'y'\n", ""),
    "no workspace above": (INHERITS, ""),
    "no value above": (INHERITS, "[workspace]\nmembers = ['a']\n"),
    "a wrong value above": (INHERITS, "[workspace]\npackage = 1\n"),
    "neither a value nor a pointer": (f"{PACKAGE}version = {{ path = 'x' }}\n", "[workspace]\nmembers = ['a']\n"),
    "two inherited": (f"{INHERITS}edition.workspace = true\n", ""),
    "a licence file above": (
        f"{PACKAGE}license-file.workspace = true\n",
        "[workspace]\nmembers = ['a']\n[workspace.package]\nlicense-file = 1\n",
    ),
    "a readme above": (
        f"{PACKAGE}readme.workspace = true\n",
        "[workspace]\nmembers = ['a']\n[workspace.package]\nreadme = 1\n",
    ),
    "a workspace that is not there": (f"{PACKAGE}workspace = '../nowhere'\n", ""),
    "a workspace that does not list it": (f"{PACKAGE}workspace = '../other'\n", ""),
    "a workspace with wrong members": (f"{PACKAGE}workspace = '../wrong'\n", ""),
    "a workspace that is no table": ("workspace = 1\n", ""),
    "excluded by no list": (PACKAGE, "[workspace]\nexclude = 'a'\n"),
}


OTHERS = {"other/Cargo.toml": "[workspace]\n", "wrong/Cargo.toml": "[workspace]\nmembers = 1\n"}


def test_what_is_said_of_wrong_manifests(tmp_path: Path) -> None:
    found = {}
    for name, (own, above) in WRONG.items():
        root = tmp_path / name
        files = {
            "a/Cargo.toml": own,
            "other/Cargo.toml": "[workspace]\n",
            "wrong/Cargo.toml": "[workspace]\nmembers = 1\n",
        }
        for place, text in {**files, **({"Cargo.toml": above} if above else {})}.items():
            (root / place).parent.mkdir(parents=True, exist_ok=True)
            (root / place).write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError) as caught:
            read(root / "a" / "Cargo.toml")
        said = [caught.value.message, *caught.value.notes, f"help: {caught.value.hint}"]
        found[name] = [text.replace(str(root), "ROOT").replace("\\", "/") for text in said]
    golden.check_json(Path(__file__).with_name("golden") / "wrong_manifests.json", found)
