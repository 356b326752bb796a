"""Keeps apart what several copies of a project compile in one target directory.

Cargo knows the crates of a workspace by their place in it, and changed files by their times alone
(https://doc.rust-lang.org/cargo/reference/build-cache.html). A source distribution that pip unpacks has the times of
its archive: in a target directory that CARGO_TARGET_DIR names, cargo takes it for the copy that was compiled there
before, and its wheel would have the module of that one. So the content of the files that an artifact was made of is
remembered, and crates are compiled again for a copy that has other files.
"""

from __future__ import annotations

import hashlib
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cratewheel.builder.session import Session
from cratewheel.cargo.command import CargoBuild, clean_command, is_cross, profile_folders
from cratewheel.errors import CompileError
from cratewheel.planning.model import ArtifactPlan
from cratewheel.system.command import capture

STATE = "sources"  # the folder of what is remembered, among the state of builds


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """What an artifact was made of: cargo's list of its files, those of the project, and a hash of their content."""

    listed: str
    files: tuple[str, ...]
    content: str


def forget_other_copies(session: Session, planned: ArtifactPlan, build: CargoBuild, directory: Path) -> None:
    """Have cargo compile the project's own crates again if another copy with other files was compiled last.

    Raises `CompileError` if cargo cannot remove what it compiled.
    """
    listed = _dep_info(session, planned, build, directory)
    if listed is None or _is_of(session, parse_dep_info(listed)):
        return
    known = _read(session, _name(planned, build, directory))
    if known is not None and known.listed == _hash([listed.encode()]):
        root = session.inputs.cargo.workspace_root
        if _content(root / file for file in known.files) == known.content:
            return
    _clean(session, build, directory)


def remember_sources(session: Session, planned: ArtifactPlan, build: CargoBuild, directory: Path) -> None:
    """Remember what an artifact was made of, which cargo has just compiled or found fresh."""
    listed = _dep_info(session, planned, build, directory)
    if listed is None:
        return
    root = session.inputs.cargo.workspace_root
    files = tuple(sorted(_own_files(session, parse_dep_info(listed), directory)))
    content = _content(root / file for file in files)
    if content is not None:
        record = {"listed": _hash([listed.encode()]), "files": files, "content": content}
        session.state_file(STATE).write(_name(planned, build, directory), record)


def parse_dep_info(text: str) -> tuple[str, ...]:
    r"""Return the files that the first rule of a makefile names, which cargo writes beside an artifact.

    >>> parse_dep_info("/t/debug/libx.so: /p/my\\ crate/src/lib.rs /p/b.rs\n")
    ('/p/my crate/src/lib.rs', '/p/b.rs')
    """
    _, _, files = next(iter(text.splitlines()), "").partition(": ")
    return tuple(name.replace("\\ ", " ") for name in re.split(r"(?<!\\) ", files) if name)


def _dep_info(session: Session, planned: ArtifactPlan, build: CargoBuild, directory: Path) -> str | None:
    """Return cargo's list of the files of an artifact; None if it has made none in this directory.

    That of cross has the paths of its container, where all copies have the same.
    """
    if is_cross(session.cargo_program):
        return None
    folder = directory / profile_folders(build.options)[0] / ("examples" if build.example is not None else "")
    try:
        return (folder / planned.cargo_file).with_suffix(".d").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None


def _is_of(session: Session, files: Iterable[str]) -> bool:
    """Return whether the files are those of this copy."""
    own = {str(target.source) for target in session.inputs.cargo.root_package.targets}
    return not own.isdisjoint(files)


def _own_files(session: Session, files: Iterable[str], directory: Path) -> Iterator[str]:
    """Yield the files of the project itself, relative to the workspace; what build scripts wrote is none of them."""
    cargo = session.inputs.cargo
    made = (directory, session.target_dir, *((cargo.build_directory,) if cargo.build_directory else ()))
    for name in files:
        path = Path(name)
        if path.is_absolute() and not any(path.is_relative_to(folder) for folder in made):
            yield Path(os.path.relpath(path, cargo.workspace_root)).as_posix()


def _content(files: Iterable[Path]) -> str | None:
    """Return a hash of the content of files; None if one of them cannot be read. A folder counts by its name."""
    try:
        return _hash(b"" if path.is_dir() else path.read_bytes() for path in files)
    except OSError:
        return None


def _hash(parts: Iterable[bytes]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()


def _name(planned: ArtifactPlan, build: CargoBuild, directory: Path) -> str:
    identity = f"{directory} {profile_folders(build.options)[0]} {build.example} {planned.cargo_file}"
    return f"{zlib.crc32(identity.encode(errors='surrogateescape')):08x}.json"


def _read(session: Session, name: str) -> SourceRecord | None:
    match session.state_file(STATE).read(name):
        case {"listed": str(listed), "files": [*files], "content": str(content)}:
            return SourceRecord(
                listed=listed, files=tuple(file for file in files if isinstance(file, str)), content=content
            )
        case _:
            return None


def _clean(session: Session, build: CargoBuild, directory: Path) -> None:
    cargo = session.inputs.cargo
    own = [package for package in cargo.packages.values() if package.source is None and package.id in cargo.nodes]
    names = ", ".join(sorted(package.name for package in own))
    session.reporter.step("Recompiling", f"{names}: {directory} has them from another copy")
    packages = tuple(f"{package.name}@{package.version}" for package in own)
    done = capture(clean_command(build, packages, directory, program=session.cargo_program), session.environ)
    if done.status:
        raise CompileError(
            f"cargo cannot remove what another copy of {names} left in {directory}",
            notes=tuple(done.stderr.strip().splitlines()[-3:]),
            hint="compile elsewhere: `--target-dir target`",
        )
