"""Plans the wheel of a project's Python part alone, for every Python and system. Pure."""

from __future__ import annotations

from dataclasses import replace

from cratewheel.planning.decide import plan_hooks_of
from cratewheel.planning.model import BuildPlan, Fixed, WheelPlan
from cratewheel.project.inputs import Inputs
from cratewheel.targets.triples import ANY


def pure_plan(inputs: Inputs, *, why: str) -> BuildPlan:
    """Return the plan of the one wheel of the Python part, for every Python and system."""
    wheel = WheelPlan(
        artifacts=(),
        interpreter=None,
        serves=(),
        python_tag="py3",
        abi_tag="none",
        platform=Fixed(tags=("any",)),
        audit="skip",
        why=(why,),
    )
    out = inputs.options.out or (inputs.options.target_dir or inputs.cargo.target_directory) / "wheels"
    return BuildPlan(
        name=inputs.metadata.name,
        version=inputs.metadata.version,
        target=ANY,
        out=out,
        sdist=False,
        wheels=(wheel,),
        hooks=plan_hooks_of(replace(inputs, target=ANY), (wheel,), out, sdist=False),
        why=(f"the project's root is {inputs.project.root}", why),
    )
