"""Runs the bindings' generators after compiling: cbindgen and cffi, or uniffi-bindgen."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from cratewheel.archive.layout import Entry, FromFile
from cratewheel.bindings import cffi, uniffi
from cratewheel.builder.declarations import read_declarations
from cratewheel.builder.session import Session
from cratewheel.builder.wheel_entries import CompiledParts
from cratewheel.cargo import run as cargo_run
from cratewheel.cargo.run import Artifact
from cratewheel.planning.model import ArtifactPlan, WheelPlan
from cratewheel.project.artifacts import split_path


def generate_parts(
    session: Session, wheel: WheelPlan, artifacts: Sequence[Artifact], stage: Path
) -> tuple[CompiledParts, ...]:
    """Return each compiled file and what the bindings generate from it; `stage` must exist until they are packed."""
    return tuple(
        _generate(session.of(planned), planned, wheel, artifact, stage)
        for planned, artifact in zip(wheel.artifacts, artifacts, strict=True)
    )


def _generate(
    session: Session, planned: ArtifactPlan, wheel: WheelPlan, artifact: Artifact, stage: Path
) -> CompiledParts:
    kind = planned.bindings.kind
    own = stage if planned.part is None else stage / f"generated-{planned.part}"
    own.mkdir(exist_ok=True)
    return CompiledParts(
        file=artifact.path,
        companions=() if kind == "bin" else tuple(_companions(session, planned, artifact)),
        ffi_source=_ffi_source(session, wheel, artifact, own) if kind == "cffi" else "",
        modules=_uniffi_modules(session, artifact, own) if kind == "uniffi" else (),
        stubs=_stubs(session, planned, artifact),
    )


def _stubs(session: Session, planned: ArtifactPlan, artifact: Artifact) -> Mapping[PurePosixPath, str]:
    """Return the type stubs of a module with pyo3, if they are asked for."""
    if not session.inputs.options.generate_stubs or not (planned.part is None or planned.bindings.crate == "pyo3"):
        return {}
    from cratewheel.builder.stubs import read_stubs

    return read_stubs(session, artifact)


def out_dirs(session: Session, wheel: WheelPlan, artifacts: Sequence[Artifact]) -> dict[str, Path]:
    """Return the OUT_DIR folders of the build scripts that ran, by crate."""
    return {
        cargo.packages[package].name: folder
        for planned, artifact in zip(wheel.artifacts, artifacts, strict=True)
        for cargo in (session.of(planned).inputs.cargo,)
        for package, folder in artifact.out_dirs.items()
        if package in cargo.packages
    }


def _companions(session: Session, planned: ArtifactPlan, artifact: Artifact) -> list[Entry]:
    """Return requested files that the linker wrote next to a module: debug information, import library."""
    options = session.inputs.options
    folder = session.inputs.modules.extension_dir if planned.path is None else split_path(planned.path)[0]
    entries = []
    if options.include_import_lib and artifact.import_library:
        path = artifact.import_library
        entries.append(Entry(path=str(folder / path.name), source=FromFile(path=str(path)), why="the import library"))
    if not options.include_debuginfo or options.strip:
        return entries
    found = artifact.debug_info
    if found is None:
        session.reporter.warn(
            "the compiler wrote no file of debug information, so --include-debuginfo ships none",
            hint='build with `debug = true` and `split-debuginfo = "packed"` in the cargo profile',
        )
        return entries
    entries += [
        Entry(
            path=str(folder / path.relative_to(found.parent).as_posix()),
            source=FromFile(path=str(path)),
            why="debug information",
        )
        for path in (sorted(found.rglob("*")) if found.is_dir() else [found])
        if path.is_file()
    ]
    return entries


def _ffi_source(session: Session, wheel: WheelPlan, artifact: Artifact, stage: Path) -> str:
    if cffi.is_cffi_missing(session.inputs.metadata.requires_dist):
        session.reporter.warn(
            "the wheel needs cffi at run time, but does not require it",
            hint='add "cffi" to `dependencies` in [project] of pyproject.toml',
        )
    return cffi.ffi_source(
        read_declarations(session, artifact, stage / "cffi"),
        interpreter=wheel.interpreter,
        running=Path(sys.executable) if sys.executable else None,
        scratch=stage / "cffi",
        environ=session.environ,
        reporter=session.reporter,
    )


def _uniffi_modules(session: Session, artifact: Artifact, stage: Path) -> tuple[Path, ...]:
    project = session.inputs.project
    settings = uniffi.read_settings(project.manifest.directory, project.roots)
    out_dir = stage / "uniffi" / session.inputs.modules.module_name
    options = session.inputs.options
    flags = {"--locked": options.locked, "--offline": options.offline, "--frozen": options.frozen}
    generator = uniffi.find_bindgen(
        session.inputs.cargo,
        cwd=session.cwd,
        arguments=(
            *("--target-dir", str(session.target_dir)),
            *(("--target", session.inputs.rustc.host) if options.target else ()),  # on this machine
            *(flag for flag, given in flags.items() if given),
            *(word for value in options.config for word in ("--config", value)),
        ),
        cargo=session.cargo_program,
    )
    program, home = uniffi.BINDGEN, project.manifest.directory
    if generator is not None:
        compiled = cargo_run.run(
            generator.build,
            package=generator.package,
            binary=uniffi.BINDGEN,
            environ=session.environ,
            reporter=session.reporter,
            purpose=f" of {uniffi.BINDGEN}",
        )
        program, home = str(compiled.path), generator.home

    def run(settings: uniffi.Settings) -> tuple[Path, ...]:
        command = uniffi.generate_command(program, settings, library=artifact.path, out_dir=out_dir, home=home)
        return uniffi.generate(command, out_dir, session.environ, session.reporter)

    return uniffi.generate_matching(run, settings, session.inputs.modules, artifact.path, stage / "uniffi.toml")
