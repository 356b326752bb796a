"""Which hooks run, and why."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cratewheel.options.model import Options
from cratewheel.options.values import Hook
from cratewheel.planning.hooks import (
    HookContext,
    HookDecision,
    decide_hook,
    hook_command,
    hooks_for,
    plan_hooks,
    profile_name,
)
from cratewheel.project.hooks import HookFiles, HookState, LastRun
from system_paths import native

HOOK = Hook(run=("python", "gen.py"), inputs=("*.proto",), outputs=("*.py",))
NOW = HookFiles(inputs={"a.proto": "1", "gen.py": "2"}, outputs={"a.py": "3"})
VARIABLES = {"TARGET": "x86_64-unknown-linux-gnu", "PROFILE": "dev"}
LAST = LastRun(inputs=NOW.inputs, outputs=NOW.outputs, variables=VARIABLES)
SHIPPED = LastRun(inputs={**NOW.inputs, "b.proto": "9"}, outputs=NOW.outputs)
UNCHANGED = "its inputs and outputs are unchanged"


@pytest.mark.parametrize(
    ("last", "now", "runs", "why"),
    [
        (None, NOW, True, "it has not run here, as it is defined now"),
        (LAST, NOW, False, UNCHANGED),
        (LAST, HookFiles(inputs={**NOW.inputs, "b.proto": "1"}, outputs=NOW.outputs), True, "the input b.proto is new"),
        (LAST, HookFiles(inputs={"gen.py": "2"}, outputs=NOW.outputs), True, "the input a.proto is gone"),
        (
            LAST,
            HookFiles(inputs={**NOW.inputs, "gen.py": "x"}, outputs=NOW.outputs),
            True,
            "the input gen.py has changed",
        ),
        (LAST, HookFiles(inputs=NOW.inputs, outputs={}), True, "the output a.py is gone"),
        (LAST, HookFiles(inputs=NOW.inputs, outputs={"a.py": "x"}), True, "the output a.py has changed"),
        (
            LastRun(inputs=NOW.inputs, outputs=NOW.outputs, variables={**VARIABLES, "PROFILE": "release"}),
            NOW,
            True,
            "CRATEWHEEL_HOOK_PROFILE is dev, and was release",
        ),
        (SHIPPED, NOW, False, "the source distribution has its outputs"),
        (SHIPPED, HookFiles(inputs={}, outputs=NOW.outputs), False, "the source distribution has its outputs"),
        (
            SHIPPED,
            HookFiles(inputs={"b.proto": "x"}, outputs=NOW.outputs),
            True,
            "the input b.proto has changed",
        ),
        (SHIPPED, HookFiles(inputs={}, outputs={}), True, "the output a.py is gone"),
    ],
)
def test_a_hook_runs_unless_nothing_has_changed(last: LastRun | None, now: HookFiles, runs: bool, why: str) -> None:
    state = HookState(hook=HOOK, files=now, last=last)
    assert decide_hook(state, VARIABLES) == HookDecision(runs=runs, why=why)


def test_a_hook_that_does_not_say_what_it_reads_or_makes_runs_each_time() -> None:
    for hook, why in (
        (Hook(python="m:f", outputs=("a",)), "it names no inputs"),
        (Hook(python="m:f", inputs=("a",)), "it names no outputs"),
    ):
        state = HookState(hook=hook, files=NOW, last=LAST)
        assert decide_hook(state, VARIABLES) == HookDecision(runs=True, why=why)


def test_a_source_distribution_takes_what_was_made_for_any_wheel() -> None:
    state = HookState(hook=HOOK, files=NOW, last=LAST)
    assert decide_hook(state, None) == HookDecision(runs=False, why=UNCHANGED)
    assert decide_hook(state, {}).runs


def test_force_hooks_is_a_reason() -> None:
    state = HookState(hook=HOOK, files=NOW, last=LAST)
    assert decide_hook(state, VARIABLES, force=True) == HookDecision(runs=True, why="--force-hooks")


def test_a_compiled_file_that_has_changed_is_said_without_its_hash() -> None:
    state = HookState(
        hook=HOOK, files=NOW, last=LastRun(inputs=NOW.inputs, outputs=NOW.outputs, variables={"COMPILED": "1"})
    )
    assert decide_hook(state, {"COMPILED": "2"}).why == "the compiled files have changed"


def test_an_sdist_needs_what_makes_sources_that_it_includes() -> None:
    every = [
        Hook(python="a:made"),
        Hook(python="a:again", sdist="regenerate"),
        Hook(python="a:packed", when="before-pack", sdist="regenerate"),
        Hook(python="a:sdist", when="sdist"),
    ]
    found = {
        when: [hook.python for hook in hooks_for(every, when)] for when in ("before-compile", "before-pack", "sdist")
    }
    assert found == {
        "before-compile": ["a:made", "a:again"],
        "before-pack": ["a:packed"],
        "sdist": ["a:made", "a:sdist"],
    }


def test_a_plan_says_that_a_hook_runs_after_one_that_makes_its_input() -> None:
    context = HookContext(out=Path("/out"), target="t", profile="dev")
    fresh = LastRun(inputs={"a.py": "3"}, outputs={"b.py": "4"}, variables=context.counted())
    second = Hook(run=("x",), inputs=("a.py",), outputs=("b.py",))
    states = [
        HookState(hook=HOOK, files=NOW),
        HookState(hook=second, files=HookFiles(inputs=fresh.inputs, outputs=fresh.outputs), last=fresh),
        HookState(hook=Hook(python="m:f", when="sdist"), files=NOW),
    ]
    plans = plan_hooks(states, context, python=None, wheels=1, sdist=False, force=False)
    assert [(str(plan.hook), plan.decision.runs, plan.decision.why) for plan in plans] == [
        ("python gen.py", True, "it has not run here, as it is defined now"),
        ("x", True, "if an earlier hook changes its inputs"),
    ]


def test_python_is_the_one_that_runs_cratewheel_and_a_program_of_the_project_is_found() -> None:
    context = HookContext(
        out=Path("/out"),
        editable=True,
        profile="dev",
        target="t",
        python=Path("/usr/bin/python3"),
        compiled=(Path("/a.so"), Path("/b.so")),
    )
    root = Path("/work")
    command = hook_command(HOOK, context, root, ":", ())
    assert command.argv == (sys.executable, "gen.py")
    assert command.cwd == root
    assert dict(command.env) == {
        "CRATEWHEEL_HOOK_COMPILED": native("/a.so:/b.so"),
        "CRATEWHEEL_HOOK_EDITABLE": "1",
        "CRATEWHEEL_HOOK_OUT_DIR": native("/out"),
        "CRATEWHEEL_HOOK_PROFILE": "dev",
        "CRATEWHEEL_HOOK_PROJECT": native("/work"),
        "CRATEWHEEL_HOOK_PYTHON": native("/usr/bin/python3"),
        "CRATEWHEEL_HOOK_TARGET": "t",
        "CRATEWHEEL_HOOK_WHEN": "before-compile",
    }
    sdist = dict(hook_command(HOOK, HookContext(out=Path("/out")), root, ":", ()).env)
    assert {name for name, value in sdist.items() if value is None} == {
        f"CRATEWHEEL_HOOK_{name}" for name in ("COMPILED", "PROFILE", "PYTHON", "TARGET")
    }
    argv = [
        hook_command(Hook(run=(program, "x")), context, root, ":", ()).argv[0]
        for program in ("protoc", "tools/gen", "/usr/bin/env")
    ]
    assert argv == ["protoc", native("/work/tools/gen"), native("/usr/bin/env")]


def test_the_profile_of_an_editable_install_is_its_own() -> None:
    options = Options(profile="fast", editable_profile="quick", editable=True)
    assert profile_name(options) == "quick"
