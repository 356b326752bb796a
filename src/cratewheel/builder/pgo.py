"""Makes the profile of a wheel: installs an instrumented wheel, runs the project's command, and merges what it counted.

What is compiled and run is decided in `planning.pgo`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cratewheel.archive import install as installer
from cratewheel.builder.session import Session
from cratewheel.cargo.query import Rustc, read_sysroot
from cratewheel.errors import ProcessError
from cratewheel.interpreter.environment import Environment, find_python, read_environment
from cratewheel.planning import pgo
from cratewheel.planning.model import Profiling, WheelPlan
from cratewheel.system.command import Command, capture, stream, which
from cratewheel.system.files.copying import remove_tree
from cratewheel.system.files.lock import exclusive
from cratewheel.system.redaction import strip_userinfo

if TYPE_CHECKING:
    from cratewheel.builder.assembly import WheelContent

PHASES = 3


def find_profdata(rustc: Rustc, environ: Mapping[str, str], cwd: Path) -> Path:
    """Return the llvm-profdata that reads what this rustc writes: rustup's, else one on PATH.

    Raises `MissingToolError` where there is none of rustc's version of LLVM.
    """
    of_rustup = pgo.profdata_of_rustup(read_sysroot(environ, cwd), rustc)
    on_path = [which(name, environ) for name in pgo.profdata_names(rustc)]
    unfit: list[tuple[Path, int]] = []
    for program in (of_rustup if of_rustup.is_file() else None, *on_path):
        if program is None:
            continue
        version = _llvm_version(program, environ)
        if pgo.fits(version, rustc):
            return program
        assert version is not None, "an unknown version fits"
        unfit.append((program, version))
    raise pgo.no_profdata_error(rustc, unfit)


def _llvm_version(program: Path, environ: Mapping[str, str]) -> int | None:
    for words in (("--version",), ("merge", "--version")):  # those of LLVM 14 know the flag in subcommands only
        done = capture(Command(argv=(str(program), *words)), environ)
        if found := re.search(r"LLVM version (\d{1,9})", done.stdout):
            return int(found[1])
    return None


def training_session(session: Session) -> Session:
    """Return the session of the instrumented wheel: a whole wheel, even for an editable install."""
    options = replace(session.inputs.options, editable=False, generate_stubs=False, explain=False)
    return replace(session, inputs=replace(session.inputs, options=options))


@contextmanager
def lock_profiles(session: Session) -> Iterator[None]:
    """Hold the folder of profiles for the block: training runs share the project's folder, and run one at a time."""
    folder = session.target_dir / pgo.PGO_DIR
    with exclusive(folder / "lock", on_wait=lambda: session.reporter.step("Waiting", "for another profiled wheel")):
        yield


def report_phase(session: Session, phase: int, text: str) -> None:
    """Say which of the phases begins."""
    session.reporter.step("Profile", f"phase {phase} of {PHASES}: {text}")


def make_profile(session: Session, wheel: WheelPlan, content: WheelContent) -> None:
    """Run the project's command with the instrumented wheel `content` installed, and write the wheel's profile.

    Raises `ProcessError` when a program fails, or nothing was counted.
    """
    plan = wheel.profiling
    assert plan is not None
    report_phase(session, 2, f"running `{plan.command}`")
    remove_tree(plan.raw)
    try:
        environment = _make_environment(session, plan, content)
        _train(session, plan, environment)
        _merge(session, wheel, plan)
    finally:
        remove_tree(plan.environment)
        remove_tree(plan.raw)


def _make_environment(session: Session, plan: Profiling, content: WheelContent) -> Environment:
    """Return a new virtual environment with the wheel and what it needs."""
    remove_tree(plan.environment)
    plan.environment.parent.mkdir(parents=True, exist_ok=True)
    uv = which("uv", session.environ)
    _run(
        session,
        pgo.venv_command(plan, uv),
        "the virtual environment of the training run could not be made",
        hint="install uv, or the package of your distribution that has the module venv (python3-venv)",
    )
    python = find_python(None, environ={"VIRTUAL_ENV": str(plan.environment)}, cwd=plan.environment)
    environment = read_environment(python, session.environ)
    installer.install(
        content.layout, content.dist_info, environment.paths, extra={"INSTALLER": "cratewheel\n"}, replaced=None
    )
    requirements = pgo.needed(plan.requirements, environment.markers)
    if requirements:
        session.reporter.step("Installing", strip_userinfo(", ".join(requirements)))
        _run(
            session,
            pgo.install_command(requirements, python, uv),
            "what the training run needs could not be installed",
            hint="see what it says above; `pgo-dependency-group` names the group that is installed",
        )
    return environment


def _train(session: Session, plan: Profiling, environment: Environment) -> None:
    plan.raw.mkdir(parents=True, exist_ok=True)
    command = pgo.training_command(
        plan,
        python=environment.paths.python,
        scripts=environment.paths.scripts,
        path=session.environ.get("PATH", os.defpath),
        separator=os.pathsep,
        shell=_shell(plan),
        root=session.inputs.project.root,
    )
    session.reporter.detail(f"running {command}")
    lines: list[str] = []
    show = session.reporter.pass_output if session.reporter.shows_steps else lines.append
    with stream(command, session.environ, on_error_line=lambda line: show(f"{line}\n")) as output:
        for line in output:
            show(f"{line}\n")
        status = output.wait()
    if status:
        session.reporter.pass_output("".join(lines))
        raise ProcessError(
            f"`{plan.command}` failed (status {status}), so there is no profile",
            notes=(
                f"it ran in {session.inputs.project.root}, with {environment.paths.python} and the instrumented wheel",
            ),
            hint="fix what it says above, or choose another `pgo-command`",
        )
    if not any(path.stat().st_size for path in plan.raw.glob("*.profraw")):
        raise ProcessError(
            f"`{plan.command}` left no profile: no compiled code of the project ran",
            notes=(f"it would be in {plan.raw}, by LLVM_PROFILE_FILE",),
            hint="let it import the module of the environment that it runs in, and end normally: no profile is written "
            "by a process that is killed",
        )


def _shell(plan: Profiling) -> tuple[str, ...]:
    """Return the command line of the system's shell for the training command."""
    if os.name != "nt":
        return ("sh", "-c", plan.command)
    # cmd does not read quotes as Python writes them into a command line
    script = plan.raw.parent / "train.cmd"
    script.write_text(f"@echo off\r\n{plan.command}\r\n", encoding="utf-8", newline="")
    return ("cmd", "/D", "/C", str(script))


def _merge(session: Session, wheel: WheelPlan, plan: Profiling) -> None:
    """Write the profile; what was compiled with another one goes, as cargo does not look into it."""
    merged = plan.profile.with_name("new.profdata")
    done = _run(
        session,
        pgo.merge_command(plan, find_profdata(session.inputs.rustc, session.environ, session.cwd), merged),
        "the profile could not be merged",
        hint="see what llvm-profdata says above; its LLVM must be that of `rustc -vV`",
    )
    session.reporter.pass_output(done)
    same = plan.profile.is_file() and plan.profile.read_bytes() == merged.read_bytes()
    if not same and wheel.directory is not None:
        for slice_ in session.plan.target.slices:
            remove_tree(wheel.directory / slice_.triple)
    merged.replace(plan.profile)


def _run(session: Session, command: Command, failure: str, *, hint: str) -> str:
    """Run a program of the training run and return its stderr; raises `ProcessError` when it fails."""
    session.reporter.detail(f"running {command}")
    done = capture(command, session.environ, rolls_back=True)
    if done.status:
        session.reporter.pass_output(done.stderr or done.stdout)
        raise ProcessError(f"{failure} (status {done.status})", hint=hint)
    return done.stderr
