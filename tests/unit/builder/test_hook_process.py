"""What the function of a hook gets."""

from __future__ import annotations

import os
from pathlib import Path

from cratewheel.builder.hook_process import HookCall, read_call
from cratewheel.options.values import Hook
from cratewheel.planning.hooks import HookContext, hook_command

ROOT, OUT = Path("/work"), Path("/out")


def call(context: HookContext) -> HookCall:
    command = hook_command(Hook(python="m:f"), context, ROOT, os.pathsep, ())
    return read_call(command.environment({"PATH": "/bin"}))


def test_a_function_gets_what_a_command_has_as_variables() -> None:
    of_wheel = HookContext(
        out=OUT, editable=True, profile="dev", target="t", python=Path("/py"), compiled=(Path("/a"), Path("/b"))
    )
    assert call(of_wheel) == HookCall(
        when="before-compile", project=ROOT, out_dir=OUT, editable=True, profile="dev", target="t", python=Path("/py"),
        compiled=(Path("/a"), Path("/b")),
    )  # fmt: skip
    assert call(HookContext(out=OUT)) == HookCall(when="before-compile", project=ROOT, out_dir=OUT)
