"""What is found out before compiling: minutes are not spent on a wheel that cannot be."""

from __future__ import annotations

from cratewheel.archive import entry_points
from cratewheel.archive.layout import check_installable, describe_source
from cratewheel.builder.session import Session, wheel_compression
from cratewheel.cargo.command import config_values
from cratewheel.contents import editable
from cratewheel.contents import wheel as wheel_contents
from cratewheel.contents.git_tracked import DanglingLinks
from cratewheel.errors import ConfigError
from cratewheel.system.files.globs import check_glob
from cratewheel.targets import toolchain
from cratewheel.targets.wheel_tags import data_dir_name, dist_info_name


def check_before_compiling(session: Session) -> None:
    """Raise now what would be raised after the compiler has run: minutes are not spent on a wheel that cannot be."""
    out = session.plan.out
    _refuse_without_tools(session)
    wheel_compression(session.inputs.options)
    if session.plan.target.os == "wasi" and session.inputs.metadata.entry_points:
        raise ConfigError(
            "the project has entry points, and in a wheel for WASI these are taken by what starts its programs",
            hint="take [project.scripts] and [project.entry-points] out for this target",
        )
    _check_files(session)
    if session.inputs.options.editable:
        editable.check(session.inputs.modules)
    if out.exists() and not out.is_dir():
        raise ConfigError(f"{out} is not a folder", hint="choose another one with `--out`")


def _check_files(session: Session) -> None:
    """Raise `ConfigError` for files that no installer takes, or that would replace one of the environment."""
    project, options, plan = session.inputs.project, session.inputs.options, session.plan
    for include in options.include:
        check_glob(include.path)
    here = tuple(include for include in options.include if not include.from_out_dir)
    modules = session.inputs.modules
    skips = DanglingLinks(session.environ, session.reporter).skips
    entries, _ = wheel_contents.include_entries(
        project.root, modules, here, roots=project.roots, skips=skips, out_dirs={}, root_crate=""
    )
    kept = wheel_contents.apply_excludes(entries, project.root, options.exclude, "wheel")
    data_name = data_dir_name(plan.name, plan.version)
    data = wheel_contents.data_entries(modules, data_name, roots=project.roots, skips=skips)
    check_installable((*kept, *data), dist_info_name(plan.name, plan.version))
    scripts = [
        (entry.name, f"the script {describe_source(entry)}") for entry in data if entry.parts[1:-1] == ["scripts"]
    ]
    programs = sorted({build.binary for wheel in plan.wheels for build in wheel.builds if build.binary})
    names = [(name, f"the program {name!r}") for name in programs]
    names += [(name, f"the entry point {name!r}") for name in session.inputs.metadata.scripts]
    entry_points.check_unique([*names, *scripts])


def _refuse_without_tools(session: Session) -> None:
    """Raise `MissingToolError` when what a foreign target takes is not on this machine: nothing compiles without it."""
    options, host = session.inputs.options, session.inputs.rustc.host
    build_std = any("build-std" in flag for flag in (*options.unstable_flags, *options.cargo_extra_args))
    for slice_ in session.plan.target.slices:
        if slice_.triple != host:
            found = toolchain.examine(
                slice_,
                host=host,
                environ=session.environ,
                cwd=session.cwd,
                config=config_values(options.config, options.cargo_extra_args),
                zig=options.zig,
                build_std=build_std,
            )
            toolchain.check(found)
