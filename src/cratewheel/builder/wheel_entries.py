"""What goes into a wheel, once its parts are compiled. Of the bindings, only those of the project are imported."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from cratewheel.archive.install import replace_files
from cratewheel.archive.layout import Entry, FromFile
from cratewheel.bindings import binary as programs
from cratewheel.bindings import cffi, pyo3, uniffi, wasi
from cratewheel.builder.session import Session
from cratewheel.cargo import run as cargo_run
from cratewheel.cargo.run import Artifact
from cratewheel.contents import editable
from cratewheel.contents import inplace as placed
from cratewheel.contents import wheel as wheel_contents
from cratewheel.contents.git_tracked import DanglingLinks
from cratewheel.contents.missing_modules import left_out_modules
from cratewheel.contents.own_archives import without_archives
from cratewheel.options.model import Options
from cratewheel.planning.model import WheelPlan
from cratewheel.system import redaction
from cratewheel.system.files.lock import exclusive_folder
from cratewheel.system.files.transaction import Bounds
from cratewheel.system.git import tracked_but_ignored
from cratewheel.targets.wheel_tags import data_dir_name, normalise_distribution


def entries(session: Session, wheel: WheelPlan, artifacts: list[Artifact], stage: Path) -> list[Entry]:
    """Return all that the wheel holds but its dist-info, warning of patterns that match nothing.

    What bindings generate lies in `stage` until it is packed.
    """
    project, options = session.inputs.project, session.inputs.options
    root, roots, modules = project.root, project.roots, session.inputs.modules
    out_dirs = {
        session.inputs.cargo.packages[package].name: folder
        for artifact in artifacts
        for package, folder in artifact.out_dirs.items()
        if package in session.inputs.cargo.packages
    }
    skips = DanglingLinks(session.environ, session.reporter).skips
    included, warnings = wheel_contents.include_entries(
        root,
        modules,
        options.include,
        roots=roots,
        skips=skips,
        out_dirs=out_dirs,
        root_crate=session.inputs.cargo.root_package.name,
    )
    tracked = tracked_but_ignored(root, session.environ)
    gathered = [*wheel_contents.python_entries(modules, root, roots, tracked, skips=skips), *included]
    installed, of_archives = without_archives(
        [
            *wheel_contents.apply_excludes(gathered, root, options.exclude, "wheel"),
            *wheel_contents.data_entries(
                modules, data_dir_name(session.plan.name, session.plan.version), roots=roots, skips=skips
            ),
        ],
        normalise_distribution(session.plan.name),
    )
    in_vain = wheel_contents.exclude_warnings(root, options.exclude, "wheel")
    for warning in (*wheel_contents.python_warnings(modules, gathered), *warnings, *in_vain, *of_archives):
        session.reporter.warn(warning)
    for warning, hint in left_out_modules(modules, root, gathered, session.inputs.metadata.entry_points):
        session.reporter.warn(warning, hint=hint)
    compiled = [*_compiled_entries(session, wheel, artifacts, stage), *_companions(session, artifacts)]
    if options.editable and editable.keeps_sources(modules):
        rest = [entry for entry in installed if not editable.stays_in_project(modules, entry)]
        data = [entry for entry in rest if editable.belongs_to_package(modules, entry)]
        return [
            *(entry for entry in rest if entry not in data),
            *_editable_entries(session, wheel, compiled, data),
        ]
    return [*installed, *wheel_contents.beside_stubs(modules, compiled, installed)]


def _editable_entries(session: Session, wheel: WheelPlan, compiled: list[Entry], data: list[Entry]) -> Iterable[Entry]:
    """Return what is installed: `data` are files that belong to a package of the project and do not lie there."""
    options, modules = session.inputs.options, session.inputs.modules
    if session.inputs.bindings.kind == "bin":
        data_only = editable.entries(modules, session.plan.name, (), mode=editable.REDIRECT, data=data)
        return [*data_only, *compiled]
    if options.editable_mode == editable.INPLACE:
        _put_in_place(session, [*compiled, *data])
    rebuild = None
    if options.editable_rebuild:
        rebuild = editable.Rebuild(command=_rebuild_command(session, wheel), cwd=session.cwd)
    return editable.entries(
        modules, session.plan.name, compiled, mode=options.editable_mode, rebuild=rebuild, data=data
    )


def _put_in_place(session: Session, compiled: list[Entry]) -> None:
    """Write the compiled files into the project, and remove what an earlier build put there and no longer counts."""
    modules = session.inputs.modules
    source = modules.python_source
    bounds = Bounds((source, session.inputs.project.root))
    waiting = partial(session.reporter.step, "Blocking", f"waiting for another build that writes to {source}")
    with exclusive_folder(source, on_wait=waiting):
        path = placed.record_path(session.scratch, source)
        record = placed.read_record(path)
        gone = placed.outdated(source, compiled, record)
        content = editable.in_place(modules, compiled)
        removed = [source / place for place in gone]
        for warning in replace_files(content, source, session.plan.name, bounds, removed=removed):
            session.reporter.warn(warning)
        placed.write_record(path, source, {*record, *(entry.path for entry in compiled)} - set(gone))
        for old, new in placed.hiding(source, compiled):
            session.reporter.warn(
                f"{old} is not from this build, and Python may import it instead of {new}", hint=f"remove {old}"
            )


def _rebuild_command(session: Session, wheel: WheelPlan) -> tuple[str, ...]:
    """Return the command that compiles as this build does, whatever variables there are when it is run."""
    options = session.inputs.options
    python = wheel.interpreter.executable if wheel.interpreter is not None else None
    kept = [value for value in options.config if redaction.redact_assignment(value) == value]
    extra = () if any(word.startswith("--config") for word in options.cargo_extra_args) else options.cargo_extra_args
    secret = [f"--config {redaction.redact_assignment(value)}" for value in options.config if value not in kept]
    for text in (*secret, *(["--cargo-extra-args"] if extra != options.cargo_extra_args else [])):
        session.reporter.warn(
            f"{text} does not count when an import compiles again: it may hold a secret, and is not stored",
            hint="write it in a configuration file of cargo",
        )
    switches = {
        "--all-features": options.all_features,
        "--no-default-features": options.no_default_features,
        "--locked": options.locked,
        "--offline": options.offline,
        "--frozen": options.frozen,
        "--strip": options.strip,
    }
    return (
        *(sys.executable, "-m", "cratewheel", "rebuild"),
        *("--manifest-path", str(session.inputs.project.manifest.path)),
        *(("--interpreter", str(python)) if python is not None else ()),
        *(("--release",) if options.release else ("--profile", options.profile) if options.profile else ()),
        *(word for name in options.features for word in ("--features", name.name) if not name.conditional),
        *("--target-dir", str(session.inputs.cargo.target_directory)),
        *(flag for flag, on in switches.items() if on),
        *(word for value in options.unstable_flags for word in ("-Z", value)),
        *(word for value in kept for word in ("--config", value)),
        *((f"--cargo-extra-args={shlex.join(extra)}",) if extra else ()),
        *((f"--rustc-extra-args={shlex.join(rustc)}",) if (rustc := _rustc_words(options)) else ()),
    )  # fmt: skip


def _rustc_words(options: Options) -> tuple[str, ...]:
    return (*options.rustc_args, *options.rustc_extra_args)


def _companions(session: Session, artifacts: list[Artifact]) -> list[Entry]:
    """Return what the linker wrote beside a module and the project wants shipped: debug information, import library."""
    options = session.inputs.options
    if session.inputs.bindings.kind == "bin":
        return []
    folder = session.inputs.modules.extension_dir
    entries = []
    for artifact in artifacts:
        if options.include_import_lib and artifact.import_library:
            path = artifact.import_library
            entries.append(
                Entry(path=str(folder / path.name), source=FromFile(path=str(path)), why="the import library")
            )
        if options.include_debuginfo and not options.strip and artifact.debug_info:
            found = artifact.debug_info
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


def _compiled_entries(session: Session, wheel: WheelPlan, artifacts: list[Artifact], stage: Path) -> Iterable[Entry]:
    project = session.inputs.project
    modules, target_os = session.inputs.modules, session.plan.target.os
    stub = wheel_contents.stub(modules, project.root, project.roots)
    first = artifacts[0]
    match session.inputs.bindings.kind:
        case "bin" if target_os == "wasi":
            return wasi.entries(
                [(artifact.path.name, artifact.path) for artifact in artifacts],
                package=normalise_distribution(session.plan.name),
            )
        case "bin":
            return programs.entries(
                [(artifact.path.name, artifact.path) for artifact in artifacts],
                data_dir=data_dir_name(session.plan.name, session.plan.version),
            )
        case "cffi":
            return cffi.entries(
                modules, first.path, ffi_source=_ffi_source(session, wheel, stage), target_os=target_os, stub=stub
            )
        case "uniffi":
            return _uniffi_entries(session, first, stub, stage)
        case _:
            assert wheel.module_file is not None, "a plan for an extension module names its file"
            return pyo3.entries(modules, first.path, wheel.module_file, stub=stub)


def _ffi_source(session: Session, wheel: WheelPlan, stage: Path) -> str:
    project = session.inputs.project
    if cffi.undeclared(session.inputs.metadata.requires_dist):
        session.reporter.warn(
            "the wheel needs cffi at run time, and does not ask for it",
            hint='add "cffi" to `dependencies` in [project] of pyproject.toml',
        )
    declarations = cffi.declarations(
        target_directory=session.target_dir,
        crate=project.manifest.directory,
        workspace=session.inputs.cargo.workspace_root,
        cwd=session.cwd,
        roots=project.roots,
        scratch=stage / "cffi",
        environ=session.environ,
        reporter=session.reporter,
    )
    return cffi.ffi_source(
        declarations,
        interpreter=wheel.interpreter,
        running=Path(sys.executable) if sys.executable else None,
        scratch=stage / "cffi",
        environ=session.environ,
        reporter=session.reporter,
    )


def _uniffi_entries(session: Session, artifact: Artifact, stub: FromFile | None, stage: Path) -> Iterable[Entry]:
    project = session.inputs.project
    settings = uniffi.read_settings(project.manifest.directory, project.roots)
    out_dir = stage / "uniffi" / session.inputs.modules.module_name
    options = session.inputs.options
    flags = {"--locked": options.locked, "--offline": options.offline, "--frozen": options.frozen}
    generator = uniffi.own_bindgen(
        session.inputs.cargo,
        cwd=session.cwd,
        arguments=(
            *("--target-dir", str(session.target_dir)),
            *(("--target", session.inputs.rustc.host) if options.target else ()),  # it runs here
            *(flag for flag, given in flags.items() if given),
            *(word for value in options.config for word in ("--config", value)),
        ),
        cargo=session.environ.get("CARGO") or "cargo",
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
    command = uniffi.generate_command(program, settings, library=artifact.path, out_dir=out_dir, home=home)
    return uniffi.entries(
        session.inputs.modules,
        artifact.path,
        modules=uniffi.generate(command, out_dir, session.environ, session.reporter),
        settings=settings,
        target_os=session.plan.target.os,
        stub=stub,
    )
