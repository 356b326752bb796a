"""Cargo.toml as an sdist carries it."""

from __future__ import annotations

from pathlib import PurePath

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from cratewheel.cargo.edits import Inheritance, ManifestEdits, filter_members
from cratewheel.cargo.rewrite import rewrite

MANIFEST = """\
# the whole crate
[package]
name = "app"  # its name
readme = "../README.md"  # two levels up
build = "build.rs"
default-run = "gone"
license-file = "../LICENSE"

[[bin]]
name = "kept"
path = "src/kept.rs"

# not packed
[[bin]]
name = "gone"
path = "src/gone.rs"

[[bench]]
name = "gone"

[dependencies]
libc = "0.2"  # C
"""


def test_nothing_to_change_returns_the_very_same_text() -> None:
    odd = "[package]\r\nname='x'   \r\n\r\n\r\n[ dependencies ]"
    assert rewrite(odd, ManifestEdits()) == odd
    assert rewrite(odd, ManifestEdits(members=())) == odd
    assert rewrite(odd, ManifestEdits(missing_targets=(("bin", "x"),), without_build_script=True)) == odd


def test_keys_are_set_and_missing_targets_go_while_comments_stay() -> None:
    edits = ManifestEdits(
        readme="README.md",
        license_file="LICENSE",
        missing_targets=(("bin", "gone"), ("bench", "gone")),
        without_build_script=True,
    )
    assert rewrite(MANIFEST, edits) == (
        "# the whole crate\n"
        "[package]\n"
        'name = "app"  # its name\n'
        'readme = "README.md"  # two levels up\n'
        'license-file = "LICENSE"\n'
        "\n"
        "[[bin]]\n"
        'name = "kept"\n'
        'path = "src/kept.rs"\n'
        "\n"
        "# not packed\n"
        "[dependencies]\n"
        'libc = "0.2"  # C\n'
    )


def test_a_readme_that_no_key_names_is_added_to_the_package() -> None:
    assert rewrite('[package]\nname = "a"\n\n[lib]\n', ManifestEdits(readme="README.md")) == (
        '[package]\nname = "a"\nreadme = "README.md"\n\n[lib]\n'
    )


def test_inheritance_that_goes_on_keeps_its_spelling() -> None:
    text = "[package]\nversion.workspace = true # v\nreadme.workspace = true\n\n[dependencies]\ncore.workspace = true\n"
    assert rewrite(text, ManifestEdits(readme="README.md")) == (
        '[package]\nversion.workspace = true # v\nreadme = "README.md"\n\n[dependencies]\ncore.workspace = true\n'
    )


def test_a_library_and_targets_in_an_inline_array_are_removed_too() -> None:
    text = 'bin = [{ name = "a" }, { name = "b" }]\n[package]\nname = "x"\n[lib]\npath = "l.rs"\n'
    edits = ManifestEdits(missing_targets=(("lib", "x"), ("bin", "a")))
    assert tomlkit.parse(rewrite(text, edits)).unwrap() == {"bin": [{"name": "b"}], "package": {"name": "x"}}


WORKSPACE = """\
[workspace]
resolver = "2"
members = [
  "py",  # the module
  "core",
  # tools
  "tools/*",  # all of them
  "gone",
]
default-members = ["py"]

[profile.release]
lto = true
"""


def test_members_that_the_archive_lacks_leave_the_workspace() -> None:
    assert rewrite(WORKSPACE, ManifestEdits(members=("py", "tools/*"))) == (
        "[workspace]\n"
        'resolver = "2"\n'
        "members = [\n"
        '  "py",  # the module\n'
        "  # tools\n"
        '  "tools/*",  # all of them\n'
        "]\n"
        "\n"
        "[profile.release]\n"
        "lto = true\n"
    )


def test_a_member_that_only_a_path_dependency_made_one_can_be_listed() -> None:
    assert rewrite('[workspace]\nmembers = ["a"]\n', ManifestEdits(members=("py",))) == (
        '[workspace]\nmembers = ["py"]\n'
    )
    assert rewrite('[workspace]\nresolver = "2"\n', ManifestEdits(members=("py",))) == (
        '[workspace]\nresolver = "2"\nmembers = ["py"]\n'
    )


def test_a_workspace_without_members_stays_a_root() -> None:
    assert rewrite('[workspace]\nmembers = ["a"]\n', ManifestEdits(members=())) == "[workspace]\n"


def test_the_package_of_a_workspace_root_can_be_stripped() -> None:
    text = (
        '[package]\nname = "root"\n\n[dependencies]\na = "1"\n\n[[bin]]\nname = "x"\n\n# all\n[workspace]\n'
        'members = ["py"]\n\n[patch.crates-io]\na = { path = "a" }\n\n[lints.rust]\nunsafe_code = "warn"\n'
    )
    edits = ManifestEdits(workspace_only=True, members=("py",))
    assert tomlkit.parse(rewrite(text, edits)).unwrap() == {
        "workspace": {"members": ["py"]},
        "patch": {"crates-io": {"a": {"path": "a"}}},
    }


@pytest.mark.parametrize(
    ("members", "directories", "kept"),
    [
        (("py", "core"), ("py",), ("py",)),
        (("./py/", "crates/*"), ("py", "crates/a"), ("./py/", "crates/*")),
        (("crates/*",), ("crates/a/b",), ()),
        (("crates/**",), ("crates/a/b",), ("crates/**",)),
        (("crates/[ab]?",), ("crates/ax",), ("crates/[ab]?",)),
        (("../other",), ("../other", "."), ("../other",)),
        ((".",), (".",), (".",)),
    ],
)
def test_members_are_kept_when_they_stand_for_a_packed_folder(
    members: tuple[str, ...], directories: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    assert filter_members(members, directories) == kept


SHARED = {
    "package": {"version": "1.2.3", "edition": "2021", "authors": ["A", "B"], "readme": "R.md", "license-file": "L"},
    "dependencies": {
        "core": {"path": "crates/core", "package": "app-core", "default-features": False, "features": ["x"]},
        "libc": "0.2",
        "git": {"git": "https://example.invalid/g", "rev": "abc"},
    },
    "lints": {"rust": {"unsafe_code": "forbid"}, "clippy": {"all": {"level": "deny", "priority": -1}}},
}


def inherit(text: str, *, readme: str | None = None) -> str:
    inheritance = Inheritance(
        workspace=SHARED, workspace_folder=PurePath("/ws"), crate_folder=PurePath("/ws/crates/dep")
    )
    return rewrite(text, ManifestEdits(inheritance=inheritance, readme=readme))


def test_inherited_package_values_are_written_where_they_stood() -> None:
    text = (
        "[package]\n"
        'name = "dep"\n'
        "version.workspace = true # v\n"
        "edition = { workspace = true }\n"
        "authors.workspace = true\n"
        "readme.workspace = true\n"
        "license-file.workspace = true\n"
        'workspace = "../.."\n'
        "publish = false\n"
    )
    assert inherit(text, readme="R.md") == (
        "[package]\n"
        'name = "dep"\n'
        'version = "1.2.3" # v\n'
        'edition = "2021"\n'
        'authors = ["A", "B"]\n'
        'readme = "R.md"\n'
        "publish = false\n"
    )


def test_inherited_dependencies_join_what_both_manifests_say() -> None:
    text = (
        "[dependencies]\n"
        "core.workspace = true # ours\n"
        "libc = { workspace = true }\n"
        'plain = "1"\n'
        "\n"
        "[dev-dependencies.core]\n"
        "workspace = true\n"
        'features = ["y", "x"] # more\n'
        "\n"
        "[target.'cfg(unix)'.build-dependencies]\n"
        "git = { workspace = true, optional = true }\n"
        "core = { workspace = true, default-features = true }\n"
    )
    core = {"path": "../core", "package": "app-core"}
    written = inherit(text)
    assert tomlkit.parse(written).unwrap() == {
        "dependencies": {
            "core": {**core, "default-features": False, "features": ["x"]},
            "libc": "0.2",
            "plain": "1",
        },
        "dev-dependencies": {"core": {**core, "default-features": False, "features": ["x", "y"]}},
        "target": {
            "cfg(unix)": {
                "build-dependencies": {
                    "git": {"git": "https://example.invalid/g", "rev": "abc", "optional": True},
                    "core": {**core, "default-features": True, "features": ["x"]},
                }
            }
        },
    }
    assert written.startswith(
        "[dependencies]\n"
        'core = { path = "../core", package = "app-core", default-features = false, '
        'features = ["x"] } # ours\n'
        'libc = "0.2"\n'
        'plain = "1"\n'
    )


def test_a_dotted_dependency_with_more_keys_is_joined_too() -> None:
    text = '[dependencies]\ncore.workspace = true\ncore.features = ["y"]\n'
    assert tomlkit.parse(inherit(text)).unwrap()["dependencies"]["core"]["features"] == ["x", "y"]


def test_inherited_lints_become_the_crates_own() -> None:
    assert tomlkit.parse(inherit('[package]\nname = "a"\n\n[lints]\nworkspace = true\n')).unwrap() == {
        "package": {"name": "a"},
        "lints": SHARED["lints"],
    }
    assert tomlkit.parse(inherit("lints.workspace = true\n")).unwrap() == {"lints": SHARED["lints"]}


def test_a_line_of_a_string_that_looks_like_inheritance_is_left_alone() -> None:
    text = '[package]\ndescription = """\nversion.workspace = true\n"""\nversion.workspace = true\n'
    assert tomlkit.parse(inherit(text)).unwrap()["package"] == {
        "description": "version.workspace = true\n",
        "version": "1.2.3",
    }


NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,6}", fullmatch=True)


@given(st.lists(NAMES, unique=True, max_size=6), st.sets(NAMES, max_size=4), st.booleans())
def test_exactly_the_missing_binaries_go(names: list[str], missing: set[str], comments: bool) -> None:
    note = "# note\n" if comments else ""
    text = '[package]\nname = "p"\n' + "".join(f'\n{note}[[bin]]\nname = "{name}"\n' for name in names)
    written = rewrite(text, ManifestEdits(missing_targets=tuple(("bin", name) for name in sorted(missing))))
    left = [name for name in names if name not in missing]
    assert [table["name"] for table in tomlkit.parse(written).unwrap().get("bin", [])] == left
