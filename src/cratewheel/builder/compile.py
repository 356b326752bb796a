"""Compiles wheels: runs cargo for each part and moves the artifacts to a separate folder."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from cratewheel.audit import binary
from cratewheel.audit.model import SYMBOLS_READ
from cratewheel.bindings import verify
from cratewheel.builder import linking, other_copies, parallel
from cratewheel.builder.scheduling import BuildDirectory, CompileSlot
from cratewheel.builder.session import Session
from cratewheel.cargo import profiles
from cratewheel.cargo import run as cargo_run
from cratewheel.cargo.advice import Names
from cratewheel.cargo.command import CargoBuild, CargoOptions, command, is_cross, profile_folders
from cratewheel.cargo.run import Artifact
from cratewheel.errors import CompileError, ConfigError, MismatchError
from cratewheel.events import Reporter
from cratewheel.planning.model import ArtifactPlan, WheelPlan
from cratewheel.system import toml
from cratewheel.system.command import Command
from cratewheel.system.files import atomic_replace
from cratewheel.targets import universal2, zig
from cratewheel.targets.triples import Target

# the loader searches them anyway
_SYSTEM_FOLDERS = frozenset({"/lib", "/usr/lib", "/lib64", "/usr/lib64"})


def compile_wheel(
    session: Session,
    wheel: WheelPlan,
    stage: Path,
    *,
    leave_out: Callable[[ArtifactPlan, CompileError], bool] = lambda *_: False,
) -> list[Artifact | None]:
    """Return the artifacts of a wheel, in its order, moved to the folder `stage` and merged for all architectures.

    None stands for one that could not be compiled, where `leave_out` says of the error that it does not matter.

    Builds for other interpreters, and of other processes, use the same file name: until the artifacts are moved, no
    other build may run in this target directory.
    """
    directory = session.build_directory(wheel)
    with session.scheduler.acquire(directory, session.reporter) as slot:
        found: list[list[Artifact]] = []
        for at, artifact in enumerate(wheel.artifacts):
            own = session.of(artifact)
            path = _directory(artifact, directory, session.reporter)
            job = _Job(session=own, wheel=wheel, artifact=artifact, directory=path, slot=slot)
            try:
                found.append(_compile(job, _folder(stage, wheel, at)))
            except CompileError as error:
                if not leave_out(artifact, error):
                    raise
                found.append([])
    return [_merged(slices) if slices else None for slices in found]


def _directory(artifact: ArtifactPlan, shared: BuildDirectory, reporter: Reporter) -> Path:
    """Return the build directory of an artifact: that of the wheel, or one of its own, which is filled from it."""
    if artifact.directory is None:
        return shared.path
    parallel.fill(replace(shared, path=artifact.directory), (shared.path, shared.plain), reporter)
    return artifact.directory


def _merged(slices: list[Artifact]) -> Artifact:
    return slices[0] if len(slices) == 1 else _merge_slices(slices, slices[0].path.parent.parent)


def _folder(stage: Path, wheel: WheelPlan, at: int) -> Path:
    """Return the folder for an artifact: crates may give their libraries the same name."""
    return stage if wheel.artifacts[at].part is None else stage / f"artifact-{at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """The compilation of one artifact, with the session of its crate."""

    session: Session
    wheel: WheelPlan
    artifact: ArtifactPlan
    directory: Path
    slot: CompileSlot


def _compile(job: _Job, stage: Path) -> list[Artifact]:
    """Return what an artifact's builds made, one for each architecture, moved to the folder `stage`."""
    builds = job.artifact.builds
    if job.artifact.prebuilt is not None:
        return [_take_prebuilt(job.artifact, job.artifact.prebuilt, stage)]
    found = []
    for at, build in enumerate(builds):
        folder = stage if len(builds) == 1 else stage / f"slice-{at}"
        folder.mkdir(parents=True, exist_ok=True)
        other_copies.forget_other_copies(job.session, job.artifact, build, job.directory)
        made = _build_function(job)(job, build)
        other_copies.remember_sources(job.session, job.artifact, build, job.directory, fresh=made.fresh)
        _verify(job, build, made)
        found.append(_move_to_stage(made, folder))
    return found


def _take_prebuilt(planned: ArtifactPlan, path: Path, stage: Path) -> Artifact:
    """Return a prebuilt file as what cargo would have made, copied to the folder `stage`."""
    import shutil  # slow, and not needed by most builds

    _check_kind(planned, path)
    stage.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(path, stage / planned.cargo_file)
    except OSError as error:
        raise ConfigError(
            f"the prebuilt file {path} cannot be read: {error.strerror}",
            hint="compile it first, or correct the path: a table's is relative to the project, a flag's to this folder",
        ) from error
    return Artifact(path=stage / planned.cargo_file, out_dirs={}, linked_in=path.parent, fresh=True)


def _check_kind(planned: ArtifactPlan, path: Path) -> None:
    """Raise `ConfigError` for a prebuilt program where a library is planned, or the other way round.

    Raises `AuditError` for a file that is neither.
    """
    if not path.is_file() or binary.read(path).format not in SYMBOLS_READ:
        return  # that it is not there is said where it is copied
    from cratewheel.audit.parts import read_parts

    program = binary.read_with(path, lambda data: read_parts(bytes(data))).program
    if program != planned.is_program:
        kinds = ("a program", "a library")
        is_one, wanted = kinds if program else reversed(kinds)
        raise ConfigError(
            f"the prebuilt file {path} is {is_one}, and {planned.name} is {wanted}",
            hint=f"name the file that cargo makes of it, {planned.cargo_file}",
        )


def _build_function(job: _Job) -> Callable[[_Job, CargoBuild], Artifact]:
    if job.session.inputs.options.editable or job.wheel.instrumented:
        return _build_editable
    return _build_repairable if job.wheel.audit == "repair" else _run


def _run(job: _Job, build: CargoBuild, on_text: Callable[[str], bool] | None = None) -> Artifact:
    session, interpreter = job.session, job.wheel.interpreter
    return cargo_run.run(
        _command(job, build),
        package=session.inputs.cargo.root_package.id,
        binary=build.binary,
        example=build.example,
        environ={**session.environ, **dict(job.slot.variables)},
        reporter=session.reporter,
        on_message=job.slot.on_message,
        purpose=f" for {interpreter.display}" if interpreter else "",
        on_text=on_text,
        mounts=cargo_run.container_mounts(job.directory, session.inputs.cargo.workspace_root)
        if is_cross(session.cargo_program)
        else None,
        names=lambda: _names(session),
    )


def _names(session: Session) -> Names:
    """Return the names that an error of cargo may be about."""
    cargo = session.inputs.cargo
    return Names(
        platform=sys.platform,
        features=tuple(cargo.root_package.features),
        profiles=profiles.defined(toml.load_file(cargo.workspace_root / "Cargo.toml")),
    )


def _build_editable(job: _Job, build: CargoBuild) -> Artifact:
    """Build for an editable install, so that the loader finds libraries in the build's folders.

    Only build scripts know these folders, so the crate is linked a second time if they changed since the last
    build, which stored them.
    """
    session = job.session
    cache = session.state_file("run-paths")
    crate = "" if job.artifact.part is None else f" {build.manifest} {build.example}"
    name = _cache_name(f"{job.directory} {build.binary}{crate}")
    known = _strings(cache.read(name)) or []
    artifact = _run(job, with_run_paths(build, known, session.plan.target))
    needed = [str(path) for path in artifact.link_paths if str(path) not in _SYSTEM_FOLDERS]
    if needed == known:
        return artifact
    cache.write(name, needed)
    return _run(job, with_run_paths(build, needed, session.plan.target))


def _build_repairable(job: _Job, build: CargoBuild) -> Artifact:
    """Build a wheel for repair, with the linker's command line if libraries may be anywhere.

    For that, rustc must link again. Its output is stored, and the flag is used from then on: rustc prints the
    command line only when it links, and an up-to-date artifact was linked with the stored one.
    """
    session = job.session
    cache = session.state_file("link-folders")
    name = _cache_name(f"{job.directory} {command(build)}")
    known = _strings(cache.read(name))
    if known is None:
        artifact = _run(job, build)
    if known is None and not linking.needs_linker_output(session, artifact):
        return artifact
    root = session.inputs.cargo.workspace_root  # the working directory of rustc
    folders: list[str] | None = None

    def read_line(line: str) -> bool:
        nonlocal folders
        args = linking.parse_linker_command(line)
        if args:
            folders = [str(folder) for folder in linking.library_folders(args, root)]
        return bool(args)

    with_link_args = replace(build, rustc_args=(*build.rustc_args, *linking.PRINT))
    artifact = _run(job, with_link_args, read_line)
    if folders is not None and folders != known:
        cache.write(name, folders)
    found = known or [] if folders is None else folders
    return replace(artifact, link_paths=tuple(dict.fromkeys((*map(Path, found), *artifact.link_paths))))


def _cache_name(identity: str) -> str:
    return f"{zlib.crc32(identity.encode(errors='surrogateescape')):08x}.json"


def _strings(kept: object) -> list[str] | None:
    return [path for path in kept if isinstance(path, str)] if isinstance(kept, list) else None


def with_run_paths(build: CargoBuild, folders: Iterable[str], target: Target) -> CargoBuild:
    """Return the build with flags that make the loader search the folders, if the target supports it.

    On Linux this is RPATH, which also applies to dependencies of libraries, see ld.so(8).
    """
    folders = tuple(folders)
    if not folders or target.os in ("windows", "emscripten", "wasi"):
        return build
    args = [arg for folder in folders for arg in ("-rpath", folder)]
    args += ["--disable-new-dtags"] if target.os == "linux" else []
    # a comma in a name would split the argument of -Wl
    flags = (flag for arg in args for flag in ("-C", "link-arg=-Xlinker", "-C", f"link-arg={arg}"))
    return replace(build, rustc_args=(*build.rustc_args, *flags))


def _verify(job: _Job, build: CargoBuild, artifact: Artifact) -> None:
    """Raise `MismatchError` if cargo compiled for another Python or platform than the wheel's tag says."""
    inputs, wheel, planned = job.session.inputs, job.wheel, job.artifact
    if planned.bindings.crate is None and inputs.options.bindings is not None:
        return  # bindings requested by the user are not checked
    found = verify.find_mismatches(
        artifact,
        inputs.cargo,
        planned.bindings,
        stable_abi=planned.stable_abi,
        interpreter=wheel.interpreter,
        target_folder=profile_folders(build.options)[0] if build.options.target else None,
    )
    if found:
        hint = (
            "this is a bug in cratewheel, and no wheel was written; please report it with the output of "
            "`cargo tree --edges features`"
        )
        if "PYO3_CONFIG_FILE" in inputs.described:
            hint = f"correct {inputs.described['PYO3_CONFIG_FILE']}, which tells pyo3 what to compile for"
        raise MismatchError(
            f"cargo did not compile for {wheel.python_tag}-{wheel.abi_tag}",
            notes=found,
            hint=hint,
        )


def _command(job: _Job, build: CargoBuild) -> Command:
    session = job.session
    options, env = limit_jobs(build.options, job.slot), [*build.env, *artifact_env(session, job.artifact)]
    if session.reporter.colored and options.color is None and "CARGO_TERM_COLOR" not in session.environ:
        env.append(("CARGO_TERM_COLOR", "always"))  # cargo writes to our pipe, not to the terminal
    program = session.cargo_program
    through = None if is_cross(program) else build.through
    rustc_args = (*build.rustc_args, *_zig_args(session, build))
    build = replace(build, options=options, env=tuple(env), through=through, rustc_args=rustc_args)
    found = command(build, program=program)
    return replace(found, descriptors=job.slot.descriptors)


def limit_jobs(options: CargoOptions, slot: CompileSlot) -> CargoOptions:
    """Return the options of a cargo process that compiles beside others.

    A number in the user's own arguments of cargo stays.
    """
    if slot.descriptors:
        return replace(options, jobs=None)  # the jobserver limits jobs
    if slot.jobs is None or any(word.startswith(("-j", "--jobs")) for word in options.extra):
        return options
    return replace(options, jobs=slot.jobs)


def _zig_args(session: Session, build: CargoBuild) -> tuple[str, ...]:
    """Return the arguments by which zig links a build for this machine's own target."""
    host = session.inputs.rustc.host
    native = [plan for plan in session.plan.zig if plan.triple == host and build.options.target in (None, host)]
    return zig.linker_args(native[0], session.scratch / "zig", session.environ) if native else ()


def _merge_slices(slices: list[Artifact], stage: Path) -> Artifact:
    """Return one artifact for all architectures, with the companion files of the last one."""
    path = stage / slices[0].path.name
    universal2.join([artifact.path for artifact in slices], path)
    return replace(
        slices[-1],
        path=path,
        link_paths=tuple(dict.fromkeys(path for artifact in slices for path in artifact.link_paths)),
        fresh=all(artifact.fresh for artifact in slices),
    )


def _move_to_stage(artifact: Artifact, stage: Path) -> Artifact:
    import shutil  # slow, so not while holding the build directory

    def copied(path: Path | None) -> Path | None:
        if path is None or not path.exists():
            return None
        copy = shutil.copytree if path.is_dir() else shutil.copy2
        return Path(copy(path, stage / path.name))

    path = copied(artifact.path)
    if path is None:
        raise CompileError(f"cargo reported {artifact.path}, but the file does not exist")
    return replace(
        artifact,
        path=path,
        linked_in=artifact.path.parent,
        debug_info=copied(artifact.debug_info),
        import_library=copied(artifact.import_library),
    )


def artifact_env(session: Session, artifact: ArtifactPlan) -> tuple[tuple[str, str | None], ...]:
    """Return variables whose values are files written here: pyo3's configuration, and zig's wrappers."""
    linker: tuple[tuple[str, str | None], ...] = ()
    if session.plan.zig:
        folder, host = session.scratch / "zig", session.inputs.rustc.host
        linker = tuple(
            one
            for plan in session.plan.zig
            for one in zig.environment(plan, folder, session.environ, native=plan.triple == host)
        )
    if artifact.config is None:
        return linker
    # pyo3 is compiled again if the path changes, so the path of cargo's configuration is kept
    shared = _config_path(_cargo_folder(session), artifact.config)
    if shared.is_file() and shared.read_text(encoding="utf-8") == artifact.config:
        return (*linker, ("PYO3_CONFIG_FILE", str(shared)))
    return (*linker, ("PYO3_CONFIG_FILE", str(_write_config(session.scratch, artifact.config))))


def shared_config(session: Session, text: str) -> Path:
    """Write pyo3's configuration to the `.cargo` folder, for cargo and editors, and return its path.

    `cargo clean` does not remove it there.
    """
    return _write_config(_cargo_folder(session), text)


def _cargo_folder(session: Session) -> Path:
    return session.inputs.cargo.workspace_root / ".cargo"


def _config_path(folder: Path, text: str) -> Path:
    # named by content, so each interpreter has its own file. hashlib is slow to import
    data = text.encode()
    return folder / f"pyo3-config-{zlib.crc32(data):08x}{zlib.adler32(data):08x}.txt"


def _write_config(folder: Path, text: str) -> Path:
    path = _config_path(folder, text)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        with atomic_replace(path) as out:
            out.write(text.encode())
    return path
