"""Carries a `BuildPlan` out: cargo, audit, archives. What to make was decided before."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cratewheel import __version__, sbom, toml
from cratewheel.audit import binary as audit_binary
from cratewheel.bindings import binary as programs
from cratewheel.bindings import cffi, pyo3, uniffi
from cratewheel.cargo import run as cargo_run
from cratewheel.cargo.command import CargoBuild, command
from cratewheel.cargo.run import Artifact
from cratewheel.contents import editable, vendor
from cratewheel.contents import sdist as sdist_contents
from cratewheel.contents import wheel as wheel_contents
from cratewheel.cross import zig
from cratewheel.dist import sdist as sdist_writer
from cratewheel.dist import wheel as wheel_writer
from cratewheel.dist.compression import DEFLATED, STORED
from cratewheel.dist.dist_info import DistInfo
from cratewheel.dist.install import put
from cratewheel.dist.layout import Entry, FromFile, Layout, layout
from cratewheel.errors import CompileError, ConfigError
from cratewheel.facts import Facts, SdistFacts, gather_sdist
from cratewheel.files import atomic_replace
from cratewheel.files.globbing import check_glob
from cratewheel.files.lock import exclusive
from cratewheel.plan.model import BuildPlan, WheelPlan
from cratewheel.plan.settle import Settlement, needs_binaries, settle
from cratewheel.tags.wheel import WheelTag, data_dir_name, dist_info_name, sdist_stem, wheel_file_name
from cratewheel.ui import Ui

GENERATOR = f"cratewheel ({__version__})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What every step of a build is handed: facts, plan, environment, and whom to talk to."""

    facts: Facts
    plan: BuildPlan
    environ: Mapping[str, str]
    ui: Ui

    @property
    def target_dir(self) -> Path:
        """Cargo's target directory."""
        return self.facts.options.target_dir or self.facts.project.cargo.target_directory

    @property
    def scratch(self) -> Path:
        """The folder for files that a build needs on the way; it may be deleted between builds."""
        return self.target_dir / "cratewheel"

    @property
    def timestamp(self) -> int | None:
        """SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/), or None."""
        return source_date_epoch(self.environ)


def source_date_epoch(environ: Mapping[str, str]) -> int | None:
    """Return the seconds of SOURCE_DATE_EPOCH, or None where it is not set or no number.

    >>> source_date_epoch({"SOURCE_DATE_EPOCH": "1700000000"}), source_date_epoch({"SOURCE_DATE_EPOCH": "now"})
    (1700000000, None)
    """
    value = environ.get("SOURCE_DATE_EPOCH", "")
    return int(value) if value.isascii() and value.isdigit() else None


def run(facts: Facts, plan: BuildPlan, *, environ: Mapping[str, str], ui: Ui) -> tuple[Path, ...]:
    """Make all that `plan` holds and return the paths, reporting each as it is finished.

    Raises `CompileError`, `AuditError` and the like; what was finished before stays, nothing else does.
    """
    session = Session(facts=facts, plan=plan, environ=environ, ui=ui)
    for warning in plan.warnings:
        ui.warn(warning)
    if environ.get("SOURCE_DATE_EPOCH") and session.timestamp is None:
        ui.warn(f"SOURCE_DATE_EPOCH is no number of seconds and is ignored: {environ['SOURCE_DATE_EPOCH']!r}")
    done = []
    if plan.wheels:
        _check_before_compiling(session)
    if plan.sdist:
        sources = gather_sdist(facts.options, facts.project.sources, environ=environ, ui=ui)
        done.append(build_sdist(sources, plan.out, timestamp=session.timestamp, environ=environ, ui=ui))
    done += [build_wheel(session, wheel) for wheel in plan.wheels]
    return tuple(done)


def _check_before_compiling(session: Session) -> None:
    """Raise now what would be raised after the compiler has run: minutes are not spent on a wheel that cannot be."""
    project, out = session.facts.project, session.plan.out
    wheel_contents.data_entries(project.modules, "data", root=project.sources.root)
    for include in session.facts.options.include:
        check_glob(include.path)
    if out.exists() and not out.is_dir():
        raise ConfigError(f"{out} is not a folder", hint="choose another one with `--out`")


def build_sdist(facts: SdistFacts, out: Path, *, timestamp: int | None, environ: Mapping[str, str], ui: Ui) -> Path:
    """Write the source distribution to the folder `out` and return its path; with `vendor`, the crates are in it."""
    metadata = facts.sources.metadata
    content = sdist_content(facts, environ=environ, ui=ui)
    for warning in wheel_contents.exclude_warnings(facts.sources.root, facts.options.exclude, "sdist"):
        ui.warn(warning)
    if facts.options.explain:
        ui.passthrough(sdist_contents.explanation(content))
    path = out / f"{sdist_stem(metadata.name, metadata.version)}.tar.gz"
    with tempfile.TemporaryDirectory(prefix="cratewheel-") as scratch:
        entries = content.layout
        if facts.options.vendor:
            ui.step("Vendoring", "the crates that the archive needs")
            entries = vendor.vendored(content, Path(scratch), facts.options, environ=environ, ui=ui)
        built = sdist_writer.write(entries, path, mtime=timestamp)
    ui.step("Packed", f"{path.name} ({_size(built.size)}, {len(entries)} files)")
    ui.result(path, {"kind": "sdist", "sha256": built.sha256, "size": built.size})
    return path


def sdist_content(facts: SdistFacts, *, environ: Mapping[str, str], ui: Ui) -> sdist_contents.SdistContents:
    """Return what the source distribution will hold, and what not."""
    assert facts.sources.pyproject is not None, "gather_sdist refuses a project without one"
    return sdist_contents.layout_of(
        root=facts.sources.root,
        pyproject=facts.sources.pyproject,
        manifest=facts.sources.manifest,
        cargo=facts.cargo,
        options=facts.options,
        core_metadata=facts.sources.metadata,
        modules=facts.modules,
        environ=environ,
        ui=ui,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """All of a wheel but its archive. The layout's compiled files exist only while it is being used."""

    tag: WheelTag
    layout: Layout
    dist_info: DistInfo


def build_wheel(session: Session, wheel: WheelPlan) -> Path:
    """Compile, audit and pack one wheel, and return its path."""
    with assembled(session, wheel) as content:
        path = session.plan.out / wheel_file_name(session.plan.name, session.plan.version, content.tag)
        # an editable wheel is installed from here at once, and then thrown away
        compression = STORED if session.facts.options.editable else DEFLATED
        built = wheel_writer.write(
            content.layout, content.dist_info, path, mtime=session.timestamp, compression=compression
        )
    session.ui.step("Packed", f"{path.name} ({_size(built.size)})")
    served = [python.display for python in wheel.serves]
    session.ui.result(
        path, {"kind": "wheel", "tag": str(content.tag), "sha256": built.sha256, "size": built.size, "serves": served}
    )
    return path


@contextmanager
def assembled(session: Session, wheel: WheelPlan) -> Iterator[Assembled]:
    """Compile and audit one wheel, and yield what belongs in it."""
    python = f" for {wheel.interpreter.display}" if wheel.interpreter is not None else ""
    session.ui.step("Building", f"{session.plan.name} {session.plan.version}{python}")
    session.scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="stage-", dir=session.scratch) as stage:
        artifacts = _compile(session, wheel, Path(stage))
        settlement = _settle(session, wheel, artifacts)
        tag = WheelTag(python=(wheel.python_tag,), abi=tuple(wheel.abi_tag.split(".")), platform=settlement.tags)
        content = layout(_entries(session, wheel, artifacts))
        yield Assembled(tag=tag, layout=content, dist_info=_dist_info(session, tag))


def _dist_info(session: Session, tag: WheelTag) -> DistInfo:
    metadata = session.facts.project.sources.metadata
    return DistInfo(
        directory=dist_info_name(session.plan.name, session.plan.version),
        metadata=metadata.text,
        entry_points=metadata.entry_points,
        license_files=metadata.license_files,
        sboms=_sboms(session),
        tag=tag,
        generator=GENERATOR,
    )


def _compile(session: Session, wheel: WheelPlan, stage: Path) -> list[tuple[CargoBuild, Artifact]]:
    """Return the artifacts of a wheel, moved out of cargo's reach to the folder `stage`.

    Cargo puts the next interpreter's module, and another process's, under the same name: until ours are copied, no
    other build of ours may run in this target directory.
    """
    env = wheel_env(session, wheel)
    artifacts = []
    with exclusive(session.scratch / "lock", waiting=lambda: session.ui.step("Waiting", "for another cratewheel here")):
        for build in wheel.builds:
            artifact = cargo_run.run(
                command(replace(build, env=(*build.env, *env)), program=session.environ.get("CARGO") or "cargo"),
                package=session.facts.project.cargo.root_package.id,
                binary=build.binary,
                environ=session.environ,
                ui=session.ui,
            )
            artifacts.append((build, _staged(artifact, stage)))
    return artifacts


def _staged(artifact: Artifact, stage: Path) -> Artifact:
    def copied(path: Path | None) -> Path | None:
        if path is None or not path.exists():
            return None
        copy = shutil.copytree if path.is_dir() else shutil.copy2
        return Path(copy(path, stage / path.name))

    path = copied(artifact.path)
    if path is None:
        raise CompileError(f"cargo said that it built {artifact.path}, but there is no such file")
    return replace(
        artifact,
        path=path,
        dep_info=artifact.path.with_suffix(".d"),
        debug_info=copied(artifact.debug_info),
        import_library=copied(artifact.import_library),
    )


def wheel_env(session: Session, wheel: WheelPlan) -> tuple[tuple[str, str | None], ...]:
    """Return the variables whose values are files that are written here: pyo3's description, and zig's programs."""
    linker = zig.environment(session.plan.zig, session.scratch / "zig", session.environ) if session.plan.zig else ()
    if wheel.config is None:
        return linker
    # pyo3 is compiled again when the path is another, so the one that cargo itself was told of is taken
    shared = _config_path(_cargo_folder(session), wheel.config)
    if shared.is_file() and shared.read_text(encoding="utf-8") == wheel.config:
        return (*linker, ("PYO3_CONFIG_FILE", str(shared)))
    return (*linker, ("PYO3_CONFIG_FILE", str(_write_config(session.scratch, wheel.config))))


def shared_config(session: Session, text: str) -> Path:
    """Write pyo3's description of the interpreter to the `.cargo` folder, for cargo and editors, and return its path.

    `cargo clean` leaves it alone there.
    """
    return _write_config(_cargo_folder(session), text)


def _cargo_folder(session: Session) -> Path:
    return session.facts.project.cargo.workspace_root / ".cargo"


def _config_path(folder: Path, text: str) -> Path:
    # named by its content: another interpreter is another file
    return folder / f"pyo3-config-{hashlib.sha256(text.encode()).hexdigest()[:16]}.txt"


def _write_config(folder: Path, text: str) -> Path:
    path = _config_path(folder, text)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        with atomic_replace(path) as out:
            out.write(text.encode())
    return path


def _settle(session: Session, wheel: WheelPlan, artifacts: list[tuple[CargoBuild, Artifact]]) -> Settlement:
    bindings = session.facts.project.bindings
    audited = needs_binaries(wheel)
    binaries = {artifact.path.name: audit_binary.read(artifact.path) for _, artifact in artifacts} if audited else {}
    if wheel.module_file:
        for found in binaries.values():
            warning = pyo3.missing_init(found.exported, session.facts.project.modules.extension_name)
            if warning:
                session.ui.warn(warning)
    settlement = settle(wheel, session.plan.target, binaries, programs=bindings.kind == "bin")
    for warning in settlement.warnings:
        session.ui.warn(warning)
    for reason in settlement.why:
        session.ui.step("Because", reason) if session.facts.options.explain else session.ui.detail(reason)
    return settlement


def _entries(session: Session, wheel: WheelPlan, artifacts: list[tuple[CargoBuild, Artifact]]) -> list[Entry]:
    project, options = session.facts.project, session.facts.options
    root, modules = project.sources.root, project.modules
    out_dirs = {
        project.cargo.packages[package].name: folder
        for _, artifact in artifacts
        for package, folder in artifact.out_dirs.items()
        if package in project.cargo.packages
    }
    included, warnings = wheel_contents.include_entries(
        root, modules, options.include, out_dirs=out_dirs, root_crate=project.cargo.root_package.name
    )
    gathered = [*wheel_contents.python_entries(modules, root), *included]
    in_vain = wheel_contents.exclude_warnings(root, options.exclude, "wheel")
    for warning in (*wheel_contents.python_warnings(modules, gathered), *warnings, *in_vain):
        session.ui.warn(warning)
    installed = [
        *wheel_contents.apply_excludes(gathered, root, options.exclude, "wheel"),
        *wheel_contents.data_entries(modules, data_dir_name(session.plan.name, session.plan.version), root=root),
    ]
    compiled = [*_compiled_entries(session, wheel, artifacts), *_companions(session, artifacts)]
    if options.editable and editable.keeps_sources(modules):
        return [
            *(entry for entry in installed if not editable.stays_in_project(modules, entry)),
            *_editable_entries(session, wheel, artifacts[0][1], compiled),
        ]
    return [*installed, *compiled]


def _editable_entries(session: Session, wheel: WheelPlan, artifact: Artifact, compiled: list[Entry]) -> Iterable[Entry]:
    options, modules = session.facts.options, session.facts.project.modules
    if session.facts.project.bindings.kind == "bin":
        return [*editable.entries(modules, session.plan.name, (), mode=editable.INPLACE), *compiled]
    if options.editable_mode == editable.INPLACE:
        put(editable.in_place(modules, compiled))
    rebuild = None
    if options.editable_rebuild:
        assert artifact.dep_info is not None, "what cargo built has a file of dependencies"
        rebuild = editable.Rebuild(command=_rebuild_command(session, wheel), dep_info=artifact.dep_info)
    return editable.entries(modules, session.plan.name, compiled, mode=options.editable_mode, rebuild=rebuild)


def _rebuild_command(session: Session, wheel: WheelPlan) -> tuple[str, ...]:
    options = session.facts.options
    python = wheel.interpreter.executable if wheel.interpreter is not None else None
    return (
        *(sys.executable, "-m", "cratewheel", "rebuild"),
        *("--manifest-path", str(session.facts.project.sources.manifest.path)),
        *(("--interpreter", str(python)) if python is not None else ()),
        *(("--release",) if options.release else ("--profile", options.profile) if options.profile else ()),
        *(word for name in options.features for word in ("--features", name.name) if not name.conditional),
        *(("--target-dir", str(options.target_dir)) if options.target_dir else ()),
    )  # fmt: skip


def _companions(session: Session, artifacts: list[tuple[CargoBuild, Artifact]]) -> list[Entry]:
    """Return what the linker wrote beside a module and the project wants shipped: debug information, import library."""
    options, project = session.facts.options, session.facts.project
    if project.bindings.kind == "bin":
        return []
    folder = project.modules.extension_dir
    entries = []
    for _, artifact in artifacts:
        if options.include_import_lib and artifact.import_library:
            path = artifact.import_library
            entries.append(Entry(path=folder / path.name, source=FromFile(path=path), why="the import library"))
        if options.include_debuginfo and not options.strip and artifact.debug_info:
            found = artifact.debug_info
            entries += [
                Entry(
                    path=folder / path.relative_to(found.parent).as_posix(),
                    source=FromFile(path=path),
                    why="debug information",
                )
                for path in (sorted(found.rglob("*")) if found.is_dir() else [found])
                if path.is_file()
            ]
    return entries


def _compiled_entries(
    session: Session, wheel: WheelPlan, artifacts: list[tuple[CargoBuild, Artifact]]
) -> Iterable[Entry]:
    project = session.facts.project
    modules, target_os = project.modules, session.plan.target.os
    stub = project.sources.root / f"{modules.extension_name}.pyi"
    stub_file = stub if stub.is_file() else None
    first = artifacts[0][1]
    match project.bindings.kind:
        case "bin":
            return programs.entries(
                [(artifact.path.name, artifact.path) for _, artifact in artifacts],
                data_dir=data_dir_name(session.plan.name, session.plan.version),
            )
        case "cffi":
            return cffi.entries(
                modules, first.path, ffi_source=_ffi_source(session, wheel), target_os=target_os, stub=stub_file
            )
        case "uniffi":
            return _uniffi_entries(session, first, stub_file)
        case _:
            assert wheel.module_file is not None, "a plan for an extension module names its file"
            return pyo3.entries(modules, first.path, wheel.module_file, stub=stub_file)


def _ffi_source(session: Session, wheel: WheelPlan) -> str:
    project = session.facts.project
    if cffi.undeclared(project.sources.metadata.requires_dist):
        session.ui.warn(
            "the wheel needs cffi at run time, and does not ask for it",
            hint='add "cffi" to `dependencies` in [project] of pyproject.toml',
        )
    declarations = cffi.declarations(
        target_directory=session.target_dir,
        crate=project.sources.manifest.path.parent,
        workspace=project.cargo.workspace_root,
        scratch=session.scratch,
        environ=session.environ,
        ui=session.ui,
    )
    return cffi.ffi_source(
        declarations,
        interpreter=wheel.interpreter,
        running=Path(sys.executable) if sys.executable else None,
        scratch=session.scratch,
        environ=session.environ,
        ui=session.ui,
    )


def _uniffi_entries(session: Session, artifact: Artifact, stub: Path | None) -> Iterable[Entry]:
    project = session.facts.project
    settings = uniffi.read_settings(project.sources.manifest.path.parent)
    out_dir = session.scratch / "uniffi" / project.modules.module_name
    options = session.facts.options
    flags = {"--locked": options.locked, "--offline": options.offline, "--frozen": options.frozen}
    generator = uniffi.bindgen_command(
        project.cargo,
        settings,
        library=artifact.path,
        out_dir=out_dir,
        arguments=("--target-dir", str(session.target_dir), *(flag for flag, given in flags.items() if given)),
        cargo=session.environ.get("CARGO") or "cargo",
    )
    return uniffi.entries(
        project.modules,
        artifact.path,
        modules=uniffi.generate(generator, out_dir, session.environ, session.ui),
        settings=settings,
        target_os=session.plan.target.os,
        stub=stub,
    )


def _sboms(session: Session) -> tuple[tuple[str, bytes], ...]:
    options, cargo = session.facts.options, session.facts.project.cargo
    found = []
    if options.sbom.rust:
        text = sbom.crates(
            cargo,
            tool_version=__version__,
            hashes=_crate_hashes(cargo.workspace_root / "Cargo.lock"),
            targets=(session.plan.target.triple,),
            timestamp=session.timestamp,
        )
        found.append((sbom.file_name(cargo), text))
    root = session.facts.project.sources.root
    found += [_included_sbom(root, name) for name in dict.fromkeys((*options.sbom.include, *options.sbom_include))]
    names = [name for name, _ in found]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"two SBOM files would be called {name} in the wheel", hint="rename one of them")
    return tuple(found)


def _crate_hashes(lock: Path) -> Mapping[tuple[str, str], str]:
    return sbom.checksums(toml.load(lock)) if lock.is_file() else {}


def _included_sbom(root: Path, name: str) -> tuple[str, bytes]:
    path = (root / name).resolve()
    if not path.is_relative_to(root.resolve()):
        raise ConfigError(f"the SBOM {name} lies outside the project", hint=f"copy it below {root}")
    if not path.is_file():
        raise ConfigError(
            f"the SBOM {root / name} does not exist", hint="correct the path; it is relative to the project"
        )
    return path.name, path.read_bytes()


def _size(size: int) -> str:
    """Return a number of bytes for people.

    >>> _size(1536), _size(12_345_678)
    ('1.5 kB', '11.8 MB')
    """
    if size < 1024:
        return f"{size} bytes"
    amount = float(size)
    for unit in ("kB", "MB", "GB"):
        amount /= 1024
        if amount < 1024 or unit == "GB":
            break
    return f"{amount:.1f} {unit}"
