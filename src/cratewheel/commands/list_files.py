"""What a wheel will hold, as far as that is known before anything is compiled."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from cratewheel.archive.dist_info import DistInfo
from cratewheel.archive.layout import Entry, FromFile, Layout, check_installable, layout
from cratewheel.bindings import binary as programs
from cratewheel.bindings import cffi, pyo3, uniffi, wasi
from cratewheel.bindings.place import library_name
from cratewheel.builder import cyclonedx as sbom
from cratewheel.contents import wheel as wheel_contents
from cratewheel.contents.own_archives import without_archives
from cratewheel.planning.model import BuildPlan, WheelPlan
from cratewheel.project.inputs import Inputs
from cratewheel.targets.wheel_tags import WheelTag, data_dir_name, dist_info_name, normalise_distribution

NOT_THERE = Path("compiled")  # stands for each file that cargo has yet to write


def wheel_layout(
    inputs: Inputs, plan: BuildPlan, wheel: WheelPlan, skips: wheel_contents.Skips
) -> tuple[Layout, tuple[str, ...]]:
    """Return the entries of a wheel, and a sentence for each part that is only known once the crate is compiled.

    Reads the project's files; `skips` says which links to nothing are no part of it. Raises `ConfigError` as the build
    would.
    """
    project, options = inputs.project, inputs.options
    root, roots, modules = project.root, project.roots, inputs.modules
    later = tuple(include for include in options.include if include.from_out_dir and "wheel" in include.formats)
    known = tuple(include for include in options.include if not include.from_out_dir)
    included, _ = wheel_contents.include_entries(
        root, modules, known, roots=roots, skips=skips, out_dirs={}, root_crate=plan.name
    )
    gathered = [*wheel_contents.python_entries(modules, root, roots, skips=skips), *included]
    data = data_dir_name(plan.name, plan.version)
    unknown = [f"what build scripts write as {include.path!r}" for include in later]
    if inputs.bindings.kind == "uniffi":
        unknown.append("the modules that uniffi generates")
    if options.include_debuginfo or options.include_import_lib:
        unknown.append("debug information and import libraries, where the linker writes them")
    found = [
        *wheel_contents.apply_excludes(gathered, root, options.exclude, "wheel"),
        *wheel_contents.data_entries(modules, data, roots=roots, skips=skips),
    ]
    kept, _ = without_archives(found, normalise_distribution(plan.name))
    entries = layout([*kept, *_compiled(inputs, plan, wheel), *_dist_info(inputs, plan, wheel)])
    check_installable(entries, dist_info_name(plan.name, plan.version))
    return entries, tuple(unknown)


def _compiled(inputs: Inputs, plan: BuildPlan, wheel: WheelPlan) -> Iterable[Entry]:
    modules, target_os = inputs.modules, plan.target.os
    stub = wheel_contents.stub(modules, inputs.project.root, inputs.project.roots)
    match inputs.bindings.kind:
        case "bin":
            names = {programs.file_name(build.binary, target_os) for build in wheel.builds if build.binary}
            files = [(name, NOT_THERE) for name in names]
            if target_os == "wasi":
                return wasi.entries(files, package=normalise_distribution(plan.name))
            return programs.entries(files, data_dir=data_dir_name(plan.name, plan.version))
        case "cffi":
            return cffi.entries(modules, NOT_THERE, ffi_source="", target_os=target_os, stub=stub)
        case "uniffi":
            settings = uniffi.read_settings(inputs.project.manifest.directory, inputs.project.roots)
            library = Path(library_name(modules.extension_name, target_os))
            return uniffi.entries(modules, library, modules=(), settings=settings, target_os=target_os, stub=stub)
        case _:
            assert wheel.module_file is not None, "a plan for an extension module names its file"
            return pyo3.entries(modules, NOT_THERE, wheel.module_file, stub=stub)


def _dist_info(inputs: Inputs, plan: BuildPlan, wheel: WheelPlan) -> Iterable[Entry]:
    metadata = inputs.metadata
    info = DistInfo(
        directory=dist_info_name(plan.name, plan.version),
        metadata=metadata.text,
        entry_points=metadata.entry_points,
        license_files=metadata.license_files,
        roots=inputs.project.roots,
        tag=WheelTag(python=(wheel.python_tag,), abi=(wheel.abi_tag,), platform=("any",)),
        generator="",
    )
    yield from info.entries()
    options = inputs.options
    sboms = [sbom.file_name(inputs.cargo)] if options.sbom.rust else []
    sboms += [PurePosixPath(name).name for name in (*options.sbom.include, *options.sbom_include)]
    for name in dict.fromkeys(sboms):
        yield Entry(path=f"{info.directory}/sboms/{name}", source=FromFile(path=str(NOT_THERE)), why="SBOM")
    yield Entry(path=str(info.record_path), source=FromFile(path=str(NOT_THERE)), why="RECORD")
