"""Which folders the files of a project may lie in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cratewheel.errors import ConfigError
from cratewheel.system.files import ProjectBoundary, glob, join_roots, links, project_roots, tree
from system_paths import native

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege on Windows")


@pytest.mark.parametrize("mark", [".git", ".jj"])
def test_files_may_lie_in_the_repository_around_the_project(tmp_path: Path, mark: str) -> None:
    folder = tmp_path / "repository" / "crates" / "demo"
    folder.mkdir(parents=True)
    assert project_roots(folder) == (str(folder),)
    (tmp_path / "repository" / mark).mkdir()
    assert project_roots(folder) == (str(tmp_path / "repository"),)


def test_what_is_around_the_project_counts_as_far_as_it_is_larger(tmp_path: Path) -> None:
    folder = tmp_path / "workspace" / "demo"
    folder.mkdir(parents=True)
    assert project_roots(folder, folder.parent) == (str(folder.parent),)
    assert project_roots(folder.parent, folder) == (str(folder.parent),)
    assert join_roots(project_roots(folder), (native("/b"), native("/a/c")), (native("/a"),)) == (
        native("/b"),
        native("/a"),
        str(folder),
    )


@needs_links
def test_the_repository_is_that_of_the_real_folder(tmp_path: Path) -> None:
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / "repository" / "demo").mkdir()
    (tmp_path / "demo").symlink_to("repository/demo")
    assert project_roots(tmp_path / "demo") == (str(tmp_path / "repository"),)


def test_only_what_leaves_the_folders_is_refused(tmp_path: Path) -> None:
    inside = tmp_path / "project" / "a"
    inside.parent.mkdir()
    inside.touch()
    (tmp_path / "project-2").touch()
    fence = ProjectBoundary((str(tmp_path / "project"),))
    fence.check(str(inside))
    with pytest.raises(ConfigError) as caught:
        fence.check(str(tmp_path / "project-2"))
    assert caught.value.message == f"{tmp_path / 'project-2'} lies outside of the project"
    assert caught.value.hint == f"put a copy into {tmp_path / 'project'}"


@needs_links
def test_folders_that_link_to_each_other_come_to_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"f{number}" for number in range(5)]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
        for other in names:
            (tmp_path / name / other).symlink_to(f"../{other}")
    roots = (str(tmp_path),)
    every = sum(1 for _ in tree(tmp_path, roots=roots))
    assert len(glob(tmp_path, "**/file", roots=roots)) == every == 5 + 20 + 60 + 120 + 120
    monkeypatch.setattr(links, "MAX_LINKED", 200)
    with pytest.raises(ConfigError, match="more than 200 folders are reached by symbolic links"):
        list(tree(tmp_path, roots=roots))
