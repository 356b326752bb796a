"""The Python API, which the command line and the build backend use too.

`import cratewheel` offers `build`, `plan`, `develop`, `inspect`, `read_metadata` and `list_interpreters`;
`build_extension`, `build_sdist`, `publish` and `upload` are only here, because `cratewheel.build_sdist` is the hook of
PEP 517. Nothing is printed: steps, warnings and the output of programs are passed to `on_event` as events of
`cratewheel.events`; errors are those of `cratewheel.errors`. Functions may be called from any
thread, any number of times.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cratewheel.errors import UsageError
from cratewheel.events import BuiltArchive, CallbackReporter, Event, Reporter, WarningEvent
from cratewheel.project import read
from cratewheel.project.request import Request, read_project

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from cratewheel.builder.extension import Extension
    from cratewheel.builder.session import Session
    from cratewheel.commands.inspect.model import Inspection
    from cratewheel.commands.publish.upload import Outcome
    from cratewheel.contents.crate_sources import CrateFile
    from cratewheel.interpreter.environment import DependencyOptions
    from cratewheel.interpreter.model import Interpreter
    from cratewheel.options.typed_keywords import (
        BuildOptions,
        DevelopOptions,
        PublishOptions,
        SdistOptions,
        UploadOptions,
    )
    from cratewheel.planning.model import BuildPlan
    from cratewheel.project.cargo_metadata import Targets
    from cratewheel.project.metadata import CoreMetadata

OnEvent = Callable[[Event], None]
WITH_RUST: Mapping[str, Any] = {"pure": False, "require_rust": True}  # where nothing is to do without
INSTALL_OVERRIDES: Mapping[str, Any] = {"compatibility": ("off",), "skip_auditwheel": True, "sdist": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """The archives of a build in the order of the plan, the sdist first, and its warnings."""

    archives: tuple[BuiltArchive, ...]
    warnings: tuple[str, ...] = ()

    @property
    def wheels(self) -> tuple[BuiltArchive, ...]:
        """The wheels."""
        return tuple(archive for archive in self.archives if archive.kind == "wheel")

    @property
    def sdist(self) -> BuiltArchive | None:
        """The source distribution, if one was made."""
        return next((archive for archive in self.archives if archive.kind == "sdist"), None)


def build(
    project: str | os.PathLike[str] = ".",
    *,
    on_event: OnEvent | None = None,
    environ: Mapping[str, str] | None = None,
    **options: Unpack[BuildOptions],
) -> BuildResult:
    """Build the wheels of a project, and its source distribution unless `sdist=False`, and return them.

    `project` is the project's folder or its Cargo.toml; `environ` stands for `os.environ`; each keyword is the option
    of `cratewheel build` with that name. Raises the `CratewheelError` with which the command would end; archives that
    were finished before are kept.
    """
    warnings: list[str] = []
    archives = build_archives(_request("build", project, environ, options), _reporter(on_event, warnings))
    return BuildResult(archives=archives, warnings=tuple(warnings))


def plan(
    project: str | os.PathLike[str] = ".",
    *,
    on_event: OnEvent | None = None,
    environ: Mapping[str, str] | None = None,
    **options: Unpack[BuildOptions],
) -> tuple[BuildPlan, ...]:
    """Return what `build` with the same arguments would build, one plan per target; nothing is compiled.

    Raises a `CratewheelError` for every error that can be detected before compiling.
    """
    return decide_plans(_request("build", project, environ, options), _reporter(on_event))


def build_sdist(
    project: str | os.PathLike[str] = ".",
    *,
    on_event: OnEvent | None = None,
    environ: Mapping[str, str] | None = None,
    **options: Unpack[SdistOptions],
) -> BuiltArchive:
    """Write the source distribution of a project and return it; each keyword is an option of `cratewheel sdist`.

    Raises a `CratewheelError` as the command does.
    """
    return build_sdist_archive(_request("sdist", project, environ, options), _reporter(on_event))


def read_metadata(
    project: str | os.PathLike[str] = ".",
    *,
    on_event: OnEvent | None = None,
    environ: Mapping[str, str] | None = None,
) -> CoreMetadata:
    """Return the core metadata of a project, read from its files; Rust is not needed.

    No program is started except the project's metadata providers, with `environ` instead of `os.environ`. Raises
    `ConfigError` when a file of the project or a provider is wrong. See
    https://packaging.python.org/en/latest/specifications/core-metadata/.
    """
    request = _request("build", project, environ, {})
    return read.read_metadata(read_project(request), _reporter(on_event), environ=request.environ)


def develop(
    project: str | os.PathLike[str] = ".",
    *,
    python: str | os.PathLike[str] | None = None,
    extras: Iterable[str] = (),
    groups: Iterable[str] = (),
    uv: bool = False,
    pip: str | os.PathLike[str] | None = None,
    on_event: OnEvent | None = None,
    environ: Mapping[str, str] | None = None,
    **options: Unpack[DevelopOptions],
) -> Path:
    """Build a project, install it into an environment in editable mode, and return its dist-info folder.

    `python` is the interpreter of the environment; the default is that of VIRTUAL_ENV, CONDA_PREFIX or the nearest
    `.venv`. Dependencies are installed with `uv`, with the given `pip`, or with the environment's pip. Raises a
    `CratewheelError` as the command does; the environment is then unchanged but for dependencies.
    """
    from cratewheel.interpreter.environment import DependencyOptions

    dependencies = DependencyOptions(
        extras=tuple(extras), groups=tuple(groups), uv=uv, pip=Path(pip) if pip is not None else None
    )
    named = os.fspath(python) if python is not None else None
    request = _request("develop", project, environ, options)
    folder = install_editable(request, _reporter(on_event), python=named, dependencies=dependencies)
    assert folder is not None, "only `skip_install` installs nothing"
    return folder


def publish(
    project: str | os.PathLike[str] = ".",
    *,
    on_event: OnEvent | None = None,
    environ: Mapping[str, str] | None = None,
    **options: Unpack[PublishOptions],
) -> tuple[Outcome, ...]:
    """Build a project for release, upload the archives, and return the result of each.

    Each keyword is the option of `cratewheel publish` with that name. It never prompts for a password. Raises a
    `CratewheelError` as the command does.
    """
    return publish_archives(_request("publish", project, environ, options), _reporter(on_event))


def upload(
    files: Iterable[str | os.PathLike[str]],
    *,
    on_event: OnEvent | None = None,
    environ: Mapping[str, str] | None = None,
    **options: Unpack[UploadOptions],
) -> tuple[Outcome, ...]:
    """Upload archives and return the result of each; each keyword is an option of `cratewheel upload`.

    It never prompts for a password. Raises a `CratewheelError` as the command does.
    """
    return upload_files(_request("upload", ".", environ, options), _reporter(on_event), files)


def list_interpreters(
    *, on_event: OnEvent | None = None, environ: Mapping[str, str] | None = None
) -> tuple[Interpreter, ...]:
    """Return the Python interpreters of this machine that `build` would consider, without duplicates, oldest first."""
    from cratewheel.interpreter import discover
    from cratewheel.interpreter.model import EVERY
    from cratewheel.system.machine import cache_dir

    chosen = dict(os.environ) if environ is None else environ
    return discover.find(
        (),
        supported=EVERY,
        requires_python=None,
        environ=chosen,
        cache_dir=cache_dir(chosen),
        reporter=_reporter(on_event),
        allow_empty=True,
    )


def inspect(path: str | os.PathLike[str]) -> Inspection:
    """Return what is in a wheel or a source distribution, who can install it, and what is wrong with it.

    Raises `InspectError` when the file is damaged or is no such archive.
    """
    from cratewheel.commands.inspect.examine import examine

    return examine(Path(path))


def build_extension(
    project: str | os.PathLike[str] = ".",
    *,
    on_event: OnEvent | None = None,
    environ: Mapping[str, str] | None = None,
    **options: Unpack[BuildOptions],
) -> Extension:
    """Compile what a wheel has besides the project's own files, write it to the folder `out=`, and return it.

    The files are checked and repaired as those of a wheel, and packing is left to the caller. Each keyword is an option
    of `cratewheel build`; they must choose one wheel. Raises a `CratewheelError` as `build` does.
    """
    if "out" not in options:
        raise UsageError("build_extension needs the folder that it writes to", hint="add `out=...`")
    return compile_extension(_request("build", project, environ, options), _reporter(on_event))


def build_archives(request: Request, reporter: Reporter) -> tuple[BuiltArchive, ...]:
    """Build the archives of a request and return them; `cratewheel build` and `build` call this."""
    if request.flags.get("sdist_first") or request.flags.get("sdist"):
        from cratewheel.commands import sdist_check

        return sdist_check.build_from_sdist(request, reporter)
    from cratewheel.builder.run import run

    sessions = _plan_builds(request, reporter)
    for session in sessions:
        if session.inputs.options.explain:
            from cratewheel.planning.explain import explain

            reporter.explain(explain(session.plan, reasons=True))
    return run(sessions)


def compile_extension(request: Request, reporter: Reporter, *, targets: Targets = "all") -> Extension:
    """Compile the files of the one wheel of a request into its folder `out`; `build_extension` and plugins call this.

    Raises `UsageError` if the request is for several wheels.
    """
    from cratewheel.builder.extension import build_extension as build_files

    request = replace(request, overrides={**request.overrides, "sdist": False})
    sessions = _plan_builds(request, reporter, targets=targets)
    wheels = [(session, wheel) for session in sessions for wheel in session.plan.wheels]
    if len(wheels) != 1:
        raise UsageError(
            f"the files of one wheel are compiled at a time, and {len(wheels)} would be",
            hint="choose one interpreter and one target",
        )
    ((session, wheel),) = wheels
    return build_files(session, wheel, session.plan.out)


def list_crate_files(request: Request, reporter: Reporter) -> tuple[CrateFile, ...]:
    """Return the files of the crates and hooks that a source distribution needs which another build backend packs.

    Runs the hooks of a source distribution. Raises `UnsupportedError` for a file outside of the project's folder.
    """
    from cratewheel.builder.sdist import crates_for_others
    from cratewheel.project.inputs import gather_sdist

    inputs = gather_sdist(request, reporter)
    return crates_for_others(inputs, environ=request.environ, reporter=reporter)


def decide_plans(request: Request, reporter: Reporter) -> tuple[BuildPlan, ...]:
    """Return the plans that `build_archives` would carry out."""
    return tuple(session.plan for session in _plan_builds(request, reporter))


def upload_files(
    request: Request, reporter: Reporter, files: Iterable[str | os.PathLike[str]], *, terminal: bool = False
) -> tuple[Outcome, ...]:
    """Check and upload archives; `terminal` says that a user can be prompted."""
    from cratewheel.commands.publish import distribution, upload
    from cratewheel.commands.publish.prepare import prepare

    job = prepare(request, reporter, terminal=terminal)
    return upload.upload(job, distribution.find_files([os.fspath(file) for file in files], request.cwd))


def publish_archives(request: Request, reporter: Reporter, *, terminal: bool = False) -> tuple[Outcome, ...]:
    """Build the archives of a request for release, and upload them; `cratewheel publish` and `publish` call this."""
    from cratewheel.commands import sdist_check
    from cratewheel.commands.publish import upload
    from cratewheel.commands.publish.prepare import building, prepare

    job = upload.with_credentials(prepare(request, reporter, terminal=terminal))
    inside = building(request, job)
    with_sdist = request.flags.get("sdist", True)
    archives = sdist_check.build_from_sdist(inside, reporter) if with_sdist else build_archives(inside, reporter)
    return upload.upload(job, [archive.path for archive in archives])


def build_sdist_archive(request: Request, reporter: Reporter) -> BuiltArchive:
    """Write the source distribution; with `check`, compare a wheel built from it with one built from the source tree.

    Raises `CratewheelError` that names the differences.
    """
    from cratewheel.builder.sdist import build_sdist as write_sdist
    from cratewheel.project.inputs import gather_sdist

    inputs = gather_sdist(request, reporter)
    out = inputs.options.out or inputs.cargo.target_directory / "wheels"
    archive = write_sdist(inputs, out, environ=request.environ, reporter=reporter).archive
    if inputs.options.check:
        from cratewheel.commands import sdist_check

        sdist_check.check(archive.path, request, reporter)
    return archive


def install_editable(
    request: Request,
    reporter: Reporter,
    *,
    python: str | None,
    dependencies: DependencyOptions,
    skip_install: bool = False,
) -> Path | None:
    """Build for an environment and install into it; with `skip_install`, only copy the module into the project."""
    from cratewheel.commands import develop as editable
    from cratewheel.interpreter.environment import find_python, read_environment

    begun = time.monotonic()
    environment = read_environment(find_python(python, environ=request.environ, cwd=request.cwd), request.environ)
    overrides = {**INSTALL_OVERRIDES, "interpreter": (str(environment.paths.python),)}
    if skip_install:
        overrides["editable_mode"] = "inplace"
    session = _installable(replace(request, editable=True, overrides=overrides), reporter)
    editable.check_target(session)
    if skip_install:
        editable.compile_in_place(session, begun)
        return None
    needed = editable.requirements(session.inputs.project, session.inputs.metadata, environment, dependencies)
    missing = editable.missing_requirements(needed, environment)
    editable.install_requirements(missing, environment, dependencies, environ=request.environ, reporter=reporter)
    return editable.install(session, environment, begun)


def rebuild_editable(request: Request, reporter: Reporter, *, into: Path, python: str | None) -> None:
    """Rebuild the compiled files of an editable install, whose finder is in the folder `into`."""
    from cratewheel.commands import develop as editable

    overrides = {**INSTALL_OVERRIDES, **WITH_RUST, "interpreter": (python,) if python else (), "pgo": False}
    editable.replace_compiled(_installable(replace(request, editable=True, overrides=overrides), reporter), into)


def configure_editor(request: Request, reporter: Reporter, *, python: str | None, remove: bool) -> None:
    """Write the variables of cratewheel's builds to the project's cargo configuration, or remove them with `remove`."""
    from cratewheel.builder.compile import shared_config
    from cratewheel.cargo.config import EDITOR_VARIABLES
    from cratewheel.commands import ide
    from cratewheel.interpreter.environment import find_python

    if remove:
        ide.remove(read_project(request), reporter)
        return
    executable = find_python(python, environ=request.environ, cwd=request.cwd)
    overrides = {**INSTALL_OVERRIDES, **WITH_RUST, "interpreter": (str(executable),), "pgo": False}
    session = _installable(replace(request, overrides=overrides), reporter)
    (wheel,) = session.plan.wheels
    artifact = next((one for one in wheel.artifacts if one.bindings.per_interpreter), wheel.artifacts[0])
    found = artifact.builds[0].env
    variables = {name: value for name, value in found if name in EDITOR_VARIABLES and value is not None}
    if artifact.config is not None:
        variables["PYO3_CONFIG_FILE"] = str(shared_config(session, artifact.config))
    path = ide.write_variables(session.inputs.project, variables)
    reporter.step("Wrote", f"{path}, for {wheel.interpreter.display if wheel.interpreter else 'every Python'}")


def list_archive_files(request: Request, reporter: Reporter, *, sdist: bool, wheel: bool) -> dict[str, list[str]]:
    """Return the paths in the source distribution and in the first wheel, by kind; nothing is compiled."""
    from cratewheel.builder.crate_licences import licence_texts
    from cratewheel.builder.sdist import sdist_content
    from cratewheel.commands import list_files
    from cratewheel.contents.git_tracked import DanglingLinks
    from cratewheel.project.inputs import gather_sdist
    from cratewheel.system.git import tracked_but_ignored

    archives: dict[str, list[str]] = {}
    if sdist:
        content = sdist_content(gather_sdist(request, reporter), environ=request.environ, reporter=reporter)
        archives["sdist"] = [entry.path for entry in content.layout]
        for part in content.unmade:
            reporter.warn(f"not there yet: {part}")
    if wheel:
        plain = replace(request, overrides={**request.overrides, "pgo": False})
        (session,) = _plan_builds(plain, reporter, targets="first", only_first=True)
        skips = DanglingLinks(request.environ, reporter).skips
        made = (path for state in session.inputs.hooks for path in state.files.outputs)
        root = session.inputs.project.root
        tracked = (*tracked_but_ignored(root, request.environ), *(str(root / path) for path in made))
        for one in session.plan.wheels:
            inputs, environ = session.inputs, request.environ
            texts = licence_texts(inputs, one, environ)
            entries, unknown = list_files.list_wheel(
                inputs, session.plan, one, skips=skips, tracked=tracked, crate_licences=texts, environ=environ
            )
            for part in unknown:
                reporter.warn(f"not known before compiling: {part}")
            archives["wheel"] = [entry.path for entry in entries]
    return archives


def write_stubs(request: Request, reporter: Reporter, *, out: Path, check: bool = False) -> tuple[Path, ...]:
    """Compile the module, write its type stubs to the folder `out` and return their paths.

    Stubs in `out` that cratewheel did not generate stay, with a warning. With `check`, nothing is written. Raises
    `ConfigError` if the existing files differ, for bindings other than pyo3's, and for a module without a description.
    """
    from cratewheel.builder.stubs import check_stubs_supported
    from cratewheel.commands import generate_stubs

    plain = replace(request, overrides={**INSTALL_OVERRIDES, **WITH_RUST, "pgo": False})
    (session,) = _plan_builds(plain, reporter, targets="first", only_first=True)
    check_stubs_supported(session.inputs)
    entries = generate_stubs.stub_entries(session, None if check else out)
    if check:
        generate_stubs.check_stubs(entries, out)
        reporter.step("Checked", f"the stubs in {out} match the compiled module")
        return ()
    stale = generate_stubs.find_stale(entries, out)
    written = generate_stubs.write(entries, out)
    for path in stale:
        path.unlink(missing_ok=True)
        reporter.step("Removed", f"{path}, generated from an earlier form of the module")
    reporter.step("Wrote", ", ".join(map(str, written)) or "nothing")
    return written


def write_extensions(request: Request, reporter: Reporter, *, out: Path) -> tuple[Path, ...]:
    """Compile the project for each interpreter, write the files to the folder `out` and return their paths.

    They are what a wheel would have, but for the project's own files and metadata.
    """
    from cratewheel.builder.extension import build_extensions

    of_folder = {**request.overrides, **WITH_RUST, "sdist": False, "out": out}
    return build_extensions(_plan_builds(replace(request, overrides=of_folder), reporter), out)


def _plan_builds(
    request: Request, reporter: Reporter, *, targets: Targets = "all", only_first: bool = False
) -> tuple[Session, ...]:
    from cratewheel.builder.prepare import plan_builds  # imports all of a build

    return plan_builds(request, reporter, targets=targets, only_first=only_first)


def _installable(request: Request, reporter: Reporter) -> Session:
    (session,) = _plan_builds(request, reporter, targets="installable")
    return session


def _request(
    command: str, project: str | os.PathLike[str], environ: Mapping[str, str] | None, options: Mapping[str, Any]
) -> Request:
    """Return the request of a call, as if it ran in the project's folder."""
    from cratewheel.options.keywords import as_flags

    path = Path(os.path.abspath(project))  # noqa: PTH100  # does not resolve links
    manifest = None if path.is_dir() else path
    flags = as_flags(command, options, cwd=Path.cwd())
    return Request(
        flags=flags if manifest is None else {**flags, "manifest_path": manifest},
        environ=dict(os.environ) if environ is None else environ,
        cwd=path if manifest is None else path.parent,
    )


def _reporter(on_event: OnEvent | None, warnings: list[str] | None = None) -> CallbackReporter:
    def forward(event: Event) -> None:
        if warnings is not None and isinstance(event, WarningEvent):
            warnings.append(event.text)
        if on_event is not None:
            on_event(event)

    return CallbackReporter(on_event=forward)
