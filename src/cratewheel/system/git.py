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
    if _repository(folder) is None:
        return ()
    names = _ask(("ls-files", "-z", "--cached", "--ignored", "--exclude-standard"), folder, environ)
    return tuple(f"{folder}{os.sep}{name.replace('/', os.sep)}" for name in names)


def tracked_executables(folder: Path, environ: Mapping[str, str]) -> frozenset[str]:
    """Return the files of the repository around a folder that are executable in its index; none as above."""
    top = _repository(folder)
    if top is None:
        return frozenset()
    lines = (line.partition("\t") for line in _ask(("ls-files", "-z", "--stage"), top, environ))
    return frozenset(
        f"{top}{os.sep}{name.replace('/', os.sep)}" for mode, _, name in lines if mode.startswith("100755 ")
    )


def _repository(folder: Path) -> Path | None:
    """Return the top folder of the repository around a folder; None for an unpacked sdist."""
    if (folder / "PKG-INFO").is_file() and not (folder / ".git").exists():
        return None
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), None)


def _ask(words: tuple[str, ...], folder: Path, environ: Mapping[str, str]) -> list[str]:
    """Return what git lists in a folder; nothing where there is no git, or it fails."""
    try:
        done = process.capture(git(*words, cwd=folder), environ, errors="surrogateescape")
    except CratewheelError:
        return []
    return [line for line in done.stdout.split("\0") if line] if not done.status else []
