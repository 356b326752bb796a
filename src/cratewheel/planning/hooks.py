"""Decides which hooks of the project run, why, and with which variables. Pure."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cratewheel.options.model import Options
from cratewheel.options.values import Hook
from cratewheel.project.hooks import PYTHON, Hashes, HookState
from cratewheel.system.command import Command

PREFIX = "CRATEWHEEL_HOOK_"
MODULE = "cratewheel.builder.hook_process"  # runs the functions
_PROGRAM = f"import os, sys; sys.path[:] = sys.argv[2:]; from {MODULE} import main; main(sys.argv[1], os.environ)"


@dataclass(frozen=True, slots=True, kw_only=True)
class HookDecision:
    """Whether a hook runs, and the reason."""

    runs: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HookPlan:
    """A hook of a build, and whether it runs, as far as is known before."""

    hook: Hook
    decision: HookDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class HookContext:
    """What a hook is run for; where it is run for no target or wheel, these are None."""

    out: Path
    editable: bool = False
    profile: str | None = None
    target: str | None = None
    python: Path | None = None
    compiled: tuple[Path, ...] = ()
    digest: str = ""

    def counted(self) -> dict[str, str]:
        """Return the values that count: with others, a hook may make something else.

        Of the compiled files, only the content counts.
        """
        return {**self.variables(), **({"COMPILED": self.digest} if self.digest else {})}

    def variables(self) -> dict[str, str]:
        """Return the variables of its target and its wheel."""
        values = {
            "EDITABLE": "1" if self.editable else "0",
            "PROFILE": self.profile,
            "TARGET": self.target,
            "PYTHON": str(self.python) if self.python is not None else None,
        }
        return {name: value for name, value in values.items() if value is not None}


def hooks_for(hooks: Iterable[Hook], when: str) -> tuple[Hook, ...]:
    """Return the hooks of a moment; for an sdist also those that make sources which it includes.

    >>> [hook.python for hook in hooks_for([Hook(python="a:b"), Hook(python="c:d", when="sdist")], "sdist")]
    ['a:b', 'c:d']
    """
    return tuple(
        hook
        for hook in hooks
        if hook.when == when or (when == "sdist" and hook.when == "before-compile" and hook.sdist == "include")
    )


def decide_hook(state: HookState, variables: Mapping[str, str] | None, *, force: bool = False) -> HookDecision:
    """Return whether a hook runs: not if it has run with the same inputs and variables, and its outputs are unchanged.

    `variables` is None for a source distribution, which takes what was made for any.
    """
    hook, last, now = state.hook, state.last, state.files
    if force:
        return HookDecision(runs=True, why="--force-hooks")
    if last is None:
        return HookDecision(runs=True, why="it has not run here, as it is defined now")
    changed = _difference("output", last.outputs, now.outputs)
    if last.variables is None:
        present = {path: text for path, text in last.inputs.items() if path in now.inputs}
        changed = changed or _difference("input", present, now.inputs)
        why = "the source distribution has its outputs"
        return HookDecision(runs=True, why=changed) if changed else HookDecision(runs=False, why=why)
    if not hook.inputs or not hook.outputs:
        return HookDecision(runs=True, why=f"it names no {'outputs' if hook.inputs else 'inputs'}")
    changed = _difference("input", last.inputs, now.inputs) or changed
    if not changed and variables is not None:
        changed = _changed_variable(last.variables, variables)
    return HookDecision(runs=bool(changed), why=changed or "its inputs and outputs are unchanged")


def _difference(kind: str, before: Hashes, now: Hashes) -> str:
    for path in sorted({*before, *now}):
        if path not in now:
            return f"the {kind} {path} is gone"
        if path not in before:
            return f"the {kind} {path} is new"
        if before[path] != now[path]:
            return f"the {kind} {path} has changed"
    return ""


def _changed_variable(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            if name == "COMPILED":
                return "the compiled files have changed"
            old, new = (values.get(name, "unset") for values in (before, now))
            return f"{PREFIX}{name} is {new}, and was {old}"
    return ""


def plan_hooks(
    states: Iterable[HookState], context: HookContext, *, python: Path | None, wheels: int, sdist: bool, force: bool
) -> tuple[HookPlan, ...]:
    """Return what is known of the hooks before a build: of one whose input another hook makes, that it may run.

    `python` is the interpreter of the first of the `wheels`.
    """
    found: list[HookPlan] = []
    made: set[str] = set()  # by hooks that run
    for state in states:
        hook = state.hook
        if not (sdist if hook.when == "sdist" else wheels):
            continue
        one = replace(context, python=python) if hook.per == "wheel" else context
        decision = decide_hook(state, one.counted() if hook.when != "sdist" else None, force=force)
        if not decision.runs and not made.isdisjoint(state.files.inputs):
            decision = HookDecision(runs=True, why="if an earlier hook changes its inputs")
        elif not decision.runs and hook.per == "wheel" and wheels > 1:
            decision = HookDecision(runs=True, why="it runs for each of several wheels")
        if decision.runs:
            made.update(state.files.outputs)
        found.append(HookPlan(hook=hook, decision=decision))
    return tuple(found)


def profile_name(options: Options) -> str:
    """Return the cargo profile of a build.

    >>> profile_name(Options(release=True)), profile_name(Options())
    ('release', 'dev')
    """
    chosen = options.editable_profile if options.editable else None
    return "release" if options.release else chosen or options.profile or "dev"


def hook_command(hook: Hook, context: HookContext, root: Path, separator: str, path: Iterable[str]) -> Command:
    """Return the command of a hook; `python` as its first word is the Python that runs cratewheel.

    A function is called in a Python with the same `path`.
    """
    values = {
        **context.variables(),
        "WHEN": hook.when,
        "PROJECT": str(root),
        "OUT_DIR": str(context.out),
        **({"COMPILED": separator.join(map(str, context.compiled))} if context.compiled else {}),
    }
    unset = {name: None for name in ("PROFILE", "TARGET", "PYTHON", "COMPILED") if name not in values}
    env = tuple((f"{PREFIX}{name}", value) for name, value in sorted({**values, **unset}.items()))
    if hook.python is not None:
        return Command(argv=(sys.executable, "-c", _PROGRAM, hook.python, *path), env=env, cwd=root)
    first, *rest = hook.run
    if first in PYTHON:
        first = sys.executable
    elif "/" in first:
        first = str(root / first)  # Windows would look for it in the folder that we are in
    return Command(argv=(first, *rest), env=env, cwd=root)
