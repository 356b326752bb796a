"""Bundling libraries for macOS, on any system: found as dyld finds them, renamed with macholib, signed anew.

The folder `<distribution>.dylibs` and the names in it are those of delocate, which runs on macOS alone. macholib
rewrites load commands everywhere; a changed file for arm64 needs another signature, which is codesign's on macOS and
elsewhere the ad-hoc one of repairwheel.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path, PurePosixPath

from cratewheel.audit import binary, check
from cratewheel.audit.model import Binary
from cratewheel.errors import AuditError, MissingToolError, ProcessError
from cratewheel.process import Command, capture
from cratewheel.repair.closure import Library, closure, digest
from cratewheel.repair.model import Grafted, Repair, Subject

_HINT = "pip install cratewheel[repair]"
_PREFIXES = ("@rpath/", "@loader_path/", "@executable_path/")
_ID, _LIBRARIES = 0xD, frozenset({0xC, 0x80000018, 0x8000001F, 0x20, 0x80000023})  # load commands that name one


def repair(subjects: Iterable[Subject], surroundings: Repair) -> tuple[Grafted, ...]:
    """Copy the libraries that the subjects need, and those that these need; rename all to find each other.

    Raises `AuditError` when one cannot be found or lacks a processor, `MissingToolError` without the tools.
    """
    subjects = tuple(subjects)

    def locate(need: str, needer: Path, facts: Binary) -> Library | None:
        return _find(need, needer, facts, surroundings)

    found = closure(subjects, surroundings, locate)
    folder = surroundings.scratch / f"{surroundings.dist}.dylibs"
    folder.mkdir(parents=True, exist_ok=True)
    grafted = []
    for library in found.libraries:
        copy = folder / library.name
        shutil.copyfile(library.path, copy)
        copy.chmod(0o755)
        names = {need: f"@loader_path/{other.name}" for need, other in found.links[library.path].items()}
        _rename(copy, names, identity=f"/DLC/{folder.name}/{library.name}")
        _sign(copy, surroundings)
        grafted.append(Grafted(name=library.name, original=library.path, path=copy, sha256=library.sha256))
    for subject in subjects:
        way = _way(subject.folder, folder.name)
        names = {need: f"{way}/{library.name}" for need, library in found.links[subject.path].items()}
        if names:
            _rename(subject.path, names, identity=None)
            _sign(subject.path, surroundings)
    return tuple(sorted(grafted, key=lambda one: one.name))


def _way(folder: PurePosixPath, libs: str) -> str:
    """Return the path from a folder of the wheel to the libraries.

    >>> _way(PurePosixPath("pkg"), "demo.dylibs")
    '@loader_path/../demo.dylibs'
    """
    return "/".join(["@loader_path", *[".."] * len(folder.parts), libs])


def _find(need: str, needer: Path, facts: Binary, surroundings: Repair) -> Library | None:
    looked = tuple(dict.fromkeys(_candidates(need, needer, facts, surroundings)))
    wanted = {part.arch for part in facts.slices or (facts,)}
    lacking: list[str] = []
    for candidate in looked:
        if not candidate.is_file():
            continue
        real = candidate.resolve()
        read = binary.read(real)
        missing = wanted - {part.arch for part in read.slices or (read,)}
        if missing:
            lacking.append(f"{candidate} has nothing for {', '.join(sorted(missing))}")
            continue
        needs = check.external_libraries(read, surroundings.target)
        own = (read.soname,) if read.soname else ()
        return Library(path=real, sha256=digest(real), binary=read, needs=tuple(n for n in needs if n not in own))
    if need in facts.weak:
        surroundings.ui.detail(f"{needer.name} can do without {need}, which was not found")
        return None
    raise AuditError(
        f"{needer.name} needs {need}, which was not found, so it cannot be put into the wheel",
        notes=(*lacking, f"looked for {', '.join(map(str, looked))}"),
        hint="name its folder with -L among the flags for rustc, or leave it to whoever installs the wheel: "
        f'repair-exclude = ["{need.rpartition("/")[2]}"] in [tool.cratewheel]',
    )


def _candidates(need: str, needer: Path, facts: Binary, surroundings: Repair) -> Iterator[Path]:
    """Yield the files that a name may mean: dyld(1), and then the folders that the build linked from."""
    name = need.rpartition("/")[2]
    if need.startswith("@loader_path/"):
        yield needer.parent / need.removeprefix("@loader_path/")
    elif need.startswith("@rpath/"):
        for path in facts.rpath:
            yield Path(path.replace("@loader_path", str(needer.parent))) / need.removeprefix("@rpath/")
    elif not need.startswith(_PREFIXES):
        yield Path(need)
    for folder in surroundings.search:
        yield folder / name
    yield needer.parent / name


def _rename(path: Path, names: Mapping[str, str], *, identity: str | None) -> None:
    """Rewrite the names of libraries in each part of a Mach-O file, and its own where `identity` is one."""
    try:
        from macholib.MachO import MachO, lc_str_value
    except ImportError as error:
        raise MissingToolError("macholib is not installed, which puts libraries into wheels", hint=_HINT) from error
    file = MachO(str(path))
    for header in file.headers:
        for index, entry in enumerate(header.commands):
            load, command, _ = entry
            if load.cmd == _ID:
                new = identity
            elif load.cmd in _LIBRARIES:
                new = names.get(lc_str_value(command.name, entry).decode())
            else:
                continue
            if new is not None:
                with redirect_stdout(StringIO()):  # it prints what is an error below
                    header.rewriteDataForCommand(index, new.encode())
        if header.total_size + header.sizediff > header.low_offset:
            raise AuditError(
                f"{path.name} has no room for the new names of its libraries",
                hint="link it with -headerpad_max_install_names",
            )
    with path.open("r+b") as out:
        file.write(out)


def _sign(path: Path, surroundings: Repair) -> None:
    if sys.platform == "darwin":
        done = capture(Command(argv=("codesign", "--force", "--sign", "-", str(path))), surroundings.environ)
        if done.status:
            raise ProcessError(f"codesign could not sign {path.name}", notes=tuple(done.stderr.splitlines()))
        return
    try:
        from repairwheel.macos.machosign import ad_hoc_sign
    except ImportError as error:
        raise MissingToolError("repairwheel is not installed, which signs files for macOS", hint=_HINT) from error
    ad_hoc_sign(str(path))
