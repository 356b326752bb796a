"""Git submodules that a clone lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.system.files.links import describe_dangling
from cratewheel.system.files.submodules import absent_submodule
from system_paths import needs_links

GITMODULES = (
    '[submodule "x"]\n\tpath = deps/inner\n\turl = https://example.org/x\n[submodule "y"]\npath=other\nurl = ../y\n'
)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / ".gitmodules").write_text(GITMODULES, encoding="utf-8")
    (tmp_path / "deps" / "inner").mkdir(parents=True)
    (tmp_path / "py").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("path", "submodule"),
    [
        ("deps/inner", "deps/inner"),
        ("deps/inner/Cargo.toml", "deps/inner"),
        ("py/../deps/inner/crates/a/Cargo.toml", "deps/inner"),
        ("other/a", "other"),
        ("deps/innermost/Cargo.toml", None),
        ("deps", None),
    ],
)
def test_an_empty_or_missing_folder_of_a_submodule_is_found(clone: Path, path: str, submodule: str | None) -> None:
    assert absent_submodule(clone / path) == (clone / submodule if submodule else None)


def test_a_submodule_that_is_there_lacks_nothing(clone: Path, tmp_path: Path) -> None:
    (clone / "deps" / "inner" / ".git").write_text("gitdir: elsewhere\n", encoding="utf-8")
    assert absent_submodule(clone / "deps/inner/Cargo.toml") is None
    (clone / ".gitmodules").unlink()
    assert absent_submodule(tmp_path / "other/a") is None


@needs_links
def test_a_link_into_a_submodule_that_is_not_there_says_what_fetches_it(clone: Path) -> None:
    link = clone / "py" / "data"
    link.symlink_to(Path("..") / "deps" / "inner" / "data")
    assert describe_dangling(str(link)) == (
        f"a symbolic link to {link.readlink()}, which does not exist: {clone / 'deps' / 'inner'} is a git submodule "
        "that is not there; `git submodule update --init --recursive`"
    )
