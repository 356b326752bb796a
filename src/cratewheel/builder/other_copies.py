"""Keeps apart what several copies of a project compile in one target directory.

Cargo knows the crates of a workspace by their place in it, and changed files by their times alone
(https://doc.rust-lang.org/cargo/reference/build-cache.html). A source distribution that pip unpacks has the times of
its archive: in a target directory that CARGO_TARGET_DIR names, cargo takes it for the copy that was compiled there
before, and its wheel would have the module of that one. So would a project over which another version was unpacked.
The content of the files that an artifact was made of is remembered, and crates are compiled again for other content.
"""

from __future__ import annotations

import hashlib
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from cratewheel.builder import dep_info
from cratewheel.builder.session import Session
from cratewheel.cargo.command import CargoBuild, clean_command, profile_folders
from cratewheel.errors import CompileError
from cratewheel.planning.model import ArtifactPlan
from cratewheel.system.command import capture

STATE = "sources"  # the folder of what is remembered, among the state of builds


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file that an artifact was made of: its time in nanoseconds, its size in bytes, and a hash of its content."""

    time: int
    size: int
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """What an artifact was made of: a hash of cargo's list, and those files that are the project's own, by path.

    `written` is when that was, in nanoseconds.
    """

    listed: str
    written: int
    files: Mapping[str, SourceFile]


def forget_other_copies(session: Session, planned: ArtifactPlan, build: CargoBuild, directory: Path) -> None:
    """Have cargo compile the project's own crates again if it would take other files for these.

    Raises `CompileError` if cargo cannot remove what it compiled.
    """
    listed = dep_info.read(session, planned, build, directory)
    if listed is None:
        return
    known = _read(session, _name(planned, build, directory))
    root = session.inputs.cargo.workspace_root
    if _is_of(session, dep_info.parse(listed)):
        if known is not None and any(is_unseen(root / path, file, known.written) for path, file in known.files.items()):
            _clean(session, build, directory, "files have changed, but not their times")
    elif (
        known is None
        or known.listed != _hash(listed.encode(errors="surrogateescape"))
        or not _are_in(root, known.files)
    ):
        _clean(session, build, directory, f"{directory} was filled by another copy of the project")


def is_unseen(path: Path, file: SourceFile, written: int) -> bool:
    """Return whether a file has other content than it had, but a time that tells cargo nothing: before `written`."""
    try:
        found = path.stat()
    except OSError:
        return False  # cargo notices that
    if found.st_mtime_ns > written or (found.st_mtime_ns, found.st_size) == (file.time, file.size):
        return False
    return _content(path) != file.content


def remember_sources(
    session: Session, planned: ArtifactPlan, build: CargoBuild, directory: Path, *, fresh: bool
) -> None:
    """Remember what an artifact was made of, which cargo has just compiled or found `fresh`."""
    listed = dep_info.read(session, planned, build, directory)
    if listed is None:
        return
    name, root = _name(planned, build, directory), session.inputs.cargo.workspace_root
    known = _read(session, name) if fresh else None
    if known is not None and known.listed == _hash(listed.encode(errors="surrogateescape")):
        return
    files = {}
    for path in sorted(dep_info.own_files(session, listed, directory)):
        content = _content(root / path)
        if content is None:
            return
        found = (root / path).stat()
        files[path] = SourceFile(time=found.st_mtime_ns, size=found.st_size, content=content)
    record = SourceRecord(listed=_hash(listed.encode(errors="surrogateescape")), written=time.time_ns(), files=files)
    session.state_file(STATE).write(name, asdict(record))


def _is_of(session: Session, files: Iterable[str]) -> bool:
    """Return whether the files are those of this copy."""
    own = {str(target.source) for target in session.inputs.cargo.root_package.targets}
    return not own.isdisjoint(files)


def _content(path: Path) -> str | None:
    """Return a hash of the content of a file; None if it cannot be read. A folder has no content."""
    try:
        return _hash(b"" if path.is_dir() else path.read_bytes())
    except OSError:
        return None


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _name(planned: ArtifactPlan, build: CargoBuild, directory: Path) -> str:
    identity = f"{directory} {profile_folders(build.options)[0]} {build.example} {planned.cargo_file}"
    return f"{zlib.crc32(identity.encode(errors='surrogateescape')):08x}.json"


def _are_in(root: Path, files: Mapping[str, SourceFile]) -> bool:
    return all(_content(root / path) == file.content for path, file in files.items())


def _read(session: Session, name: str) -> SourceRecord | None:
    match session.state_file(STATE).read(name):
        case {"listed": str(listed), "written": int(written), "files": {**files}}:
            return SourceRecord(listed=listed, written=written, files=dict(_read_files(files)))
        case _:
            return None


def _read_files(files: Mapping[object, object]) -> Iterator[tuple[str, SourceFile]]:
    for path, file in files.items():
        match path, file:
            case str(name), {"time": int(time_), "size": int(size), "content": str(content)}:
                yield name, SourceFile(time=time_, size=size, content=content)


def _clean(session: Session, build: CargoBuild, directory: Path, reason: str) -> None:
    cargo = session.inputs.cargo
    own = [package for package in cargo.packages.values() if package.source is None and package.id in cargo.nodes]
    names = ", ".join(sorted(package.name for package in own))
    session.reporter.step("Recompiling", f"{names}: {reason}")
    packages = tuple(f"{package.name}@{package.version}" for package in own)
    done = capture(clean_command(build, packages, directory, program=session.cargo_program), session.environ)
    if done.status:
        raise CompileError(
            f"cargo cannot remove what it has compiled of {names} in {directory}",
            notes=tuple(done.stderr.strip().splitlines()[-3:]),
            hint="compile elsewhere: `--target-dir target`",
        )
