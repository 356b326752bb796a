"""Builds one wheel: compile, audit, repair, pack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from cratewheel.builder.assembly import WheelContent, assemble, pack
from cratewheel.builder.compile import compile_wheel
from cratewheel.builder.sboms import SbomFiles, crates_sbom
from cratewheel.builder.session import Session
from cratewheel.cargo.command import profile_name
from cratewheel.cargo.run import Artifact
from cratewheel.errors import CompileError
from cratewheel.events import BuiltArchive
from cratewheel.options.optional import is_optional
from cratewheel.planning.model import WheelPlan
from cratewheel.system.files.copying import remove_tree
from cratewheel.system.files.temporary import temporary_name
from cratewheel.system.tasks import task_group


def build_wheel(session: Session, wheel: WheelPlan) -> BuiltArchive:
    """Compile, audit and pack one wheel."""
    with assemble_wheel(session, wheel) as content:
        if content.in_project:
            from cratewheel.builder.in_place import write_in_project

            write_in_project(session, content.in_project)
        return pack(session, wheel, content)


@contextmanager
def assemble_wheel(session: Session, wheel: WheelPlan) -> Iterator[WheelContent]:
    """Compile and audit one wheel, and yield its contents; the compiled files exist during the block.

    A wheel that is optimised with a profile is compiled twice. Nothing is written to the project: for an editable
    install, `write_in_project` does that.
    """
    if wheel.profiling is None:
        with _compiled_once(session, wheel) as content:
            yield content
    else:
        with _compiled_with_profile(session, wheel) as content:
            yield content


@contextmanager
def _compiled_with_profile(session: Session, wheel: WheelPlan) -> Iterator[WheelContent]:
    from cratewheel.builder import pgo
    from cratewheel.planning.pgo import instrumented

    with pgo.lock_profiles(session):
        pgo.report_phase(session, 1, "compiling an instrumented wheel")
        with _compiled_once(pgo.training_session(session), instrumented(wheel)) as content:
            pgo.make_profile(session, wheel, content)
        pgo.report_phase(session, 3, "compiling with the profile")
        with _compiled_once(session, wheel) as content:
            yield content


def report_building(session: Session, wheels: Sequence[WheelPlan]) -> None:
    """Say in one line what is compiled for which Pythons, and with which profile."""
    displays = dict.fromkeys(wheel.interpreter.display for wheel in wheels if wheel.interpreter is not None)
    builds = [build for wheel in wheels for build in wheel.builds]
    python = f" for {join_displays(tuple(displays))}" if displays else ""
    profile = f", profile {profile_name(builds[0].options)}" if builds else ""
    session.reporter.step("Building", f"{session.plan.name} {session.plan.version}{python}{profile}")


def join_displays(displays: Sequence[str]) -> str:
    """Return names of interpreters with the implementation once.

    >>> join_displays(["CPython 3.12", "CPython 3.13t", "PyPy 3.10"])
    'CPython 3.12, 3.13t, PyPy 3.10'
    """
    words = [display.partition(" ") for display in displays]
    before = ["", *(word[0] for word in words)]
    return ", ".join(
        word[2] if word[0] == last and word[2] else "".join(word) for word, last in zip(words, before, strict=False)
    )


@contextmanager
def _compiled_once(session: Session, wheel: WheelPlan) -> Iterator[WheelContent]:
    with compiled_to_pack(session, wheel) as (session, wheel, artifacts, stage, crates):
        if wheel.is_pure:
            yield _pure_content(session)
            return
        yield assemble(session, wheel, artifacts, stage, crates=crates)


@contextmanager
def compiled_to_pack(
    session: Session, wheel: WheelPlan
) -> Iterator[tuple[Session, WheelPlan, list[Artifact], Path, SbomFiles]]:
    """Compile one wheel, run its hooks, and yield what `assemble` takes; the files exist during the block.

    The yielded wheel has no compiled files if that is asked for, or allowed where Rust fails.
    """
    if not session.reporter.label:  # several are named together
        report_building(session, [wheel])
    session = run_hooks(session, wheel)
    if wheel.is_pure:
        _run_hooks_before_packing(session, wheel, [])
        yield session, wheel, [], session.scratch, ()
        return
    with _staging_folder(session.scratch) as stage:
        try:
            with task_group() as group:
                crates = group.start(partial(crates_sbom, session))
                found = _compile_what_can_be(session, wheel, stage)
        except CompileError as error:
            if not is_optional(session.inputs.options):
                raise
            from cratewheel.builder.pure import pure_session

            session = pure_session(session, error)
            (wheel,) = session.plan.wheels
            found = session, wheel, []
        session, wheel, artifacts = found
        session.reporter.phase("packing")
        _run_hooks_before_packing(session, wheel, artifacts)
        yield session, wheel, artifacts, stage, () if wheel.is_pure else crates.result()


def _run_hooks_before_packing(session: Session, wheel: WheelPlan, artifacts: list[Artifact]) -> None:
    if session.inputs.options.hooks:
        from cratewheel.builder.hooks import before_packing

        before_packing(session, wheel, artifacts)


def _compile_what_can_be(session: Session, wheel: WheelPlan, stage: Path) -> tuple[Session, WheelPlan, list[Artifact]]:
    """Return what was compiled of a wheel, and the wheel without the optional artifacts that could not be."""
    if not is_optional(session.inputs.options):
        return session, wheel, [one for one in compile_wheel(session, wheel, stage) if one is not None]
    from cratewheel.builder import pure
    from cratewheel.project.pure import without_rust

    made = compile_wheel(session, wheel, stage, leave_out=partial(pure.leave_out, session))
    if any(one is not None for one in made):
        return pure.without_failed(session, wheel, made)
    rest = pure.planned_session(without_rust(session.inputs), why="no artifact could be compiled", session=session)
    return rest, rest.plan.wheels[0], []


def _pure_content(session: Session) -> WheelContent:
    from cratewheel.builder import pure

    pure.report_left_out(session)
    return pure.assemble_pure(session)


@contextmanager
def compiled_files(session: Session, wheel: WheelPlan) -> Iterator[list[Artifact]]:
    """Compile one wheel and yield its compiled files, which exist during the block."""
    session = run_hooks(session, wheel)
    with _staging_folder(session.scratch) as stage:
        yield [one for one in compile_wheel(session, wheel, stage) if one is not None]


def run_hooks(session: Session, wheel: WheelPlan) -> Session:
    """Run the hooks before compiling, and return the session with what they changed."""
    if not session.inputs.options.hooks:
        return session
    from cratewheel.builder.hooks import before_compiling

    return before_compiling(session, wheel)


@contextmanager
def _staging_folder(scratch: Path) -> Iterator[Path]:
    """Yield a temporary folder."""
    path = scratch / temporary_name("stage")
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        remove_tree(path)
