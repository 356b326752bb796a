"""The command that git is started with, and when it is not started at all."""

from __future__ import annotations

import os
from pathlib import Path

from cratewheel.system.command import Command
from cratewheel.system.git import git, tracked_but_ignored


def test_no_repository_names_a_program_or_another_repository() -> None:
    assert git("ls-files", "-z", cwd=Path("/p")) == Command(
        argv=(
            "git",
            *("-c", "core.fsmonitor="),
            *("-c", f"core.hooksPath={os.devnull}"),
            *("-c", "core.untrackedCache=false"),
            *("-c", "safe.bareRepository=explicit"),
            *("ls-files", "-z"),
        ),
        cwd=Path("/p"),
        env=(
            ("GIT_ALLOW_PROTOCOL", ""),
            ("GIT_NO_LAZY_FETCH", "1"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_ALTERNATE_OBJECT_DIRECTORIES", None),
            ("GIT_COMMON_DIR", None),
            ("GIT_DIR", None),
            ("GIT_GRAFT_FILE", None),
            ("GIT_IMPLICIT_WORK_TREE", None),
            ("GIT_INDEX_FILE", None),
            ("GIT_INTERNAL_SUPER_PREFIX", None),
            ("GIT_NAMESPACE", None),
            ("GIT_NO_REPLACE_OBJECTS", None),
            ("GIT_OBJECT_DIRECTORY", None),
            ("GIT_PREFIX", None),
            ("GIT_REPLACE_REF_BASE", None),
            ("GIT_SHALLOW_FILE", None),
            ("GIT_WORK_TREE", None),
        ),
    )


def test_git_is_not_asked_where_there_is_no_repository(tmp_path: Path) -> None:
    assert tracked_but_ignored(tmp_path, {"PATH": ""}) == ()


def test_an_unpacked_sdist_in_a_repository_is_not_the_repositorys(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    inside = tmp_path / "unpacked"
    inside.mkdir()
    (inside / "PKG-INFO").touch()
    assert tracked_but_ignored(inside, {"PATH": ""}) == ()
