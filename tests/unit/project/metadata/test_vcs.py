from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.errors import ConfigError
from cratewheel.project.metadata import vcs
from cratewheel.project.metadata.vcs import check_settings, read_pkg_info

INFO = "Metadata-Version: 2.4\nName: p\nVersion: 1.2.dev3+g1\n\nVersion: 9\n"


def test_an_unpacked_source_distribution_knows_its_version(tmp_path: Path) -> None:
    (tmp_path / "PKG-INFO").write_text(INFO)
    assert read_pkg_info(tmp_path) == "1.2.dev3+g1"


@pytest.mark.parametrize("name", [".git", ".hg"])
def test_the_pkg_info_in_a_repository_does_not_count(tmp_path: Path, name: str) -> None:
    (tmp_path / "PKG-INFO").write_text(INFO)
    (tmp_path / name).mkdir()
    assert read_pkg_info(tmp_path) is None


def test_a_folder_without_the_file_or_the_header_has_none(tmp_path: Path) -> None:
    assert read_pkg_info(tmp_path) is None
    (tmp_path / "PKG-INFO").write_text("Name: p\n")
    assert read_pkg_info(tmp_path) is None


def test_a_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "PKG-INFO").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"PKG-INFO is not UTF-8$"):
        read_pkg_info(tmp_path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"root": 3}, "root of the entry must be a string, found 3"),
        ({"tag": "v"}, "tag of the entry must be a table, found 'v'"),
        (
            {"search-parent-directories": "yes"},
            "search-parent-directories of the entry must be true or false, found 'yes'",
        ),
    ],
)
def test_a_setting_of_the_wrong_type_is_an_error(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_settings(settings, "the entry")
    assert caught.value.message == message


def test_settings_of_the_right_types_are_none() -> None:
    check_settings({"root": "..", "tag": {}, "search-parent-directories": True}, "the entry")


def test_without_a_version_the_hint_names_the_repository_around_or_the_tag(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    tag = "tag a commit: `git tag v0.1.0`; in CI, fetch the tags: `git fetch --tags --unshallow`"
    assert vcs._hint(folder) == tag
    (tmp_path / ".git").mkdir()
    around = f'the repository is {tmp_path}: add `root = "{Path("../..")}"` to the entry'
    assert vcs._hint(folder) == around
    (folder / ".git").touch()
    assert vcs._hint(folder) == tag
