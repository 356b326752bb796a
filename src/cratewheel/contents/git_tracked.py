"""What git tracks: the list of a source distribution from git, and which links to nothing are the project's."""

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
    """Return the files below a folder that git tracks; raises `ProcessError` where git fails."""
    command = git("ls-files", "-z", "--recurse-submodules", cwd=project)
    done = process.capture(command, environ, errors="surrogateescape")  # as names are decoded
    if done.status:
        raise ProcessError(
            f"git cannot list the files of {project}",
            notes=tuple(done.stderr.splitlines()),
            hint='fix the error that git reports, or set `sdist-generator = "cargo"` in pyproject.toml',
        )
    for line in done.stderr.splitlines():  # such as of a partial clone that has not all folders
        reporter.warn(f"git says of {project}: {line}")
    return tuple(f"{project}{os.sep}{name.replace('/', os.sep)}" for name in done.stdout.split("\0") if name)


def warn_of_missing(tracked: Iterable[str], here: Collection[str], reporter: Reporter) -> None:
    """Warn of what is tracked and not `here`."""
    absent = [path for path in tracked if path not in here]
    modules = [path for path in absent if os.path.isdir(path) and not os.path.islink(path)]  # noqa: PTH112, PTH114
    missing = [path for path in absent if not os.path.lexists(path)]
    if modules:
        reporter.warn(
            f"the sdist lacks submodules: {_shown(modules)}", hint="get them with `git submodule update --init`"
        )
    if missing:
        reporter.warn(
            f"the sdist lacks what git tracks and is not there: {_shown(missing)}",
            hint="`git restore` brings it back, `git rm` has git forget it; `git status` says which repository this is",
        )


def _shown(paths: list[str]) -> str:
    return ", ".join(paths[:SHOWN]) + (f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else "")


class DanglingLinks:
    """Says which links to nothing are not the project's: those in a repository that does not track them.

    Editors and build tools leave such links. Each is told of once.
    """

    def __init__(self, environ: Mapping[str, str], reporter: Reporter) -> None:
        self._environ = environ
        self._ui = reporter
        self._answers: dict[str, bool] = {}

    def skips(self, path: str) -> bool:
        """Return whether a path is a link to nothing that git knows nothing of."""
        if path not in self._answers:
            problem = describe_dangling(path)
            self._answers[path] = problem is not None and self._is_untracked(path)
            if self._answers[path]:
                self._ui.warn(f"archives of the project lack {path}, {problem}; git does not track it")
        return self._answers[path]

    def _is_untracked(self, path: str) -> bool:
        folder, name = os.path.split(path)
        try:
            done = process.capture(git("ls-files", "-z", "--", f":(literal){name}", cwd=Path(folder)), self._environ)
        except MissingToolError:
            return False
        return done.status == 0 and not done.stdout
