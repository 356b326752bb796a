"""Compiles the files of wheels, and writes them to a folder for another tool that packs them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from cratewheel.archive.layout import Entry, FromFile, Generated, wheel_layout
from cratewheel.archive.reading import open_source
from cratewheel.builder.assembly import check_files, hook_outputs
from cratewheel.builder.checks import check_before_compiling
from cratewheel.builder.crate_licences import licence_texts
from cratewheel.builder.pure import report_left_out
from cratewheel.builder.session import Session
from cratewheel.builder.source_date import warn_invalid_epoch
from cratewheel.builder.wheel import compiled_to_pack
from cratewheel.errors import ConfigError, UnsupportedError, UsageError
from cratewheel.events import BuiltFile
from cratewheel.planning.model import WheelPlan
from cratewheel.system.files.atomic import atomic_replace
from cratewheel.targets.wheel_tags import WheelTag, data_dir_name, dist_info_name

PURE = WheelTag.parse("py3-none-any")
INSTALLED_SHEBANG = b"#!python\n"  # installers write the environment's Python there


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionFile:
    """A file on the disk, and its path in the wheel that it belongs to."""

    path: PurePosixPath
    file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """What is compiled for a wheel: its tag, and the files that the project's own files lack.

    `files` are modules and what belongs to them, copied libraries, and programs, these in
    `<name>-<version>.data/scripts`. `sboms` and `licences` lie in the wheel's dist-info folder. `made` are the files of
    the project that its hooks made, which git may ignore.
    """

    tag: WheelTag
    files: tuple[ExtensionFile, ...]
    sboms: tuple[ExtensionFile, ...] = ()
    licences: tuple[ExtensionFile, ...] = ()
    made: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """The files of a wheel that are not the project's own; the compiled ones exist only while they are packed."""

    tag: WheelTag
    files: tuple[Entry, ...] = ()
    sboms: tuple[Entry, ...] = ()
    licences: tuple[Entry, ...] = ()
    by_hooks: tuple[str, ...] = ()


def build_extension(session: Session, wheel: WheelPlan, out: Path) -> Extension:
    """Compile, check and repair the files of one wheel, and write them to the folder `out` by their paths in it.

    SBOMs and licences are written below its folder `<name>-<version>.dist-info`. Raises as building the wheel does.
    """
    session = _prepare(session)
    wheel = wheel if wheel in session.plan.wheels else session.plan.wheels[0]  # Rust may be left out
    with _made(session, wheel) as made:
        return Extension(
            tag=made.tag,
            files=tuple(_write_to(out, entry) for entry in made.files),
            sboms=tuple(_write_to(out, entry) for entry in made.sboms),
            licences=tuple(_write_to(out, entry) for entry in made.licences),
            made=tuple(map(Path, made.by_hooks)),
        )


def build_extensions(sessions: Sequence[Session], out: Path) -> tuple[Path, ...]:
    """Compile, check and repair the files of all wheels, write them to the folder `out`, and return their paths.

    They lie where a wheel has them, but programs in `bin`. SBOMs and licences are not written. Each file is reported,
    with the tag of its wheel. Raises as a build does, `UsageError` for several targets, and `ConfigError` where two
    Pythons need different files of one name.
    """
    if len(sessions) > 1:
        triples = ", ".join(session.plan.target.triple for session in sessions)
        raise UsageError(
            f"the files of one target are written to a folder, and there are {len(sessions)} targets: {triples}",
            hint="name one with --target, and a folder for each with --out",
        )
    session = _prepare(sessions[0])
    scripts = f"{data_dir_name(session.plan.name, session.plan.version)}/scripts/"
    written: list[Path] = []
    for wheel in session.plan.wheels:
        with _made(session, wheel) as made:
            files = tuple((out / place_file(entry.path, scripts), _startable(entry)) for entry in made.files)
            for path, entry in files:
                _check_same(path, entry, written)
            served = tuple(python.display for python in wheel.serves)
            session.reporter.step("Tagged", f"{made.tag}{' for ' if served else ''}{', '.join(served)}")
            for path, entry in files:
                _write(path, entry)
                session.reporter.emit(BuiltFile(path=path, serves=served, tag=str(made.tag)))
                written.append(path)
    session.reporter.detail("SBOMs, licences of crates and metadata are written to wheels alone")
    return tuple(dict.fromkeys(written))


def place_file(path: str, scripts: str) -> str:
    """Return the place in the folder of a file by its path in a wheel: programs are in `bin`.

    >>> place_file("px-1.data/scripts/px", "px-1.data/scripts/"), place_file("px/_px.so", "px-1.data/scripts/")
    ('bin/px', 'px/_px.so')
    """
    return f"bin/{path.removeprefix(scripts)}" if path.startswith(scripts) else path


def _prepare(session: Session) -> Session:
    """Check what can be checked before compiling, and return the session, maybe that of a wheel without Rust."""
    if any(wheel.profiling is not None for wheel in session.plan.wheels):
        origin = session.inputs.options.origins.get("pgo")
        raise UnsupportedError(
            "profile-guided optimisation needs a whole wheel to train with, and here only the extension is built",
            hint=f"remove `pgo`{f': it is from {origin}' if origin else ''}",
        )
    for warning in session.plan.warnings:
        session.reporter.warn(warning)
    warn_invalid_epoch(session.environ, session.reporter)
    return check_before_compiling(session)


@contextmanager
def _made(session: Session, wheel: WheelPlan) -> Iterator[_Made]:
    """Compile, check and repair the files of one wheel, and yield them."""
    info = dist_info_name(session.plan.name, session.plan.version)
    with compiled_to_pack(session, wheel) as (session, wheel, artifacts, stage, crates):
        if wheel.is_pure:
            report_left_out(session)
            yield _Made(tag=PURE, by_hooks=hook_outputs(session))
            return
        found = check_files(session, wheel, artifacts, stage, crates=crates, only_compiled=True)
        yield _Made(
            tag=found.tag,
            files=tuple(wheel_layout(found.compiled, info)),
            sboms=tuple(_text(f"{info}/sboms/{name}", data) for name, data in found.sboms),
            licences=tuple(
                _text(f"{info}/licenses/{path}", data)
                for path, data in licence_texts(session.inputs, wheel, session.environ)
            ),
            by_hooks=hook_outputs(session),
        )


def _text(path: str, data: bytes) -> Entry:
    return Entry(path=path, source=Generated(data=data))


def _startable(entry: Entry) -> Entry:
    """Return a script of a wheel with a first line that starts it where it is not installed."""
    source = entry.source
    if isinstance(source, FromFile) or not source.data.startswith(INSTALLED_SHEBANG):
        return entry
    data = b"#!/usr/bin/env python3\n" + source.data.removeprefix(INSTALLED_SHEBANG)
    return replace(entry, source=replace(source, data=data))


def _check_same(path: Path, entry: Entry, written: Sequence[Path]) -> None:
    """Raise `ConfigError` if an earlier wheel has another text at this place; what is compiled may differ in paths."""
    if path in written and isinstance(entry.source, Generated) and path.read_bytes() != entry.source.data:
        raise ConfigError(
            f"{entry.path} is another file for each of the Pythons, and one folder has one",
            hint="choose one Python with -i, and a folder for each with --out",
        )


def _write_to(out: Path, entry: Entry) -> ExtensionFile:
    path = out.joinpath(*entry.parts)
    _write(path, entry)
    return ExtensionFile(path=PurePosixPath(entry.path), file=path)


def _write(path: Path, entry: Entry) -> None:
    with open_source(entry.source) as (_, chunks), atomic_replace(path) as stream:
        stream.writelines(chunks)
    if entry.source.executable:
        path.chmod(path.stat().st_mode | 0o111)
