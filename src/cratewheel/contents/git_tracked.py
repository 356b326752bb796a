"""Files tracked by git: the list for source distributions, and which dangling links belong to the project."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from cratewheel.errors import MissingToolError, ProcessError
from cratewheel.events import Reporter
from cratewheel.system import command as process
from cratewheel.system.files.links import describe_dangling
from cratewheel.system.git import git

SHOWN = 3  # files that a warning names


def list_files_with_git(project: Path, environ: Mapping[str, str], reporter: Reporter) -> tuple[str, ...]:
    """Return the files in a folder that git tracks; raises `ProcessError` if git fails."""
    command = git("ls-files", "-z", "--recurse-submodules", cwd=project)
    done = process.capture(command, environ, errors="surrogateescape")  # as file names are decoded
    if done.status:
        raise ProcessError(
            f"git cannot list the files of {project}",
            notes=tuple(done.stderr.splitlines()),
            hint='fix the error that git reports, or set `sdist-generator = "cargo"` in pyproject.toml',
        )
    for line in done.stderr.splitlines():  # such as about folders missing in a partial clone
        reporter.warn(f"git reports about {project}: {line}")
    return tuple(f"{project}{os.sep}{name.replace('/', os.sep)}" for name in done.stdout.split("\0") if name)


def warn_missing(tracked: Iterable[str], here: Collection[str], reporter: Reporter) -> None:
    """Warn about tracked files that are not `here`."""
    absent = [path for path in tracked if path not in here]
    modules = [path for path in absent if os.path.isdir(path) and not os.path.islink(path)]  # noqa: PTH112, PTH114
    missing = [path for path in absent if not os.path.lexists(path)]
    if modules:
        reporter.warn(
            f"missing submodules in the sdist: {_join_shown(modules)}",
            hint="to get them, run `git submodule update --init`",
        )
    if missing:
        reporter.warn(
            f"missing files that git tracks: {_join_shown(missing)}",
            hint="run `git restore` or `git rm`; `git status` shows which repository this is",
        )


def _join_shown(paths: list[str]) -> str:
    return ", ".join(paths[:SHOWN]) + (f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else "")


class DanglingLinks:
    """Decides which dangling links to skip: those that the repository does not track.

    Editors and build tools leave such links. Each is reported once.
    """

    def __init__(self, environ: Mapping[str, str], reporter: Reporter) -> None:
        self._environ = environ
        self._ui = reporter
        self._answers: dict[str, bool] = {}

    def skips(self, path: str) -> bool:
        """Return whether a path is a dangling link that git does not track."""
        if path not in self._answers:
            problem = describe_dangling(path)
            self._answers[path] = problem is not None and self._is_untracked(path)
            if self._answers[path]:
                self._ui.warn(f"{path} is skipped, {problem}; git does not track it")
        return self._answers[path]

    def _is_untracked(self, path: str) -> bool:
        folder, name = os.path.split(path)
        try:
            done = process.capture(git("ls-files", "-z", "--", f":(literal){name}", cwd=Path(folder)), self._environ)
        except MissingToolError:
            return False
        return done.status == 0 and not done.stdout
