"""The licence texts of crates: which files they are, and where they lie in the wheel."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from crate_graphs import crate
from cratewheel.cargo.model import Package
from cratewheel.contents.crate_licences import INDEX, LARGEST, CrateTexts, place, read_crates
from cratewheel.errors import ConfigError

GIT = "git+https://example.org/repository#0123456"


def made(folder: Path, name: str, texts: dict[str, str], **fields: Any) -> Package:
    """Return a crate in `folder` with these files."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return crate(name, folder=folder, **fields)


def texts(*packages: Package, workspace: Path, **clarified: str) -> dict[str, list[str]]:
    found = read_crates(packages, clarified, workspace=workspace, members=("member", "below"))
    return {one.package.name: [name for name, _ in one.texts] for one in found}


def test_texts_are_files_with_the_usual_names(tmp_path: Path) -> None:
    names = {
        "LICENSE-MIT": "m", "license.md": "l", "LICENCE": "e", "COPYING": "c", "NOTICE.txt": "n", "UNLICENSE": "u",
        "COPYRIGHT": "r", "LICENSES/MIT.txt": "f", "README.md": "-", "license.rs": "-", "src/LICENSE": "-",
    }  # fmt: skip
    one = made(tmp_path / "one", "one", names)
    assert texts(one, workspace=tmp_path) == {
        "one": [
            "COPYING", "COPYRIGHT", "LICENCE", "LICENSE-MIT", "LICENSES/MIT.txt", "NOTICE.txt", "UNLICENSE",
            "license.md",
        ],
    }  # fmt: skip


def test_the_file_that_the_manifest_names_is_one_of_them(tmp_path: Path) -> None:
    one = made(tmp_path / "one", "one", {"LEGAL.txt": "l", "LICENSE": "m"}, license_file="LEGAL.txt")
    below = made(tmp_path / "work" / "below", "below", {"../LEGAL": "l"}, license_file="../LEGAL", source=None)
    assert texts(one, below, workspace=tmp_path / "work") == {"one": ["LEGAL.txt", "LICENSE"], "below": ["LEGAL"]}


def test_a_crate_of_a_repository_or_workspace_may_have_its_texts_above(tmp_path: Path) -> None:
    checkout = tmp_path / "checkouts" / "repository" / "0123456"
    in_git = made(checkout / "crates" / "one", "one", {"../../LICENSE": "g", "../../.cargo-ok": ""}, source=GIT)
    member = made(tmp_path / "work" / "member", "member", {"../LICENSE": "w"}, source=None)
    packed = made(tmp_path / "registry" / "packed-1.0.0", "packed", {"../LICENSE": "of nobody"})
    vendored = made(tmp_path / "work" / "vendored", "vendored", {}, source=None)
    elsewhere = made(tmp_path / "elsewhere", "elsewhere", {"../LICENSE": "of nobody"}, source=None)
    assert texts(in_git, member, vendored, packed, elsewhere, workspace=tmp_path / "work") == {
        "one": ["LICENSE"], "member": ["LICENSE"], "vendored": [], "packed": [], "elsewhere": [],
    }  # fmt: skip


def test_a_notice_is_no_licence_so_that_of_the_folders_above_counts(tmp_path: Path) -> None:
    checkout = tmp_path / "checkouts" / "repository" / "0123456"
    files = {"NOTICE": "o", "../../LICENSE": "g", "../../NOTICE": "r", "../../.cargo-ok": ""}
    in_git = made(checkout / "crates" / "one", "one", files, source=GIT)
    noticed = made(tmp_path / "registry" / "noticed", "noticed", {"NOTICE.md": "n"})
    first, second = read_crates((in_git, noticed), {}, workspace=tmp_path, members=())
    assert (first.texts, first.has_licence) == ((("NOTICE.md", b"n"),), False)
    assert second.texts == (("LICENSE", b"g"), ("NOTICE", b"o"), ("above/NOTICE", b"r"))
    assert "NOTICE.md\n  no licence text in the crate\n" in dict(place([first]))[INDEX].decode()


def test_a_licence_file_of_the_manifest_that_is_not_in_the_wheel_is_known(tmp_path: Path) -> None:
    outside = made(tmp_path / "one", "outside", {"LICENSE": "l", "../LEGAL": "e"}, license_file="../LEGAL")
    absent = made(tmp_path / "two", "absent", {"COPYING": "c"}, license_file="LEGAL")
    there = made(tmp_path / "three", "there", {"LEGAL": "c"}, license_file="LEGAL")
    found = read_crates((outside, absent, there), {}, workspace=tmp_path / "work", members=())
    assert [(one.package.name, one.lost) for one in found] == [
        ("absent", "LEGAL"), ("outside", "../LEGAL"), ("there", None),
    ]  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege")
def test_a_link_out_of_a_crate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s", encoding="utf-8")
    one = made(tmp_path / "registry" / "one", "one", {})
    (tmp_path / "registry" / "one" / "LICENSE").symlink_to(tmp_path / "secret")
    with pytest.raises(ConfigError, match="LICENSE"):
        texts(one, workspace=tmp_path / "work")


def test_what_is_too_large_is_no_licence(tmp_path: Path) -> None:
    one = made(tmp_path / "one", "one", {"LICENSE": "x" * (LARGEST + 1)})
    with pytest.raises(ConfigError, match="too large for a licence text"):
        texts(one, workspace=tmp_path)


def content(name: str, *pairs: tuple[str, bytes], version: str = "1.0.0", **fields: Any) -> CrateTexts:
    package = crate(name, version, name_id=fields.pop("name_id", None), licence=fields.pop("licence", "MIT"), **fields)
    return CrateTexts(package=package, expression="MIT" if package.license == "MIT" else None, texts=pairs)


def test_each_text_is_there_once_and_the_index_says_whose_it_is() -> None:
    found = place(
        [
            content("a", ("LICENSE", b"of a"), ("NOTICE", b"of all")),
            content("b", ("COPYING", b"of all")),
            content("c", licence=None),
            content("d", ("LICENSE", b"of d"), licence=None),
            content("e", licence="see\nLICENSE"),
        ]
    )
    assert [(str(path), data) for path, data in found if path.name != "INDEX.txt"] == [
        ("crates/a-1.0.0/LICENSE", b"of a"),
        ("crates/a-1.0.0/NOTICE", b"of all"),
        ("crates/d-1.0.0/LICENSE", b"of d"),
    ]
    assert {str(path): data.decode() for path, data in found}["crates/INDEX.txt"] == (
        "The crates that are compiled into this wheel, their licences, and the files with their texts.\n"
        "\na 1.0.0\n  licence: MIT\n  a-1.0.0/LICENSE\n  a-1.0.0/NOTICE\n"
        "\nb 1.0.0\n  licence: MIT\n  a-1.0.0/NOTICE\n"
        "\nc 1.0.0\n  licence: not given\n  no text in the crate\n"
        "\nd 1.0.0\n  licence: see the text\n  d-1.0.0/LICENSE\n"
        "\ne 1.0.0\n  licence: see LICENSE (no SPDX expression)\n  no text in the crate\n"
    )


def test_two_crates_of_one_name_and_version_have_a_folder_each() -> None:
    found = place(
        [content("a", ("LICENSE", b"1"), name_id="one"), content("a", ("LICENSE", b"2"), name_id="two", source=GIT)]
    )
    assert [str(path) for path, _ in found] == [
        "crates/INDEX.txt", "crates/a-1.0.0/LICENSE", "crates/a-1.0.0-2/LICENSE",
    ]  # fmt: skip
