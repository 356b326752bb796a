"""Whether a workspace takes a new crate in, how it becomes a member, and the page of a repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.commands.project_place import Workspace, read_workspace, web_page, with_member
from cratewheel.errors import ConfigError
from cratewheel.system import toml

LOCK = '[[package]]\nname = "pyo3"\nversion = "0.29.2"\n'


def workspace(tmp_path: Path, text: str) -> Path:
    manifest = tmp_path / "Cargo.toml"
    manifest.write_text(text, encoding="utf-8")
    return manifest


@pytest.mark.parametrize(
    ("members", "folder", "listed"),
    [
        ('["crates/*"]', "crates/shout", True),
        ('["crates/**"]', "crates/a/shout", True),
        ('["./shout"]', "shout", True),
        ('["crates/*"]', "shout", False),
        ('["crates/*"]', "crates/a/shout", False),
        ("[]", "shout", False),
    ],
)
def test_the_members_of_a_workspace_name_the_crate_or_do_not(
    tmp_path: Path, members: str, folder: str, listed: bool
) -> None:
    manifest = workspace(tmp_path, f"[workspace]\nmembers = {members}\n")
    found = read_workspace(tmp_path / folder)
    assert found == Workspace(manifest=manifest, member=folder, members=tuple(toml.parse(f"a = {members}")["a"]))
    assert found.listed is listed


def test_what_a_workspace_shares(tmp_path: Path) -> None:
    manifest = workspace(
        tmp_path,
        '[package]\nname = "top"\n[workspace]\n[workspace.package]\nedition = "2021"\n[workspace.dependencies]\n'
        'pyo3 = "0.29"\n[workspace.lints.rust]\nunsafe_code = "deny"\n',
    )
    (tmp_path / "Cargo.lock").write_text(LOCK, encoding="utf-8")
    assert read_workspace(tmp_path / "a") == Workspace(
        manifest=manifest,
        member="a",
        package={"edition": "2021"},
        dependencies={"pyo3": "0.29"},
        lints=True,
        pyo3="0.29.2",
    )


@pytest.mark.parametrize(
    "text",
    ['[workspace]\nmembers = []\nexclude = ["shout"]\n', '[package]\nname = "no-workspace"\n'],
)
def test_a_folder_that_no_workspace_takes_in(tmp_path: Path, text: str) -> None:
    workspace(tmp_path, text)
    assert read_workspace(tmp_path / "shout") is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[workspace]\nmembers = ["a", "z"] # all\n', '[workspace]\nmembers = ["a", "shout", "z"] # all\n'),
        ('[workspace]\nmembers = ["z", "a"]\n', '[workspace]\nmembers = ["z", "a", "shout"]\n'),
        ("[workspace]\nmembers = []\n", '[workspace]\nmembers = ["shout"]\n'),
        ('[workspace]\nresolver = "3"\n', '[workspace]\nresolver = "3"\nmembers = ["shout"]\n'),
        (
            '# top\n[workspace]\nmembers = [\n    "a", # first\n    "b",\n]\n',
            '# top\n[workspace]\nmembers = [\n    "a", # first\n    "b",\n    "shout",\n]\n',
        ),
        (
            "[workspace]\nmembers = [\r\n    'a',\r\n]\r\n",
            '[workspace]\nmembers = [\r\n    \'a\',\r\n    "shout",\r\n]\r\n',
        ),
    ],
)  # fmt: skip
def test_a_member_is_added_and_the_rest_kept(before: str, after: str) -> None:
    assert with_member(before, Workspace(manifest=Path("Cargo.toml"), member="shout")) == after


@pytest.mark.parametrize(
    ("remote", "page"),
    [
        ("git@github.com:you/shout.git", "https://github.com/you/shout"),
        ("ssh://git@github.com/you/shout", "https://github.com/you/shout"),
        ("https://github.com/you/shout.git/", "https://github.com/you/shout"),
        ("https://user:secret@gitlab.com/you/group/shout", "https://gitlab.com/you/group/shout"),
        ("http://git.example:8080/shout", "https://git.example:8080/shout"),
        ("/srv/shout.git", None),
        ("file:///srv/shout.git", None),
        ('https://a/b"c', None),
    ],
)
def test_the_page_of_a_repository(remote: str, page: str | None) -> None:
    assert web_page(remote) == page


def test_members_that_are_no_list_are_not_replaced(tmp_path: Path) -> None:
    workspace(tmp_path, '[workspace]\nmembers = "a"\n')
    with pytest.raises(ConfigError, match="must be a list of strings, found 'a'"):
        read_workspace(tmp_path / "shout")
