"""Which files a walk finds, and in which order."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from cratewheel.errors import ConfigError
from cratewheel.system.files import glob, tree, walk

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege on Windows")


def make(root: Path, *names: str, **contents: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(contents.get(name, ""), encoding="utf-8")


def ignore(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines), encoding="utf-8")


def found(root: Path, under: Path | None = None) -> list[str]:
    return [Path(path).relative_to(root).as_posix() for path in walk(root, under=under)]


def test_files_come_in_the_order_of_their_path_components(tmp_path: Path) -> None:
    make(tmp_path, "b/c", "b.py", "b-1/x", "a", "b/.hidden", "C/z")
    assert found(tmp_path) == ["C/z", "a", "b/.hidden", "b/c", "b-1/x", "b.py"]


def test_a_gitignore_counts_in_a_repository_only(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "a.log")
    ignore(tmp_path / ".gitignore", "*.log")
    assert found(tmp_path) == [".gitignore", "a.log", "a.py"]
    (tmp_path / ".git").mkdir()
    assert found(tmp_path) == [".gitignore", "a.py"]


@pytest.mark.parametrize("mark", [".git", ".jj"])
def test_a_repository_above_the_project_makes_its_gitignores_count(tmp_path: Path, mark: str) -> None:
    (tmp_path / mark).mkdir()
    ignore(tmp_path / ".gitignore", "a.py")
    project = tmp_path / "project"
    make(project, "a.py", "b.py", "c.py")
    ignore(project / ".gitignore", "b.py")
    assert found(project) == [".gitignore", "c.py"]
    ignore(tmp_path / ".gitignore", "/project/c.py", "a.py")
    ignore(project / ".gitignore", "!a.py")
    assert found(project) == [".gitignore", "a.py", "b.py"]


def test_an_unpacked_sdist_has_no_repository(tmp_path: Path) -> None:
    make(tmp_path, ".git/HEAD", "demo-1.0/PKG-INFO", "demo-1.0/a.py")
    ignore(tmp_path / ".gitignore", "a.py")
    ignore(tmp_path / "demo-1.0" / ".gitignore", "a.py")
    assert found(tmp_path / "demo-1.0") == [".gitignore", "PKG-INFO", "a.py"]


def test_a_project_in_a_folder_that_its_repository_ignores_is_none_of_its_business(tmp_path: Path) -> None:
    make(tmp_path, ".git/HEAD", "build/copy/a.py", "build/copy/b.log", "build/copy/c.tmp")
    ignore(tmp_path / ".gitignore", "build/", "*.log")
    ignore(tmp_path / "build" / "copy" / ".gitignore", "*.tmp")
    assert found(tmp_path / "build" / "copy") == [".gitignore", "a.py", "b.log"]


@pytest.mark.parametrize(
    "name",
    [
        "__pycache__/x.txt", "a.pyc", "a.pyo", ".DS_Store", "._a.py", "a.swp", ".a.py.swo", "a.py~", ".#a.py",
        "#a.py#", "Thumbs.db", "desktop.ini",
    ],
)  # fmt: skip
def test_rubbish_is_found_by_nobody(tmp_path: Path, name: str) -> None:
    make(tmp_path, "a.py", f"sub/{name}")
    assert found(tmp_path) == ["a.py"]
    assert list(tree(tmp_path, roots=(os.path.realpath(tmp_path),))) == [str(tmp_path / "a.py")]
    assert (glob(tmp_path, "**/*"), glob(tmp_path, f"sub/{name}")) == ((tmp_path / "a.py",), ())


def test_a_worktree_whose_git_is_a_file_is_a_repository(tmp_path: Path) -> None:
    make(tmp_path, ".git", "a.py", "a.log")
    ignore(tmp_path / ".gitignore", "*.log")
    assert found(tmp_path) == [".gitignore", "a.py"]


def test_git_itself_is_left_out_and_the_excludes_in_it_count_for_its_repository(tmp_path: Path) -> None:
    make(tmp_path, ".git/HEAD", "a.py", "sub/.git/HEAD", "sub/a.py", "below/a.py", "below/b.py")
    ignore(tmp_path / ".git" / "info" / "exclude", "a.py")
    assert found(tmp_path) == ["below/b.py", "sub/a.py"]
    assert found(tmp_path / "below") == ["b.py"]
    ignore(tmp_path / ".gitignore", "!/a.py")
    assert found(tmp_path) == [".gitignore", "a.py", "below/b.py", "sub/a.py"]


def test_a_worktree_has_the_excludes_of_its_repository(tmp_path: Path) -> None:
    make(tmp_path, "main/.git/worktrees/w/HEAD", "w/a.py", "w/b.py")
    ignore(tmp_path / "main/.git/worktrees/w/commondir", "../..")
    ignore(tmp_path / "main/.git/info/exclude", "a.py")
    ignore(tmp_path / "w/.git", f"gitdir: {tmp_path / 'main/.git/worktrees/w'}")
    assert found(tmp_path / "w") == ["b.py"]


def test_an_ignore_file_counts_everywhere_and_speaks_before_gitignores(tmp_path: Path) -> None:
    make(tmp_path, "sub/a.py", "sub/b.py", "sub/c.py")
    ignore(tmp_path / ".ignore", "a.py")
    assert found(tmp_path) == [".ignore", "sub/b.py", "sub/c.py"]
    (tmp_path / ".git").mkdir()
    ignore(tmp_path / ".ignore", "a.py", "!b.py")
    ignore(tmp_path / "sub" / ".gitignore", "b.py", "c.py", "!a.py")
    assert found(tmp_path) == [".ignore", "sub/.gitignore", "sub/b.py"]


def test_the_nearest_gitignore_decides_and_a_pruned_folder_is_not_entered(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    make(tmp_path, "a.log", "sub/a.log", "gone/keep.py", "half/keep.py", "half/lost.py")
    ignore(tmp_path / ".gitignore", "*.log", "gone/", "!gone/keep.py", "half/*", "!half/keep.py")
    ignore(tmp_path / "sub" / ".gitignore", "!a.log")
    assert found(tmp_path) == [".gitignore", "half/keep.py", "sub/.gitignore", "sub/a.log"]


def test_a_repository_in_a_repository_is_on_its_own(tmp_path: Path) -> None:
    make(tmp_path, ".git/HEAD", "inner/.git/HEAD", "inner/a.log", "inner/b.py")
    ignore(tmp_path / ".gitignore", "*.log")
    ignore(tmp_path / "inner" / ".gitignore", "b.py")
    assert found(tmp_path) == [".gitignore", "inner/.gitignore", "inner/a.log"]


def test_a_walk_of_a_folder_heeds_what_lies_between_it_and_the_root(tmp_path: Path) -> None:
    make(tmp_path, ".git/HEAD", "other/a.py", "src/pkg/a.py", "src/pkg/a.log", "src/pkg/sub/b.tmp")
    ignore(tmp_path / ".gitignore", "*.log")
    ignore(tmp_path / "src" / ".gitignore", "/pkg/sub/*.tmp")
    assert found(tmp_path, tmp_path / "src" / "pkg") == ["src/pkg/a.py"]
    assert found(tmp_path, tmp_path / "src" / "pkg" / "a.py") == ["src/pkg/a.py"]
    assert found(tmp_path, tmp_path / "src" / "pkg" / "a.log") == []
    ignore(tmp_path / ".gitignore", "/src/")
    assert found(tmp_path, tmp_path / "src" / "pkg") == []


def test_ignore_files_may_have_crlf_a_bom_bad_lines_and_bytes_that_are_no_utf8(tmp_path: Path) -> None:
    make(tmp_path, ".git/HEAD", "a.py", "b.py", "c.py")
    (tmp_path / ".gitignore").write_bytes(b"\xef\xbb\xbfa.py\r\n[\r\n\xff\r\nb.py")
    assert found(tmp_path) == [".gitignore", "c.py"]


@needs_links
def test_a_link_to_a_file_is_found_and_a_link_to_a_folder_is_not_followed(tmp_path: Path) -> None:
    make(tmp_path, "pkg/a.py", "shared/b.py")
    (tmp_path / "pkg" / "b.py").symlink_to("../shared/b.py")
    (tmp_path / "pkg" / "shared").symlink_to("../shared")
    (tmp_path / "pkg" / "loop").symlink_to(".")
    assert found(tmp_path) == ["pkg/a.py", "pkg/b.py", "shared/b.py"]


@needs_links
def test_a_linked_folder_that_is_asked_for_is_walked(tmp_path: Path) -> None:
    make(tmp_path, "real/a.py")
    (tmp_path / "pkg").symlink_to("real")
    assert found(tmp_path, tmp_path / "pkg") == ["pkg/a.py"]


@needs_links
def test_a_link_out_of_the_project_is_refused_by_name(tmp_path: Path) -> None:
    make(tmp_path, "secret", "project/pkg/a.py")
    link = tmp_path / "project" / "pkg" / "b.py"
    link.symlink_to("../../secret")
    with pytest.raises(ConfigError, match="leads out of the project") as caught:
        found(tmp_path / "project")
    assert str(link) in caught.value.message
    assert str(tmp_path / "secret") in caught.value.message
    boundary = walk(tmp_path / "project", roots=(str(tmp_path),))
    assert [Path(path).name for path in boundary] == ["a.py", "b.py"]


@needs_links
def test_a_folder_that_is_asked_for_and_lies_outside_is_refused(tmp_path: Path) -> None:
    make(tmp_path, "other/a.py", "project/x")
    (tmp_path / "project" / "pkg").symlink_to("../other")
    with pytest.raises(ConfigError, match="leads out of the project"):
        found(tmp_path / "project", tmp_path / "project" / "pkg")


@needs_links
def test_an_ignored_link_out_of_the_project_is_nobodys_business(tmp_path: Path) -> None:
    make(tmp_path, "secret", "project/a.py", "project/.git/HEAD")
    (tmp_path / "project" / "b.py").symlink_to("../secret")
    ignore(tmp_path / "project" / ".gitignore", "b.py")
    assert found(tmp_path / "project") == [".gitignore", "a.py"]


@needs_links
def test_a_link_to_nothing_is_an_error(tmp_path: Path) -> None:
    make(tmp_path, "a.py")
    (tmp_path / "b.py").symlink_to("nowhere")
    with pytest.raises(ConfigError, match=r"b\.py is a symbolic link to nowhere, which does not exist"):
        found(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_found_for_whoever_opens_it_to_refuse(tmp_path: Path) -> None:
    make(tmp_path, "a.py")
    os.mkfifo(tmp_path / "pipe")
    assert found(tmp_path) == ["a.py", "pipe"]
    assert list(tree(tmp_path, roots=(str(tmp_path),))) == [str(tmp_path / "a.py"), str(tmp_path / "pipe")]
    assert glob(tmp_path, "*.py") == (tmp_path / "a.py",)
    for pattern in ("*", "pipe"):
        with pytest.raises(ConfigError, match="pipe is not a regular file, but a named pipe"):
            glob(tmp_path, pattern)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_with_the_name_of_an_ignore_file_is_an_error(tmp_path: Path) -> None:
    make(tmp_path, ".git/HEAD", "a.py", "folder/b.py")
    for name in (".ignore", "folder/.gitignore"):
        os.mkfifo(tmp_path / name)
        with pytest.raises(ConfigError, match="ignore is not a regular file, but a named pipe"):
            found(tmp_path)
        (tmp_path / name).unlink()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder_is_an_error_where_it_is_walked(tmp_path: Path) -> None:
    make(tmp_path, "pkg/a.py", "locked/b.py")
    (tmp_path / "locked").chmod(0)
    try:
        assert found(tmp_path, tmp_path / "pkg") == ["pkg/a.py"]
        with pytest.raises(ConfigError, match="locked cannot be read"):
            found(tmp_path)
    finally:
        (tmp_path / "locked").chmod(stat.S_IRWXU)


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere cannot be read: "):
        list(tree(tmp_path / "nowhere", roots=(str(tmp_path),)))


@needs_links
def test_a_tree_follows_links_within_the_project_and_asks_no_ignore_file(tmp_path: Path) -> None:
    make(tmp_path, ".git/HEAD", "data/a", "data/.gitignore", "data/sub/.b", "shared/c")
    ignore(tmp_path / "data" / ".gitignore", "*")
    (tmp_path / "data" / "shared").symlink_to("../shared")
    (tmp_path / "data" / "loop").symlink_to(".")
    (tmp_path / "shared" / "back").symlink_to("../data/sub")
    paths = [Path(path).relative_to(tmp_path).as_posix() for path in tree(tmp_path / "data", roots=(str(tmp_path),))]
    assert paths == ["data/.gitignore", "data/a", "data/shared/back/.b", "data/shared/c", "data/sub/.b"]


@needs_links
def test_a_tree_refuses_links_that_lead_out(tmp_path: Path) -> None:
    make(tmp_path, "outside/a", "project/data/a")
    (tmp_path / "project" / "data" / "out").symlink_to("../../outside")
    with pytest.raises(ConfigError, match=r"data.out leads out of the project"):
        list(tree(tmp_path / "project" / "data", roots=(str(tmp_path / "project"),)))
