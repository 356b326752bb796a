"""What a wheel will hold, as far as that is known before anything is compiled."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cratewheel.archive.layout import Entry, FromFile, Layout, wheel_layout
from cratewheel.bindings import binary as programs
from cratewheel.bindings.place import library_name
from cratewheel.builder.sboms import names_before_compiling
from cratewheel.builder.wheel_entries import CompiledParts, read_project_files, wheel_files
from cratewheel.contents.dist_info import dist_info
from cratewheel.contents.wheel import Skips
from cratewheel.planning.model import BuildPlan, WheelPlan
from cratewheel.project.inputs import Inputs
from cratewheel.targets.wheel_tags import WheelTag

NOT_THERE = Path("compiled")  # stands for each file that cargo has yet to write


def list_wheel(
    inputs: Inputs, plan: BuildPlan, wheel: WheelPlan, *, skips: Skips, tracked: Iterable[str]
) -> tuple[Layout, tuple[str, ...]]:
    """Return the entries of a wheel, and a sentence for each part that is only known once the crate is compiled.

    Reads the project's files; `skips` says which links to nothing are no part of it, `tracked` which files git tracks
    though they are ignored. Raises `ConfigError` as the build would.
    """
    known = tuple(include for include in inputs.options.include if not include.from_out_dir)
    project = read_project_files(inputs, plan, known, skips=skips, tracked=tracked, out_dirs={})
    files = placeholders(inputs, plan, wheel)
    found = wheel_files(inputs, plan, wheel, project, CompiledParts(files=files))
    info = dist_info(
        inputs.metadata,
        WheelTag(python=(wheel.python_tag,), abi=(wheel.abi_tag,), platform=("any",)),
        roots=inputs.project.roots,
        sboms=tuple((name, b"") for name in names_before_compiling(inputs.options, inputs.cargo)),
        wasi_programs=[path.name for path in files] if plan.target.os == "wasi" else (),
    )
    record = Entry(path=str(info.record_path), source=FromFile(path=str(NOT_THERE)), why="RECORD")
    return wheel_layout([*found.entries, *info.entries(), record], info.directory), _unknown(inputs)


def placeholders(inputs: Inputs, plan: BuildPlan, wheel: WheelPlan) -> tuple[Path, ...]:
    """Return paths with the names that the compiled files will have, where the wheel's layout asks for these."""
    match inputs.bindings.kind:
        case "bin":
            names = {programs.file_name(build.binary, plan.target.os) for build in wheel.builds if build.binary}
            return tuple(Path(name) for name in sorted(names))
        case "uniffi":
            return (Path(library_name(inputs.modules.extension_name, plan.target.os)),)
        case _:
            return (NOT_THERE,)


def _unknown(inputs: Inputs) -> tuple[str, ...]:
    options = inputs.options
    later = [include for include in options.include if include.from_out_dir and "wheel" in include.formats]
    unknown = [f"what build scripts write as {include.path!r}" for include in later]
    if inputs.bindings.kind == "uniffi":
        unknown.append("the modules that uniffi generates")
    if options.include_debuginfo or options.include_import_lib:
        unknown.append("debug information and import libraries, where the linker writes them")
    return tuple(unknown)
