"""Checks before compiling, so that a build that cannot succeed fails at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cratewheel.archive import entry_points
from cratewheel.archive.layout import Entry, FromFile, check_installable, describe_source
from cratewheel.bindings.detect import EXTENSION_KINDS
from cratewheel.builder.crate_licences import check_licences
from cratewheel.builder.declarations import prepare_cbindgen
from cratewheel.builder.sboms import included_sboms
from cratewheel.builder.session import Session, wheel_compression
from cratewheel.cargo.command import config_values, is_cross
from cratewheel.contents import wheel as wheel_contents
from cratewheel.contents.build_outputs import build_folders
from cratewheel.contents.git_tracked import DanglingLinks
from cratewheel.errors import ConfigError, MissingToolError
from cratewheel.options.optional import is_optional
from cratewheel.planning.model import BuildPlan
from cratewheel.project.inputs import Inputs
from cratewheel.system import toml
from cratewheel.system.files.globs import check_glob
from cratewheel.targets import toolchain
from cratewheel.targets.toolchain import Toolchain
from cratewheel.targets.wheel_tags import data_dir_name, dist_info_name

PACKAGE_FILE = "__init__.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preconditions:
    """What is there before compiling: tools for foreign targets, and files that need no compiler.

    `included` are the files that `include` names and `exclude` leaves, `data` those of the data folder; `out_is_file`
    says that the archives' folder is none. `prebuilt` are the prebuilt files that exist. `rivals` are Python files with
    the dotted name of an extension module, by that name.
    """

    tools: tuple[Toolchain, ...] = ()
    included: tuple[Entry, ...] = ()
    data: tuple[Entry, ...] = ()
    out_is_file: bool = False
    prebuilt: frozenset[Path] = frozenset()
    rivals: tuple[tuple[str, Entry], ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is said of Python modules that the loader never reaches."""
        return tuple(
            f"{entry.path} is in the wheel, but is not imported: the compiled module {module} is found first"
            for module, entry in self.rivals
            if not _is_package(entry)
        )


def check_before_compiling(session: Session) -> Session:
    """Return the session, or that of a wheel without Rust where the target has no tools and the project allows it.

    Raises errors that would otherwise be raised after compiling.
    """
    try:
        _check(session)
    except MissingToolError as error:
        if not is_optional(session.inputs.options):
            raise
        from cratewheel.builder.pure import pure_session

        session = pure_session(session, error)
        _check(session)
    return session


def _check(session: Session) -> None:
    _check_names(session)
    found = ask_preconditions(session)
    refuse_impossible(session.inputs, session.plan, found)
    for warning in found.warnings:
        session.reporter.warn(warning)
    included_sboms(session)
    if any(wheel.profiling is not None for wheel in session.plan.wheels):
        from cratewheel.builder.pgo import find_profdata

        find_profdata(session.inputs.rustc, session.environ, session.cwd)
    for warning in check_licences(session.inputs, session.plan.wheels, session.environ):
        session.reporter.warn(warning)
    prepare_cbindgen(session)


def _check_names(session: Session) -> None:
    """Raise `MissingToolError` if zig is asked for and missing, `ConfigError` for a profile that is not defined."""
    options = session.inputs.options
    if not any(wheel.builds for wheel in session.plan.wheels):
        return
    if options.zig and not is_cross(session.cargo_program):
        from cratewheel.targets import zig

        zig.find(session.environ)
    manifest = session.inputs.cargo.workspace_root / "Cargo.toml"
    if options.profile and manifest.is_file():
        from cratewheel.cargo import profiles

        flags = config_values(options.config, options.cargo_extra_args)
        profiles.check_defined(options.profile, toml.load_file(manifest), flags, session.environ, session.cwd)


def ask_preconditions(session: Session) -> Preconditions:
    """Return what the machine has for the targets, by asking rustc, and the project's files that need no compiler.

    Raises `ConfigError` for files that cannot be packed.
    """
    inputs, plan = session.inputs, session.plan
    root, roots, options = inputs.project.root, inputs.project.roots, inputs.options
    skips = DanglingLinks(session.environ, session.reporter).skips
    here = tuple(include for include in options.include if not include.from_out_dir)
    included, _ = wheel_contents.include_entries(
        root,
        inputs.modules,
        here,
        roots=roots,
        skips=skips,
        out_dirs={},
        root_crate="",
        built=build_folders(inputs.cargo, options, session.cwd, session.environ),
    )
    data_dir = data_dir_name(plan.name, plan.version)
    return Preconditions(
        tools=_ask_for_tools(session),
        included=tuple(wheel_contents.apply_excludes(included, root, options.exclude, "wheel")),
        data=tuple(wheel_contents.data_entries(inputs.modules, data_dir, roots=roots, skips=skips)),
        out_is_file=plan.out.exists() and not plan.out.is_dir(),
        prebuilt=frozenset(
            artifact.prebuilt
            for wheel in plan.wheels
            for artifact in wheel.artifacts
            if artifact.prebuilt is not None and artifact.prebuilt.is_file()
        ),
        rivals=_find_rivals(inputs),
    )


def _find_rivals(inputs: Inputs) -> tuple[tuple[str, Entry], ...]:
    found: list[tuple[str, Entry]] = []
    for _, one in inputs.artifacts:
        modules, place = one.modules, one.modules.extension_dir / one.modules.extension_name
        if one.bindings.kind not in EXTENSION_KINDS or not modules.mixed:
            continue
        optional = is_optional(inputs.options) or (one.part is not None and one.part.settings.optional)
        names = [
            f"{place}/{PACKAGE_FILE}",
            *([] if optional else [f"{place}.py"]),
        ]  # that may stand for what is left out
        entries = [
            Entry(path=name, source=FromFile(path=str(modules.python_source / name)), why="Python package")
            for name in names
            if (modules.python_source / name).is_file()
        ]
        kept = wheel_contents.apply_excludes(entries, inputs.project.root, inputs.options.exclude, "wheel")
        found += [(modules.module_name, entry) for entry in kept]
    return tuple(found)


def _is_package(entry: Entry) -> bool:
    return entry.name == PACKAGE_FILE


def refuse_impossible(inputs: Inputs, plan: BuildPlan, found: Preconditions) -> None:
    """Raise the error of a build that would fail, whatever the compiler makes."""
    for tools in found.tools:
        toolchain.check(tools)
    options = inputs.options
    for artifact in (artifact for wheel in plan.wheels for artifact in wheel.artifacts):
        if artifact.prebuilt is not None and artifact.prebuilt not in found.prebuilt:
            raise ConfigError(
                f"the prebuilt file {artifact.prebuilt} of {artifact.name} does not exist",
                hint="compile it first, or correct the path: a table's is relative to the project, a flag's to this "
                "folder",
            )
    _refuse_hidden(found)
    wheel_compression(options)
    if plan.target.os == "wasi" and inputs.metadata.entry_points:
        raise ConfigError(
            "the project has entry points, and in a wheel for WASI these are taken by what starts its programs",
            hint="remove [project.scripts] and [project.entry-points] for this target",
        )
    for include in options.include:
        check_glob(include.path)
    check_installable((*found.included, *found.data), dist_info_name(plan.name, plan.version))
    _refuse_doubles(inputs, plan, found.data)
    if options.editable:
        from cratewheel.contents import editable

        editable.check(inputs.modules, rebuild=options.editable_rebuild)
    if options.generate_stubs:
        from cratewheel.builder.stubs import check_stubs_supported

        check_stubs_supported(inputs)
    if found.out_is_file:
        raise ConfigError(f"{plan.out} is not a folder", hint="choose another one with `--out`")


def _refuse_hidden(found: Preconditions) -> None:
    """Raise `ConfigError` for a compiled module beside a package of its name, which Python finds first."""
    for module, entry in found.rivals:
        if _is_package(entry):
            raise ConfigError(
                f"the compiled module {module} could not be imported: Python finds the package of that name first, "
                f"{describe_source(entry)}",
                hint=f"give it a name inside of the package, such as {module}._native, or rename the package",
            )


def _refuse_doubles(inputs: Inputs, plan: BuildPlan, data: tuple[Entry, ...]) -> None:
    """Raise `ConfigError` for two files that installers would put at one place among an environment's programs."""
    scripts = [
        (entry.name, f"the script {describe_source(entry)}") for entry in data if entry.parts[1:-1] == ["scripts"]
    ]
    programs = sorted({command.name for wheel in plan.wheels for command in wheel.commands})
    names = [(name, f"the program {name!r}") for name in programs]
    names += [(name, f"the entry point {name!r}") for name in inputs.metadata.scripts]
    entry_points.check_unique([*names, *scripts])


def _ask_for_tools(session: Session) -> tuple[Toolchain, ...]:
    """Return what there is on this machine to compile for each foreign target; cross brings all that it needs."""
    if session.plan.wheels and not any(wheel.builds for wheel in session.plan.wheels):
        return ()
    if is_cross(session.cargo_program):
        return ()
    options, host = session.inputs.options, session.inputs.rustc.host
    build_std = any("build-std" in flag for flag in (*options.unstable_flags, *options.cargo_extra_args))
    return tuple(
        toolchain.examine(
            slice_,
            host=host,
            environ=session.environ,
            cwd=session.cwd,
            config=config_values(options.config, options.cargo_extra_args),
            zig=options.zig,
            build_std=build_std,
            xwin=options.use_xwin,
        )
        for slice_ in session.plan.target.slices
        if slice_.triple != host or options.use_xwin
    )
