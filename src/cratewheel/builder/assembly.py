"""Turns compiled files into a wheel: audit, repair, layout."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from cratewheel.archive import wheel as wheel_writer
from cratewheel.archive.dist_info import DistInfo
from cratewheel.archive.layout import Entry, FromFile, Layout, wheel_layout
from cratewheel.audit import binary as audit_binary
from cratewheel.audit import check, identity, objects
from cratewheel.audit.model import SYMBOLS_READ, Binary
from cratewheel.bindings import pyo3
from cratewheel.builder.binding_output import generate_parts, out_dirs
from cratewheel.builder.compiled import Compiled, label_files, loading_folder
from cratewheel.builder.crate_licences import licence_texts
from cratewheel.builder.sboms import SbomFiles, of_artifacts, sbom_files
from cratewheel.builder.session import Session
from cratewheel.builder.wheel_entries import Advice, read_project_files, wheel_files
from cratewheel.cargo import query
from cratewheel.cargo.command import profile_name
from cratewheel.cargo.run import Artifact
from cratewheel.contents.dist_info import dist_info
from cratewheel.contents.git_modes import with_modes_of_git
from cratewheel.contents.git_tracked import DanglingLinks
from cratewheel.errors import AuditError
from cratewheel.events import BuiltArchive
from cratewheel.planning.model import ArtifactPlan, WheelPlan
from cratewheel.planning.platform_result import needs_binaries, platform_tags_from_audit
from cratewheel.project.hooks import hook_place, output_paths
from cratewheel.repair.model import Grafted
from cratewheel.repair.own import installed_paths, own_libraries
from cratewheel.system.git import tracked_but_ignored
from cratewheel.targets.wheel_tags import WheelTag, data_dir_name, wheel_file_name
from cratewheel.ui import format_size

DEBUG_PROFILES = frozenset({"dev", "test"})  # of cargo's own, those that do not optimise


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelContent:
    """The contents of a wheel. Its compiled files exist only during the block of `assemble_wheel`.

    `in_project` are the files for `write_in_project`, for an editable install in the mode `inplace`. `unimportable` is
    the name of the module if Python cannot import it.
    """

    tag: WheelTag
    layout: Layout
    dist_info: DistInfo
    in_project: tuple[Entry, ...] = ()
    unimportable: str | None = None


def hook_outputs(session: Session) -> tuple[str, ...]:
    """Return the present files that hooks made: in a package, they are packed though git ignores them."""
    inputs = session.inputs
    if not inputs.options.hooks:
        return ()
    place = hook_place(inputs.project, inputs.options, session.target_dir)
    return tuple(str(path) for hook in inputs.options.hooks for path in output_paths(hook, place))


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFiles:
    """The files of a wheel except its dist-info, after the audit and the repair.

    `compiled` are those that are not the project's own: compiled files, generated ones, and copied libraries.
    """

    tag: WheelTag
    entries: tuple[Entry, ...]
    compiled: tuple[Entry, ...]
    sboms: SbomFiles
    in_project: tuple[Entry, ...] = ()
    unimportable: str | None = None


def assemble(
    session: Session, wheel: WheelPlan, artifacts: list[Artifact], stage: Path, *, crates: SbomFiles
) -> WheelContent:
    """Return the contents of a wheel from its artifacts; generated files are written to `stage`.

    `crates` is the SBOM of the crates, from `sboms.crates_sbom`.

    Raises `AuditError` when the compiled files do not meet the platform tag, `ConfigError` for an invalid layout.
    """
    inputs, plan = session.inputs, session.plan
    found = check_files(session, wheel, artifacts, stage, crates=crates)
    placed = zip(wheel.artifacts, artifacts, strict=True)
    info = dist_info(
        inputs.metadata,
        found.tag,
        roots=inputs.project.roots,
        sboms=found.sboms,
        crate_licences=licence_texts(inputs, wheel, session.environ),
        wasi_programs=[made.path.name for planned, made in placed if planned.is_command]
        if plan.target.os == "wasi"
        else (),
    )
    return WheelContent(
        tag=found.tag,
        layout=wheel_layout(found.entries, info.directory),
        dist_info=info,
        in_project=found.in_project,
        unimportable=found.unimportable,
    )


def check_files(
    session: Session,
    wheel: WheelPlan,
    artifacts: list[Artifact],
    stage: Path,
    *,
    crates: SbomFiles,
    only_compiled: bool = False,
) -> CheckedFiles:
    """Return the files of a wheel from its artifacts, checked and repaired; raises as `assemble` does.

    With `only_compiled`, there are no warnings of the project's own files, which somebody else packs.
    """
    inputs, plan = session.inputs, session.plan
    folders = out_dirs(session, wheel, artifacts)
    project = read_project_files(
        inputs,
        plan,
        inputs.options.include,
        skips=DanglingLinks(session.environ, session.reporter).skips,
        tracked=(*tracked_but_ignored(inputs.project.root, session.environ), *hook_outputs(session)),
        out_dirs=folders,
        environ=session.environ,
    )
    if not only_compiled:
        _warn(session, project.warnings)
    parts = generate_parts(session, wheel, artifacts, stage)
    found = wheel_files(inputs, plan, wheel, project, parts, only_compiled=only_compiled)
    _warn(session, found.warnings)
    # the module of an editable install does not load libraries next to it
    paths = () if inputs.options.editable else tuple(entry.path for entry in found.entries)
    tag, grafted, needing, unimportable = _audit(session, wheel, label_files(session, wheel, artifacts), stage, paths)
    of_project = with_modes_of_git(found.entries, inputs.project.root, session.environ)
    entries: Iterable[Entry] = of_project
    if grafted:
        from cratewheel.builder.repair_step import place_libraries

        entries = place_libraries(session, wheel, of_project, grafted, needing)
    entries = tuple(entries)
    made = tuple(f"{folder}{os.sep}" for folder in folders.values())  # by build scripts
    own = {_origin(entry) for entry in project.installed if not _is_within(entry, made)}
    return CheckedFiles(
        tag=tag,
        entries=entries,
        compiled=tuple(entry for entry in entries if _origin(entry) not in own),
        sboms=sbom_files(session, of_artifacts(inputs, wheel, crates), grafted),
        in_project=found.in_project,
        unimportable=unimportable,
    )


def _origin(entry: Entry) -> tuple[str, object]:
    """Return what identifies an entry, whatever its mode is."""
    return entry.path, entry.source.path if isinstance(entry.source, FromFile) else entry.source


def _is_within(entry: Entry, folders: tuple[str, ...]) -> bool:
    """Return whether the file on disk is in one of the `folders`, which end with a separator."""
    return isinstance(entry.source, FromFile) and entry.source.path.startswith(folders)


def _warn(session: Session, warnings: Iterable[Advice]) -> None:
    for warning in warnings:
        session.reporter.warn(warning.text, hint=warning.hint)


def pack(session: Session, wheel: WheelPlan, content: WheelContent) -> BuiltArchive:
    """Write the archive."""
    path = session.plan.out / wheel_file_name(session.plan.name, session.plan.version, content.tag)
    cache, profile = session.state_file("packed"), _profile(wheel)
    replaced = wheel_writer.read_profile(path, cache) if profile in DEBUG_PROFILES else None
    built = wheel_writer.write(
        content.layout,
        content.dist_info,
        path,
        mtime=session.timestamp,
        compression=session.compression,
        large_files=session.inputs.options.compression_large_files,
        cache=cache,
        profile=profile,
    )
    debug = ", debug build" if profile in DEBUG_PROFILES else ""
    name = session.reporter.archive_name(path, session.cwd)
    session.reporter.step("Fresh" if built.fresh else "Packed", f"{name} ({format_size(built.size)}{debug})")
    if replaced is not None and replaced not in DEBUG_PROFILES and not built.fresh:
        before = f"of the profile `{replaced}`" if replaced else "of a build that is not known"
        session.reporter.warn(
            f"this debug build has replaced {path.name} {before}", hint="to build for release, add --release"
        )
    served = tuple(python.display for python in wheel.serves)
    return BuiltArchive(
        kind="wheel", path=path, sha256=built.sha256, size=built.size, tag=str(content.tag), serves=served
    )


def _profile(wheel: WheelPlan) -> str:
    """Return the cargo profile that the wheel is compiled with, "" if nothing is compiled."""
    return next((profile_name(build.options) for build in wheel.builds), "")


def _audit(
    session: Session, wheel: WheelPlan, compiled: tuple[Compiled, ...], stage: Path, paths: tuple[str, ...]
) -> tuple[WheelTag, tuple[Grafted, ...], frozenset[str], str | None]:
    """Return the tag that the compiled files allow, the libraries copied into the wheel for it, and who needs these.

    Last comes the name of a module that Python cannot import.

    `paths` are those of the wheel's files, which may include libraries.
    """
    target = session.plan.target
    binaries = {one.label: audit_binary.read(one.made.path) for one in compiled}
    unimportable = [name for one in compiled if (name := _check_init_function(session, one, binaries[one.label]))]
    programs = frozenset(one.label for one in compiled if one.plan.is_program)
    judged = binaries if needs_binaries(wheel, target) else {}
    own = _own_libraries(session, compiled, judged, paths)
    settlement = platform_tags_from_audit(wheel, target, judged, programs=programs, own=own)
    tag = WheelTag(python=(wheel.python_tag,), abi=tuple(wheel.abi_tag.split(".")), platform=settlement.tags)
    for one in compiled:
        file = {one.label: binaries[one.label]}
        identity.check_tag(file, _own_tag(one.plan, tag), target, module_file=_called(one.plan))
    grafted: tuple[Grafted, ...] = ()
    needing = frozenset(one.made.path.name for one in compiled if settlement.external.get(one.label))
    if wheel.audit == "repair" and settlement.external:
        from cratewheel.builder.repair_step import graft

        grafted = graft(session, compiled, settlement.external, stage / "grafted")
        libraries = {library.name: audit_binary.read(library.path) for library in grafted}
        settlement = platform_tags_from_audit(wheel, target, binaries, programs=programs, own=own, grafted=libraries)
        tag = replace(tag, platform=settlement.tags)
    for warning in settlement.warnings:
        session.reporter.warn(warning)
    for reason in settlement.why:
        session.reporter.step("Because", reason) if session.inputs.options.explain else session.reporter.detail(reason)
    if session.inputs.options.explain:
        _explain_symbols(session, [one.made for one in compiled], settlement.decisive)
    return tag, grafted, needing, unimportable[0] if unimportable else None


def _check_init_function(session: Session, compiled: Compiled, binary: Binary) -> str | None:
    """Warn of a module that Python cannot import, and return its name; warn of one for other bindings.

    Raises `AuditError` for one with a name that a table gives it.
    """
    planned = compiled.plan
    kind = planned.bindings.kind
    if kind in ("cffi", "uniffi") and (warning := pyo3.unused_init_warning(binary.exported, kind)):
        session.reporter.warn(warning, hint="write `-b pyo3`, or leave the bindings out, to have it imported")
    if planned.module_file is None or binary.format not in SYMBOLS_READ:
        return None
    modules = session.of(planned).inputs.modules
    warning = pyo3.missing_init_warning(binary.exported, modules.extension_name)
    if warning is None:
        return None
    if planned.prebuilt is not None:
        raise AuditError(warning, hint=f"{planned.prebuilt} is another library, or the module has another name")
    if planned.part is None:
        session.reporter.warn(warning)
        return modules.module_name
    place = session.inputs.parts[planned.part].place
    raise AuditError(warning, hint=f"correct `module` in {place}, or the name of the #[pymodule]")


def _called(planned: ArtifactPlan) -> str | None:
    """Return the name of a module whose suffix tells the Python that it is for: of a prebuilt one, its own name."""
    if planned.module_file is not None and planned.prebuilt is not None and planned.prebuilt.name.count(".") > 1:
        return planned.prebuilt.name
    return planned.module_file


def _own_tag(planned: ArtifactPlan, tag: WheelTag) -> WheelTag:
    """Return the tag that one file of a wheel must fit: for the Pythons that it is compiled for."""
    if planned.part is None:
        return tag
    if not planned.bindings.per_interpreter:
        return replace(tag, python=("py3",), abi=("none",))
    if planned.stable_abi is None:
        return tag
    kind, (major, minor) = planned.stable_abi
    return replace(tag, python=(f"cp{major}{minor}",), abi=("abi3", "abi3t") if kind == "abi3t" else ("abi3",))


def _own_libraries(
    session: Session, compiled: tuple[Compiled, ...], binaries: Mapping[str, Binary], paths: tuple[str, ...]
) -> dict[str, frozenset[str]]:
    """Return the libraries that each compiled file finds in the wheel, if the project ships them."""
    target = session.plan.target
    data_folder = data_dir_name(session.plan.name, session.plan.version)
    found = {}
    for one in compiled:
        if one.label in binaries:
            command = one.plan.is_command
            folder = PurePosixPath("bin") if command else loading_folder(session, one.plan)
            installed = installed_paths(paths, data_folder, programs=command)
            needs = check.external_libraries(binaries[one.label], target)
            found[one.label] = own_libraries(binaries[one.label], needs, folder, installed)
    return found


def _explain_symbols(session: Session, artifacts: list[Artifact], symbols: tuple[str, ...]) -> None:
    """Report which crates use the symbols that decide the tag, and how to lower it."""
    if not symbols:
        return
    libraries = query.read_standard_library(session.plan.target.triple, session.environ, session.cwd)
    for artifact in artifacts:
        libraries.update(artifact.libraries)
    by_crates: dict[tuple[str, ...], list[str]] = {}
    for symbol, crates in objects.find_users(symbols, libraries).items():
        by_crates.setdefault(crates, []).append(symbol)
    for crates, used in sorted(by_crates.items()):
        session.reporter.step("Because", f"{', '.join(sorted(used))}: called from {', '.join(crates)}")
    if not session.plan.zig:
        session.reporter.step("Because", "to use older versions, link with --zig or on an older system")
