"""Git commands that run no other program (hooks, pagers, monitors), and use only the repository of the folder.

A checkout brings a configuration along, and that can name programs (https://git-scm.com/docs/git-config): for the state
of files, for hooks, for fetching what is missing. Variables of the caller can name another repository: git sets them
for its own hooks.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from cratewheel.errors import CratewheelError
from cratewheel.system import command as process
from cratewheel.system.command import Command

_SETTINGS = (
    "core.fsmonitor=",
    f"core.hooksPath={os.devnull}",
    "core.untrackedCache=false",
    "safe.bareRepository=explicit",  # else a folder that holds such files is one, with the configuration in it
)
_WORDS = tuple(word for setting in _SETTINGS for word in ("-c", setting))
# No protocol is allowed, so that nothing that a partial clone lacks is fetched: that would run `core.sshCommand`,
# helpers for credentials, and those for protocols. The list goes before all of `protocol.*`.
_VARIABLES = (
    ("GIT_ALLOW_PROTOCOL", ""),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
)
# What `git rev-parse --local-env-vars` prints, but for configuration, which may name safe directories
_OF_A_REPOSITORY = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE", "GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
)  # fmt: skip


def git(*words: str, cwd: Path) -> Command:
    """Return the command `git` with these arguments, run in the folder `cwd`."""
    command = Command(argv=("git", *_WORDS, *words), cwd=cwd)
    return replace(command, env=(*_VARIABLES, *((name, None) for name in _OF_A_REPOSITORY)))


def restrain_libraries() -> None:
    """Have each git that a library in this process starts run no program that a checkout's configuration names."""
    process.put_in_front("git", _WORDS)


def tracked_but_ignored(folder: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the files below a folder that git tracks although its ignore rules match: `git add --force`.

    There are none where there is no repository or no git, nor in an unpacked sdist.
    """
    unpacked = (folder / "PKG-INFO").is_file() and not (folder / ".git").exists()
    if unpacked or not any((place / ".git").exists() for place in (folder, *folder.parents)):
        return ()
    command = git("ls-files", "-z", "--cached", "--ignored", "--exclude-standard", cwd=folder)
    try:
        done = process.capture(command, environ, errors="surrogateescape")
    except CratewheelError:
        return ()
    names = done.stdout.split("\0") if not done.status else []
    return tuple(f"{folder}{os.sep}{name.replace('/', os.sep)}" for name in names if name)
