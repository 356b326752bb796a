"""The facts of a wheel of the Python part alone: no program of Rust is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from cratewheel.bindings.detect import Bindings
from cratewheel.cargo import config as cargo_config
from cratewheel.cargo.command import config_values
from cratewheel.cargo.model import CargoMetadata
from cratewheel.cargo.query import Rustc
from cratewheel.errors import ConfigError
from cratewheel.events import Reporter
from cratewheel.interpreter.model import EVERY
from cratewheel.options.model import Options
from cratewheel.options.values import ArtifactSettings, Licenses
from cratewheel.project.artifacts import project_modules
from cratewheel.project.hooks import STATE, hook_place, read_state
from cratewheel.project.inputs import Inputs
from cratewheel.project.metadata.providers import BuildState
from cratewheel.project.python_layout import ModuleLayout, read_modules
from cratewheel.project.read import Project, read_metadata
from cratewheel.project.request import Request
from cratewheel.system.files.json_cache import JsonCache
from cratewheel.targets.triples import ANY


def has_python_part(modules: ModuleLayout) -> bool:
    """Return whether a project has Python packages."""
    return modules.package_dir is not None or bool(modules.python_packages)


def read_python_part(options: Options, project: Project) -> ModuleLayout:
    """Return the layout of the Python files, as far as the project's files tell; raises as `read_modules` does."""
    if options.artifacts:
        return project_modules(options, project, _module_names(options.artifacts, project))
    return read_modules(project, options, binary=_is_program(options, project))


def check_python_part(options: Options, project: Project, modules: ModuleLayout) -> None:
    """Raise `ConfigError` for a project that wants a wheel of its Python part, and has none."""
    if has_python_part(modules) or options.hooks:  # a hook may make the package
        return
    name = "pure" if options.pure else "optional" if options.optional.when else "artifacts"
    raise ConfigError(
        f"{options.origins[name]} needs a Python part, and the project has none: there is no package "
        f"{modules.module_name.partition('.')[0]} in {modules.python_source}",
        hint="add the package, name others with `python-packages`, or set `python-source`, in "
        f"{project.settings_table} of {project.root / 'pyproject.toml'}",
    )


def pure_inputs(request: Request, options: Options, project: Project, reporter: Reporter) -> Inputs:
    """Return the inputs of a wheel of the Python part, without Rust; raises `ConfigError` where the files are wrong."""
    cargo = _unread_cargo(options, project, request.environ)
    state: BuildState = "editable" if request.editable else "wheel"
    return Inputs(
        options=pure_options(options),
        project=project,
        metadata=request.metadata or read_metadata(project, reporter, environ=request.environ, build_state=state),
        modules=read_python_part(options, project),
        cargo=cargo,
        bindings=Bindings(kind="bin" if _is_program(options, project) else "library", supported=EVERY),
        rustc=Rustc(version=(0, 0, 0), host=ANY.triple),
        target=ANY,
        cargo_target=None,
        interpreters=(),
        hooks=tuple(
            read_state(
                hook,
                hook_place(project, options, cargo.target_directory),
                JsonCache(cargo.target_directory / STATE, reporter.warn),
            )
            for hook in options.hooks
        ),
        pure=True,
    )


def without_rust(inputs: Inputs) -> Inputs:
    """Return the inputs as those of a wheel of the Python part, where Rust has been asked already."""
    return replace(inputs, options=pure_options(inputs.options), target=ANY, parts=(), interpreters=(), pure=True)


def pure_options(options: Options) -> Options:
    """Return the options without what is about compiled files."""
    return replace(
        options,
        include=tuple(include for include in options.include if not include.from_out_dir),
        generate_stubs=False,
        include_debuginfo=False,
        licenses=Licenses(),
        editable_rebuild=False,
    )


def left_out(options: Options, project: Project, modules: ModuleLayout) -> str:
    """Return what a wheel of the Python part does not have, in a few words."""
    if options.artifacts:
        names = [_describe(one, project) for one in options.artifacts]
    elif _is_program(options, project):
        names = [f"the programs of {project.manifest.name}"]
    else:
        names = [f"the module {modules.module_name}"]
    files = [
        f"what build scripts make for '{one.path}'"
        for one in options.include
        if one.from_out_dir and "wheel" in one.formats
    ]
    return ", ".join((*names, *files))


def _describe(one: ArtifactSettings, project: Project) -> str:
    if one.module is not None:
        return f"the module {one.module}"
    what = "the program" if one.kind == "bin" else "the library" if one.path else "the artifact"
    name = one.target or one.crate or project.manifest.name
    return f"{what} {name}" + (f" in {one.path}" if one.path else "")


def _module_names(artifacts: tuple[ArtifactSettings, ...], project: Project) -> tuple[str, ...]:
    """Return the names of the modules that the tables of artifacts name, or that their crates are called."""
    imported = (one for one in artifacts if one.path is None and one.kind not in ("bin", "library"))
    names = (one.module or one.target or one.crate or project.manifest.name for one in imported)
    return tuple(name.replace("-", "_") for name in names)


def _is_program(options: Options, project: Project) -> bool:
    """Return whether the crate has programs for the wheel and no module, by its manifest."""
    if options.bindings is not None:
        return options.bindings == "bin"
    return "cdylib" not in project.manifest.lib.get("crate-type", ())


def _unread_cargo(options: Options, project: Project, environ: Mapping[str, str]) -> CargoMetadata:
    """Return an answer of cargo that names no crate, with the target directory that its configuration says."""
    root = project.manifest.workspace_root
    flags = config_values(options.config, options.cargo_extra_args)
    found = cargo_config.setting("build.target-dir", flags, environ, project.cwd)
    configured = environ.get("CARGO_TARGET_DIR") or (found.value if found is not None else None)
    folder = project.cwd / Path(str(configured)) if configured else root / "target"
    return CargoMetadata(
        packages={},
        nodes={},
        root=None,
        workspace_root=root,
        workspace_members=(),
        target_directory=options.target_dir or folder,
    )
