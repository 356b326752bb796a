"""Runs the hooks of the project: those that the decision says, one at a time."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from cratewheel.builder.scheduling import OncePerCommand
from cratewheel.builder.session import Session
from cratewheel.cargo.run import Artifact
from cratewheel.errors import ConfigError, MissingToolError, ProcessError
from cratewheel.events import HookEvent, Reporter
from cratewheel.options.model import Options
from cratewheel.options.values import Hook, When
from cratewheel.planning.hooks import HookContext, decide_hook, hook_command, hooks_for, profile_name
from cratewheel.planning.model import WheelPlan
from cratewheel.project.hooks import (
    STATE,
    HookFiles,
    HookPlace,
    LastRun,
    check_module,
    fingerprint,
    hook_place,
    read_files,
    read_state,
    state_name,
)
from cratewheel.project.inputs import SdistInputs, with_modules_of_now, with_sdist_modules_of_now
from cratewheel.project.read import Project
from cratewheel.system import files
from cratewheel.system.command import run_lines
from cratewheel.system.files.json_cache import JsonCache
from cratewheel.system.files.lock import exclusive


def before_compiling(session: Session, wheel: WheelPlan) -> Session:
    """Run the hooks that make sources of a wheel, and return the session with the Python packages as they are then."""
    runner, context = _of_session(session)
    of_wheel = replace(context, python=wheel.interpreter.executable if wheel.interpreter else None)
    if not runner.run("before-compile", context, of_wheel, unit=_unit(wheel)):
        return session
    return replace(session, inputs=with_modules_of_now(session.inputs))


def before_packing(session: Session, wheel: WheelPlan, artifacts: Sequence[Artifact]) -> None:
    """Run the hooks that need a wheel's compiled files, which they may change."""
    runner, context = _of_session(session)
    compiled = tuple(artifact.path for artifact in artifacts)
    of_wheel = replace(
        context,
        python=wheel.interpreter.executable if wheel.interpreter else None,
        compiled=compiled,
        digest=" ".join(map(files.sha256, compiled)),
    )
    runner.run("before-pack", context, of_wheel, unit=f"{_unit(wheel)} {wheel.instrumented}")


def before_sdist(
    inputs: SdistInputs, out: Path, runs: OncePerCommand, *, environ: Mapping[str, str], reporter: Reporter
) -> SdistInputs:
    """Run the hooks that a source distribution needs, and return the inputs with the Python packages as they are then.

    `runs` are those of the wheels of the same command.
    """
    runner = _Runner(
        project=inputs.project,
        options=inputs.options,
        target_dir=inputs.options.target_dir or inputs.cargo.target_directory,
        environ=environ,
        reporter=reporter,
        runs=runs,
    )
    context = HookContext(out=out)
    if not runner.run("sdist", context, context, unit=None):
        return inputs
    return with_sdist_modules_of_now(inputs)


def _of_session(session: Session) -> tuple[_Runner, HookContext]:
    inputs, plan = session.inputs, session.plan
    runner = _Runner(
        project=inputs.project,
        options=inputs.options,
        target_dir=session.target_dir,
        environ=session.environ,
        reporter=session.reporter,
        runs=session.hook_runs,
    )
    profile = profile_name(inputs.options)
    return runner, HookContext(
        out=plan.out, editable=inputs.options.editable, profile=profile, target=plan.target.triple
    )


def _unit(wheel: WheelPlan) -> str:
    return f"{wheel.python_tag}-{wheel.abi_tag}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Runner:
    project: Project
    options: Options
    target_dir: Path
    environ: Mapping[str, str]
    reporter: Reporter
    runs: OncePerCommand

    def run(self, when: When, of_target: HookContext, of_wheel: HookContext, *, unit: str | None) -> bool:
        """Run the hooks of a moment that have to, and return whether one of this command has run.

        `unit` names the wheel; None stands for a source distribution, for which no hook runs that ran for a wheel.
        """
        hooks = hooks_for(self.options.hooks, when)
        place = hook_place(self.project, self.options, self.target_dir) if hooks else None
        for hook in hooks:
            assert place is not None
            context = of_wheel if hook.per == "wheel" else of_target
            key = fingerprint(hook)
            self.runs.first(
                key,
                "" if hook.per == "target" else unit,
                partial(self._run_locked, hook, context, place, for_sdist=unit is None),
            )
        return bool(hooks)

    def _run_locked(self, hook: Hook, context: HookContext, place: HookPlace, *, for_sdist: bool) -> None:
        folder = self.target_dir / STATE
        folder.mkdir(parents=True, exist_ok=True)
        waiting = partial(self.reporter.step, "Waiting", "for hooks of another cratewheel in this project")
        with exclusive(folder / "lock", on_wait=waiting):
            cache = JsonCache(folder, self.reporter.warn)
            state = read_state(hook, place, cache)
            decision = decide_hook(state, None if for_sdist else context.counted(), force=self.options.force_hooks)
            self.reporter.emit(HookEvent(hook=str(hook), when=hook.when, runs=decision.runs, why=decision.why))
            if not decision.runs:
                return
            (folder / state_name(hook, place.root)).unlink(missing_ok=True)  # a run that fails leaves nothing fresh
            made = self._run(hook, context, place, state.files, state.last)
            cache.write(state_name(hook, place.root), made.as_json())

    def _run(
        self, hook: Hook, context: HookContext, place: HookPlace, before: HookFiles, last: LastRun | None
    ) -> LastRun:
        guarded = _guarded(self.project)
        times = {path: _modified(place.root / path) for path in before.outputs}
        check_module(hook, place.root)
        self._start(hook, context, place)
        _check_guarded(hook, guarded)
        after = read_files(hook, place)
        if after.missing:
            raise ConfigError(
                f"the hook `{hook}` has made no file that matches '{after.missing[0]}' of its outputs",
                notes=tuple(f"the same for '{pattern}'" for pattern in after.missing[1:]),
                hint=f"correct `outputs`, which is relative to {place.root}, or the hook",
            )
        self._warn_left_behind(hook, place, before, after, last, times)
        for path, digest in after.outputs.items():
            if before.outputs.get(path) == digest:
                _set_modified(place.root / path, times[path])  # cargo compiles what has another time
        return LastRun(inputs=before.inputs, outputs=after.outputs, variables=context.counted())

    def _start(self, hook: Hook, context: HookContext, place: HookPlace) -> None:
        path = [os.path.abspath(folder) for folder in sys.path]  # noqa: PTH100  # a Path would not be "" for our folder
        command = hook_command(hook, context, place.root, os.pathsep, path)
        lines: list[str] = []
        show = self.reporter.pass_output if self.options.verbose else lines.append
        try:
            status = run_lines(command, self.environ, lambda line: show(f"{line}\n"))
        except MissingToolError as error:
            raise MissingToolError(
                f"the hook `{hook}` cannot run: {error.message}",
                hint=error.hint or "correct `run` in pyproject.toml; `chmod +x` lets a script of the project be run",
            ) from error
        if status:
            self.reporter.pass_output("".join(lines))
            raise ProcessError(
                f"the hook `{hook}` failed ({_describe(status)})",
                notes=(f"it ran in {place.root}, {hook.when}",),
                hint="fix what it says above" if lines or self.options.verbose else "it printed nothing",
            )

    def _warn_left_behind(
        self,
        hook: Hook,
        place: HookPlace,
        before: HookFiles,
        after: HookFiles,
        last: LastRun | None,
        times: Mapping[str, int],
    ) -> None:
        """Warn of files of an earlier run that nothing may make any more: an input is gone, and they are as before."""
        if last is None or last.inputs.keys() <= before.inputs.keys():
            return
        for path in last.outputs:
            if path in times and path in after.outputs and _modified(place.root / path) == times[path]:
                self.reporter.warn(
                    f"the hook `{hook}` has not written {path}, which it made from other inputs before",
                    hint="remove the file if nothing makes it any more: it is packed",
                )


def _describe(status: int) -> str:
    return f"status {status}" if status > 0 else f"ended by signal {-status}"


def _guarded(project: Project) -> dict[Path, str]:
    """Return the files that have been read when hooks run, which they must not change."""
    paths = {project.manifest.path, project.root / "pyproject.toml"}
    if project.manifest.workspace_manifest is not None:
        paths.add(project.manifest.workspace_manifest)
    return {path: files.sha256(path) for path in sorted(paths) if path.is_file()}


def _check_guarded(hook: Hook, before: Mapping[Path, str]) -> None:
    for path, digest in before.items():
        if not path.is_file() or files.sha256(path) != digest:
            raise ConfigError(
                f"the hook `{hook}` has changed {path}, which was read before it ran",
                hint="let it write another file; `dynamic` metadata has providers of its own",
            )


def _modified(path: Path) -> int:
    return path.stat().st_mtime_ns


def _set_modified(path: Path, time: int) -> None:
    with suppress(OSError):
        os.utime(path, ns=(path.stat().st_atime_ns, time))
