"""Compiles the files of one wheel, and writes them to a folder for another tool that packs them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cratewheel.archive.layout import Entry, Generated, wheel_layout
from cratewheel.archive.reading import open_source
from cratewheel.builder.assembly import check_files
from cratewheel.builder.checks import check_before_compiling
from cratewheel.builder.crate_licences import licence_texts
from cratewheel.builder.session import Session, warn_invalid_epoch
from cratewheel.builder.wheel import compiled_to_pack
from cratewheel.errors import UnsupportedError
from cratewheel.planning.model import WheelPlan
from cratewheel.system.files.atomic import atomic_replace
from cratewheel.targets.wheel_tags import WheelTag, dist_info_name

PURE = WheelTag.parse("py3-none-any")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionFile:
    """A file on the disk, and its path in the wheel that it belongs to."""

    path: PurePosixPath
    file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """What is compiled for a wheel: its tag, and the files that the project's own files lack.

    `files` are modules and what belongs to them, copied libraries, and programs, these in
    `<name>-<version>.data/scripts`. `sboms` and `licences` lie in the wheel's dist-info folder.
    """

    tag: WheelTag
    files: tuple[ExtensionFile, ...]
    sboms: tuple[ExtensionFile, ...] = ()
    licences: tuple[ExtensionFile, ...] = ()


def build_extension(session: Session, wheel: WheelPlan, out: Path) -> Extension:
    """Compile, check and repair the files of one wheel, and write them to the folder `out` by their paths in it.

    SBOMs and licences are written below its folder `<name>-<version>.dist-info`. Raises as building the wheel does.
    """
    for warning in session.plan.warnings:
        session.reporter.warn(warning)
    warn_invalid_epoch(session.environ, session.reporter)
    check_before_compiling(session)
    if wheel.profiling is not None:
        raise UnsupportedError(
            "profile-guided optimisation needs a whole wheel to train with, and here only the extension is built",
            hint="remove `pgo`",
        )
    info = dist_info_name(session.plan.name, session.plan.version)
    with compiled_to_pack(session, wheel) as (session, wheel, artifacts, stage, crates):
        if wheel.is_pure:
            from cratewheel.builder.pure import report_left_out  # few projects need it

            report_left_out(session)
            return Extension(tag=PURE, files=())
        found = check_files(session, wheel, artifacts, stage, crates=crates, only_compiled=True)
        files = [_write(entry, out) for entry in wheel_layout(found.compiled, info)]
    texts = licence_texts(session.inputs, wheel, session.environ)
    return Extension(
        tag=found.tag,
        files=tuple(files),
        sboms=tuple(_write(_text(f"{info}/sboms/{name}", data), out) for name, data in found.sboms),
        licences=tuple(_write(_text(f"{info}/licenses/{path}", data), out) for path, data in texts),
    )


def _text(path: str, data: bytes) -> Entry:
    return Entry(path=path, source=Generated(data=data))


def _write(entry: Entry, out: Path) -> ExtensionFile:
    path = out.joinpath(*entry.parts)
    with open_source(entry.source) as (_, chunks), atomic_replace(path) as stream:
        stream.writelines(chunks)
    if entry.source.executable:
        path.chmod(path.stat().st_mode | 0o111)
    return ExtensionFile(path=PurePosixPath(entry.path), file=path)
