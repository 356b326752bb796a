"""Probes candidate files: each file once, cached answers first, the others in parallel."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cratewheel.errors import InterpreterError
from cratewheel.interpreter import launcher, pyenv
from cratewheel.interpreter.cache import Cache
from cratewheel.interpreter.candidates import WINDOWS, Candidate, candidates, home_folder, unique, version_in_name
from cratewheel.interpreter.model import Interpreter
from cratewheel.interpreter.probe import Answer, Skip, describe, probe_self, run_probe
from cratewheel.system.command import which
from cratewheel.system.tasks import task_group

if TYPE_CHECKING:
    from cratewheel.events import Reporter

WORKERS = 8  # interpreters started in parallel; they mostly wait for the disk
OWN_SOURCE = "runs cratewheel"

Finding = Interpreter | Skip | InterpreterError


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One search for interpreters on this machine; with `arch`, those of another processor are skipped."""

    environ: Mapping[str, str]
    cwd: Path
    cache: Cache
    reporter: Reporter
    timeout: float
    arch: str | None = None

    def candidates(self) -> tuple[Candidate, ...]:
        """Return every file that may be a Python: in folders, from the Windows launcher, and the running one."""
        found = list(candidates(self.environ, cwd=self.cwd))
        if WINDOWS:
            listed = (("py launcher", launcher.list_pythons(self.environ)), ("registry", launcher.registered()))
            found += [
                Candidate(path=path, source=source, version=version_in_name(path, folder=False))
                for source, paths in listed
                for path in paths
            ]
        running = self.running()
        if running is not None:
            found.append(running)
        return unique(found)

    def running(self) -> Candidate | None:
        """Return the interpreter that runs this code."""
        return Candidate(path=Path(sys.executable), source=OWN_SOURCE) if sys.executable else None

    def findings(self, requested: Iterable[Candidate]) -> Iterator[tuple[Candidate, Finding]]:
        """Yield what each candidate is, in order; programs that must be started run in parallel."""
        requested = tuple(requested)
        answers = {candidate.path: self._known(candidate.path) for candidate in requested}
        unknown = [path for path, answer in answers.items() if answer is None]
        new = dict(zip(unknown, self._ask_all(unknown), strict=True))
        for path, answer in new.items():
            if isinstance(answer, Mapping):
                self.cache.put(path, answer)
        for candidate in requested:
            yield candidate, self._fitting(_to_finding(candidate, answers[candidate.path] or new[candidate.path]))

    def finding(self, candidate: Candidate) -> Finding:
        """Return what one candidate is."""
        return next(iter(self.findings([candidate])))[1]

    def which(self, program: str) -> Path | None:
        """Return the file that `program` names on PATH; pyenv shims are not resolved."""
        found = which(program, self.environ)
        return self.cwd / found if found else None

    def resolve_shim(self, shim: Path) -> Path | None:
        """Return the program that a pyenv shim runs, or None if no active version has it; other paths are unchanged."""
        root = self.shim_root(shim)
        if root is None:
            return shim
        for folder in pyenv.active_versions(root, self.environ, self.cwd):
            if os.access(folder / "bin" / shim.name, os.X_OK):
                return folder / "bin" / shim.name
        elsewhere = [str(folder) for folder in pyenv.path_folders(self.environ) if folder != shim.parent]
        found = which(shim.name, {"PATH": os.pathsep.join(elsewhere)})
        return self.resolve_shim(found) if found else None

    def shim_root(self, path: Path) -> Path | None:
        """Return the pyenv root of a shim, or None if `path` is not a shim."""
        if path.parent.name != "shims":
            return None
        roots = pyenv.roots(self.environ, home_folder(self.environ))
        return path.parent.parent if path.parent.parent in roots else None

    def _fitting(self, finding: Finding) -> Finding:
        if not isinstance(finding, Interpreter) or finding.executable is None:
            return finding
        if self.arch is None or finding.arch in (None, self.arch):
            return finding
        reason = f"{finding.display} for {finding.arch}, and the wheels are for {self.arch}"
        return Skip(executable=finding.executable, reason=reason, other_arch=True)

    def _known(self, path: Path) -> Answer | None:
        stored = self.cache.get(path)
        if stored is not None or not sys.executable or os.path.realpath(path) != os.path.realpath(sys.executable):
            return stored
        try:
            answer = probe_self()
        except InterpreterError:
            return None  # probed like the others, which gives the reason
        self.cache.put(path, answer)
        return answer

    def _ask_all(self, paths: list[Path]) -> list[Answer | Skip | InterpreterError]:
        if len(paths) < 2:
            return [self._ask(path) for path in paths]
        with task_group(max_running=WORKERS) as group:
            asked = [group.start(partial(self._ask, path)) for path in paths]
            return [task.result() for task in asked]

    def _ask(self, path: Path) -> Answer | Skip | InterpreterError:
        try:
            return run_probe(path, self.environ, timeout=self.timeout)
        except InterpreterError as error:
            return error


def _to_finding(candidate: Candidate, answer: Answer | Skip | InterpreterError) -> Finding:
    if isinstance(answer, (Skip, InterpreterError)):
        return answer
    executable = _own_path(candidate.path, answer.get("executable"))
    try:
        return describe(
            answer, executable=executable, in_virtualenv=_in_virtualenv(executable), source=candidate.source
        )
    except InterpreterError as error:
        return error


def _own_path(path: Path, said: str | None) -> Path:
    # cargo should run the interpreter itself, not a shim
    if said and os.path.realpath(said) != os.path.realpath(path) and Path(said).is_file():
        return Path(said)
    return path


def _in_virtualenv(executable: Path) -> bool:
    # https://docs.python.org/3/library/venv.html: next to the interpreter, or one folder up
    return any((folder / "pyvenv.cfg").is_file() for folder in (executable.parent, executable.parent.parent))
