"""What becomes of compiled files: audited, repaired, and laid out as a wheel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from cratewheel.archive import wheel as wheel_writer
from cratewheel.archive.dist_info import GENERATOR, DistInfo
from cratewheel.archive.layout import Entry, Layout, check_installable, layout
from cratewheel.audit import binary as audit_binary
from cratewheel.audit import check, identity, objects
from cratewheel.audit.model import SYMBOLS_READ, Binary
from cratewheel.bindings import pyo3, wasi
from cratewheel.builder import repair_step as grafting
from cratewheel.builder.sboms import Materials, materials, of_crates
from cratewheel.builder.session import Session
from cratewheel.builder.wheel_entries import entries
from cratewheel.cargo import query
from cratewheel.cargo.run import Artifact
from cratewheel.events import BuiltArchive
from cratewheel.planning.model import WheelPlan
from cratewheel.planning.platform_result import needs_binaries, settle
from cratewheel.repair.model import Grafted
from cratewheel.repair.own import installed_paths, own_libraries
from cratewheel.system.files.json_cache import JsonCache
from cratewheel.targets.wheel_tags import (
    WheelTag,
    data_dir_name,
    dist_info_name,
    normalise_distribution,
    wheel_file_name,
)
from cratewheel.ui import size_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """All of a wheel but its archive. The layout's compiled files exist only while it is being used."""

    tag: WheelTag
    layout: Layout
    dist_info: DistInfo


def prepare(session: Session, wheel: WheelPlan) -> Materials:
    """Do what takes a while and needs no artifact, and return the crates' bill of materials, for `assemble`."""
    if needs_binaries(wheel, session.plan.target):
        check.policies_for(session.plan.target)  # reads a large file, and keeps what that says
    return of_crates(session)


def assemble(
    session: Session, wheel: WheelPlan, artifacts: list[Artifact], stage: Path, *, crates: Materials
) -> Assembled:
    """Return what belongs in a wheel around what cargo built; files that are made on the way lie in `stage`.

    `crates` is what `prepare` made.

    Raises `AuditError` when the compiled files need more than the wheel may, `ConfigError` for a layout that cannot be.
    """
    editable = session.inputs.options.editable  # nothing is written to the project before the audit
    found: Iterable[Entry] = () if editable else entries(session, wheel, artifacts, stage)
    tag, grafted = _audited(session, wheel, artifacts, stage, [entry.path for entry in found])
    if editable:
        found = entries(session, wheel, artifacts, stage)
    if grafted:
        found = grafting.placed(session, found, grafted)
    info = _dist_info(session, tag, materials(session, crates, grafted))
    if session.plan.target.os == "wasi":
        info = _with_launchers(session, info, [artifact.path.name for artifact in artifacts])
    content = layout(found)
    check_installable(content, info.directory)
    return Assembled(tag=tag, layout=content, dist_info=info)


def pack(session: Session, wheel: WheelPlan, content: Assembled) -> BuiltArchive:
    """Write the archive."""
    path = session.plan.out / wheel_file_name(session.plan.name, session.plan.version, content.tag)
    built = wheel_writer.write(
        content.layout,
        content.dist_info,
        path,
        mtime=session.timestamp,
        compression=session.compression,
        large_files=session.inputs.options.compression_large_files,
        cache=JsonCache(session.scratch / "packed", session.reporter.warn),
    )
    session.reporter.step("Fresh" if built.fresh else "Packed", f"{path.name} ({size_text(built.size)})")
    served = tuple(python.display for python in wheel.serves)
    return BuiltArchive(
        kind="wheel", path=path, sha256=built.sha256, size=built.size, tag=str(content.tag), serves=served
    )


def _with_launchers(session: Session, info: DistInfo, names: list[str]) -> DistInfo:
    """Return the metadata of a wheel for WASI, whose programs something has to run."""
    package = normalise_distribution(session.plan.name)
    return replace(
        info,
        metadata=wasi.with_requirement(info.metadata),
        entry_points=wasi.entry_points(names, package=package),
    )


def _dist_info(session: Session, tag: WheelTag, sboms: Materials) -> DistInfo:
    metadata = session.inputs.metadata
    return DistInfo(
        directory=dist_info_name(session.plan.name, session.plan.version),
        metadata=metadata.text,
        entry_points=metadata.entry_points,
        license_files=metadata.license_files,
        sboms=sboms,
        roots=session.inputs.project.roots,
        tag=tag,
        generator=GENERATOR,
    )


def _audited(
    session: Session, wheel: WheelPlan, artifacts: list[Artifact], stage: Path, paths: list[str]
) -> tuple[WheelTag, tuple[Grafted, ...]]:
    """Return the tag that the compiled files allow, and the libraries that they brought along to be allowed it.

    `paths` are those of the wheel's files, which may be libraries too.
    """
    target = session.plan.target
    binaries = {artifact.path.name: audit_binary.read(artifact.path) for artifact in artifacts}
    if wheel.module_file:
        for found in binaries.values():
            warning = pyo3.missing_init(found.exported, session.inputs.modules.extension_name)
            if warning and found.format in SYMBOLS_READ:
                session.reporter.warn(warning)
    programs = session.inputs.bindings.kind == "bin"
    judged = binaries if needs_binaries(wheel, target) else {}
    own = _own_libraries(session, judged, paths)
    settlement = settle(wheel, target, judged, programs=programs, own=own)
    tag = WheelTag(python=(wheel.python_tag,), abi=tuple(wheel.abi_tag.split(".")), platform=settlement.tags)
    identity.refuse_mislabelled(binaries, tag, target, module_file=wheel.module_file)
    grafted: tuple[Grafted, ...] = ()
    if wheel.audit == "repair" and settlement.external:
        grafted = grafting.graft(session, artifacts, settlement.external, stage / "grafted")
        libraries = {library.name: audit_binary.read(library.path) for library in grafted}
        settlement = settle(wheel, target, binaries, programs=programs, own=own, grafted=libraries)
        tag = replace(tag, platform=settlement.tags)
    for warning in settlement.warnings:
        session.reporter.warn(warning)
    for reason in settlement.why:
        session.reporter.step("Because", reason) if session.inputs.options.explain else session.reporter.detail(reason)
    if session.inputs.options.explain:
        _explain_symbols(session, artifacts, settlement.decisive)
    return tag, grafted


def _own_libraries(session: Session, binaries: Mapping[str, Binary], paths: list[str]) -> dict[str, frozenset[str]]:
    """Return the libraries that each compiled file finds in the wheel, where the project ships them."""
    target, programs = session.plan.target, session.inputs.bindings.kind == "bin"
    data_folder = data_dir_name(session.plan.name, session.plan.version)
    installed = installed_paths(paths, data_folder, programs=programs)
    folder = PurePosixPath("bin") if programs else grafting.module_folder(session)
    return {
        file: own_libraries(binary, check.external_libraries(binary, target), folder, installed)
        for file, binary in binaries.items()
    }


def _explain_symbols(session: Session, artifacts: list[Artifact], symbols: tuple[str, ...]) -> None:
    """Say which crates take the symbols that decide the tag, and what would lower it."""
    if not symbols:
        return
    libraries = query.read_standard_library(session.plan.target.triple, session.environ, session.cwd)
    for artifact in artifacts:
        libraries.update(artifact.libraries)
    by_crates: dict[tuple[str, ...], list[str]] = {}
    for symbol, crates in objects.users(symbols, libraries).items():
        by_crates.setdefault(crates, []).append(symbol)
    for crates, used in sorted(by_crates.items()):
        session.reporter.step("Because", f"{', '.join(sorted(used))}: called from {', '.join(crates)}")
    if not session.plan.zig:
        session.reporter.step("Because", "linked with --zig, or on an older system, the same calls find older versions")
