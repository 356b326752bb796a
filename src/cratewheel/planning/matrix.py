"""Plans as a list for the matrix of a CI job: an object for each wheel, whose values can be given back to `build`."""

from __future__ import annotations

from collections.abc import Iterable

from cratewheel.interpreter.abi_words import ANY, own_word, request_word, stable_word
from cratewheel.planning.explain import describe_platform
from cratewheel.planning.model import BuildPlan, ByAudit, WheelPlan
from cratewheel.targets import platform_tags as platform
from cratewheel.targets.triples import Target
from cratewheel.targets.wheel_tags import WheelTag, wheel_file_name


def as_matrix(plans: Iterable[BuildPlan]) -> list[dict[str, object]]:
    """Return the wheels of `plans` as JSON values, in order.

    `target` is for `--target`, `abi` for `--abi`, `interpreters` are for `-i`: the Pythons of the plan that the wheel
    serves. A wheel of the Python part has no target. In `tags` and `wheel`, its file name, `*` stands for what only the
    compiled file decides.
    """
    return [_row(plan, wheel) for plan in plans for wheel in plan.wheels]


def _row(plan: BuildPlan, wheel: WheelPlan) -> dict[str, object]:
    tag = WheelTag(
        python=tuple(wheel.python_tag.split(".")),
        abi=tuple(wheel.abi_tag.split(".")),
        platform=_platforms(wheel, plan.target),
    )
    return {
        "target": None if wheel.is_pure else plan.target.triple,
        "abi": _abi(wheel),
        "interpreters": [request_word(python) for python in wheel.serves] if wheel.per_interpreter else [],
        "tags": list(tag.expanded()),
        "wheel": wheel_file_name(plan.name, plan.version, tag),
    }


def _abi(wheel: WheelPlan) -> str:
    if wheel.stable_abi is not None:
        return stable_word(*wheel.stable_abi)
    if not wheel.per_interpreter:
        return ANY
    assert wheel.interpreter is not None, "every other wheel is for an interpreter"
    return own_word(wheel.interpreter)


def _platforms(wheel: WheelPlan, target: Target) -> tuple[str, ...]:
    if isinstance(wheel.platform, ByAudit):
        # a file that fits no manylinux tag is tagged linux_x86_64
        return (f"*linux_*{platform.linux_arch(target)}",)
    return tuple(describe_platform(wheel.platform, target).split("."))
