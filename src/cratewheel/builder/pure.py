"""Builds the wheel of a project's Python part alone: asked for, or because Rust cannot be compiled."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from cratewheel.archive.layout import Entry, wheel_layout
from cratewheel.builder.assembly import WheelContent, hook_outputs
from cratewheel.builder.sboms import included_sboms
from cratewheel.builder.session import Session
from cratewheel.builder.wheel_entries import Advice, read_project_files, wheel_files
from cratewheel.cargo.run import Artifact
from cratewheel.contents.dist_info import dist_info
from cratewheel.contents.git_tracked import DanglingLinks
from cratewheel.contents.unguarded_imports import unguarded_imports
from cratewheel.errors import BrokenRustError, ConfigError, CratewheelError
from cratewheel.events import Reporter
from cratewheel.planning.model import ArtifactPlan, WheelPlan
from cratewheel.planning.optional import falls_back, may_leave_out
from cratewheel.planning.pure import pure_plan
from cratewheel.project.artifacts import describe
from cratewheel.project.inputs import Inputs
from cratewheel.project.pure import left_out, without_rust
from cratewheel.system.git import tracked_but_ignored
from cratewheel.targets.wheel_tags import WheelTag

LIBRARIES = (".so", ".pyd", ".dll", ".dylib")
LITTLE = 16 << 20  # bytes: a disk with less is full
HINT = "--require-rust makes this an error"


def planned_session(inputs: Inputs, *, why: str, session: Session) -> Session:
    """Return the session of a wheel of the Python part, in place of another one."""
    plan = pure_plan(inputs, why=why)
    return replace(session, inputs=inputs, plan=replace(plan, out=session.plan.out, sdist=session.plan.sdist))


def pure_session(session: Session, error: CratewheelError) -> Session:
    """Return the session of the wheel that is built after `error`, with a warning; raises it if none may be.

    A full disk is no reason to build another wheel.
    """
    if not falls_back(session.inputs.options, error) or _is_full(session):
        raise error
    warn_of_fallback(session.plan.name, session.plan.version, error, session.reporter)
    return planned_session(without_rust(session.inputs), why=f"Rust failed: {error.message}", session=session)


def warn_of_fallback(name: str, version: str, error: CratewheelError, reporter: Reporter) -> None:
    """Warn that a wheel has no Rust, and why."""
    # a compiler's command is long, and its errors have been shown
    notes = "".join(f": {note}" for note in error.notes[:1]) if isinstance(error, BrokenRustError) else ""
    reporter.warn(
        f"{name} {version} is built without Rust, as a wheel of its Python part for every system (py3-none-any): "
        f"{error.message}{notes}",
        hint=f"{error.hint}; {HINT}" if error.hint else HINT,
    )


def _is_full(session: Session) -> bool:
    """Return whether the disk of the build or of temporary files is full."""
    for folder in (session.target_dir, Path(tempfile.gettempdir())):
        with suppress(OSError):
            if shutil.disk_usage(folder).free < LITTLE:
                return True
    return False


def leave_out(session: Session, artifact: ArtifactPlan, error: CratewheelError) -> bool:
    """Return whether the wheel is made without an artifact that failed, and warn of it then."""
    if not may_leave_out(session.inputs, artifact, error) or _is_full(session):
        return False
    assert artifact.part is not None
    session.reporter.warn(
        f"the wheel has no {describe(session.inputs.parts[artifact.part]).removeprefix('the ')}, which is optional: "
        f"{error.message}",
        hint=f"{error.hint}; {HINT}" if error.hint else HINT,
    )
    return True


def without_failed(
    session: Session, wheel: WheelPlan, artifacts: list[Artifact | None]
) -> tuple[Session, WheelPlan, list[Artifact]]:
    """Return a wheel with those artifacts alone that were compiled: None stands for the others."""
    made = [one for one in artifacts if one is not None]
    if len(made) == len(artifacts):
        return session, wheel, made
    planned = tuple(plan for plan, one in zip(wheel.artifacts, artifacts, strict=True) if one is not None)
    ran = {
        session.of(plan).inputs.cargo.packages[package].name
        for plan, one in zip(planned, made, strict=True)
        for package in one.out_dirs
    }
    options = session.inputs.options
    root = session.inputs.project.manifest.name
    kept = tuple(one for one in options.include if not one.from_out_dir or (one.crate or root) in ran)
    inputs = replace(session.inputs, options=replace(options, include=kept))
    return replace(session, inputs=inputs), replace(wheel, artifacts=planned), made


def assemble_pure(session: Session) -> WheelContent:
    """Return the contents of the wheel of the Python part.

    Raises `ConfigError` for a compiled file among its files, and for an invalid layout.
    """
    inputs, plan, reporter = session.inputs, session.plan, session.reporter
    (wheel,) = plan.wheels
    project = read_project_files(
        inputs,
        plan,
        inputs.options.include,
        skips=DanglingLinks(session.environ, reporter).skips,
        tracked=(*tracked_but_ignored(inputs.project.root, session.environ), *hook_outputs(session)),
        out_dirs={},
        environ=session.environ,
    )
    files = wheel_files(inputs, plan, wheel, project, ())
    _refuse_compiled(project.installed)
    of_imports = _leftover_warnings(inputs) or _import_warnings(inputs, project.installed)
    for warning in (*project.warnings, *files.warnings, *of_imports):
        reporter.warn(warning.text, hint=warning.hint)
    tag = WheelTag(python=("py3",), abi=("none",), platform=("any",))
    info = dist_info(inputs.metadata, tag, roots=inputs.project.roots, sboms=included_sboms(session))
    return WheelContent(
        tag=tag, layout=wheel_layout(files.entries, info.directory), dist_info=info, in_project=files.in_project
    )


def report_left_out(session: Session) -> None:
    """Report in one line what the wheel of the Python part does not have."""
    inputs = session.inputs
    session.reporter.step("Without", left_out(inputs.options, inputs.project, inputs.modules))


def _refuse_compiled(entries: Iterable[Entry]) -> None:
    compiled = [entry.path for entry in entries if entry.path.endswith(LIBRARIES) or ".so." in entry.path]
    if compiled:
        raise ConfigError(
            f"a wheel for every system (py3-none-any) cannot have {compiled[0]}, a compiled file",
            notes=tuple(f"nor {path}" for path in compiled[1:]),
            hint="leave it out with `exclude`, or remove it from the Python package",
        )


def _leftover_warnings(inputs: Inputs) -> tuple[Advice, ...]:
    """Return warnings of modules that earlier builds left in the project, which an editable install imports."""
    modules = inputs.modules
    if not inputs.options.editable or modules.package_dir is None:
        return ()
    names = (modules.extension_name, *modules.other_extensions)
    return tuple(
        Advice(text=f"{path} is from an earlier build, and Python imports it", hint="remove it for the Python part")
        for path in sorted(modules.package_dir.rglob("*"))
        if path.suffix in LIBRARIES and path.name.startswith(tuple(f"{name}." for name in names))
    )


def _import_warnings(inputs: Inputs, entries: Iterable[Entry]) -> tuple[Advice, ...]:
    modules = inputs.modules
    own = ".".join((*modules.package_parts, modules.extension_name))
    if modules.mixed and not modules.package_parts:
        own = f"{own}.{own}"  # it lies in the package of its name
    names = {own, *(one.module for one in inputs.options.artifacts if one.module is not None)}
    found = unguarded_imports(entries, names)
    if not found:
        return ()
    others = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return (
        Advice(
            text=f"{found[0]}{others} cannot be imported from this wheel: it imports the compiled module",
            hint="import it in a `try` with `except ImportError`, and use Python code instead",
        ),
    )
