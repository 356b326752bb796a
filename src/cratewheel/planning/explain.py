"""Prints a plan as text and as JSON."""

from __future__ import annotations

from cratewheel.cargo.command import command
from cratewheel.interpreter.model import Interpreter
from cratewheel.planning.hooks import HookPlan
from cratewheel.planning.model import (
    ArtifactPlan,
    BuildPlan,
    ByAudit,
    ByDeploymentTarget,
    ByPolicy,
    Fixed,
    PlatformPlan,
    Profiling,
    WheelPlan,
)
from cratewheel.planning.pgo import merge_command
from cratewheel.planning.platform_result import deployment_tags
from cratewheel.system.redaction import strip_userinfo
from cratewheel.targets import platform_tags as platform
from cratewheel.targets.triples import ANY, Target


def describe_platform(plan: PlatformPlan, target: Target) -> str:
    """Return the platform part of a wheel's tag, as far as known before compiling."""
    match plan:
        case Fixed(tags=tags):
            return ".".join(tags)
        case ByDeploymentTarget(versions=versions):
            return ".".join(deployment_tags(dict(versions), target))
        case ByPolicy(policies=policies):
            return ".".join(platform.linux_platform_tag(policies, target))
        case ByAudit():
            family = "musllinux" if target.is_musl else "manylinux"
            return f"<lowest {family} tag that fits>_{platform.linux_arch(target)}"


def explain(plan: BuildPlan, *, reasons: bool) -> tuple[str, ...]:
    """Return the plan as lines, one for each archive; with `reasons`, why each was decided."""
    target = "every system" if plan.target == ANY else plan.target.triple
    lines = [f"{plan.name} {plan.version} for {target}, into {plan.out}"]
    if reasons:
        lines += [f"  because {reason}" for reason in plan.why]
    if plan.zig:
        lines.append(f"linked by zig for {' and '.join(zig.target for zig in plan.zig)}")
    lines += [
        f"hook {one.hook} ({one.hook.when}) {'runs' if one.decision.runs else 'need not run'}: {one.decision.why}"
        for one in plan.hooks
    ]
    if plan.sdist:
        lines.append("sdist")
    for wheel in plan.wheels:
        lines.append(f"wheel {wheel.python_tag}-{wheel.abi_tag}-{describe_platform(wheel.platform, plan.target)}")
        if wheel.interpreter is not None:
            lines.append(f"  python  {wheel.interpreter.display}{_place(wheel.interpreter)}")
        if wheel.profiling is not None:
            lines += _profiling_lines(wheel.profiling)
        lines += [
            line for one in wheel.artifacts for line in _artifact_lines(one, profiled=wheel.profiling is not None)
        ]
        lines.append("  packs   the Python part alone" if wheel.is_pure else f"  audit   {wheel.audit}")
        if reasons:
            lines += [f"  because {reason}" for reason in wheel.why]
    return tuple(lines)


def _artifact_lines(artifact: ArtifactPlan, *, profiled: bool) -> list[str]:
    lines = [f"  packs   {describe_artifact(artifact)}"] if artifact.part is not None else []
    if artifact.prebuilt is not None:
        lines.append(f"  takes   {artifact.prebuilt}")
    return [*lines, *(f"  {'phase 3' if profiled else 'run    '} {command(build)}" for build in artifact.builds)]


def describe_artifact(artifact: ArtifactPlan) -> str:
    """Return what an artifact is, in a few words: `the program px`, `the module px._fast from px-fast`."""
    what = {"bin": "program", "cffi": "library for cffi", "uniffi": "library for uniffi", "library": "library"}
    place = f" in {artifact.path}" if artifact.path else ""
    return f"the {what.get(artifact.bindings.kind, 'module')} {artifact.name}{place}"


def _profiling_lines(plan: Profiling) -> list[str]:
    with_it = " and ".join(filter(None, ("the instrumented wheel", strip_userinfo(", ".join(plan.requirements)))))
    return [
        *(f"  phase 1 {command(build)}" for build in plan.builds),
        f"  phase 2 {plan.command}",
        f"          in an environment of {plan.python} with {with_it}",
        f"          {merge_command(plan, 'llvm-profdata', plan.profile)}",
    ]


def _place(interpreter: Interpreter) -> str:
    return f" at {interpreter.executable}" if interpreter.executable else f", {interpreter.source}"


def as_json(plan: BuildPlan) -> dict[str, object]:
    """Return the plan as JSON values, with stable names for tools."""
    return {
        "name": plan.name,
        "version": plan.version,
        "target": plan.target.triple,
        "out": str(plan.out),
        "sdist": plan.sdist,
        "zig": [zig.target for zig in plan.zig],
        **({"hooks": [_hook_as_json(one) for one in plan.hooks]} if plan.hooks else {}),
        "wheels": [_wheel_as_json(wheel, plan.target) for wheel in plan.wheels],
        "warnings": list(plan.warnings),
        "why": list(plan.why),
    }


def _hook_as_json(plan: HookPlan) -> dict[str, object]:
    hook, decision = plan.hook, plan.decision
    return {"hook": str(hook), "when": hook.when, "per": hook.per, "runs": decision.runs, "why": decision.why}


def _artifact_as_json(artifact: ArtifactPlan) -> dict[str, object]:
    return {
        "name": artifact.name,
        "kind": artifact.bindings.kind,
        "module_file": artifact.module_file,
        "path": artifact.path,
        "prebuilt": str(artifact.prebuilt) if artifact.prebuilt is not None else None,
        "commands": [list(command(build).redacted_argv) for build in artifact.builds],
    }


def _wheel_as_json(wheel: WheelPlan, target: Target) -> dict[str, object]:
    python, plan = wheel.interpreter, wheel.profiling
    profiling = {
        "commands": [list(command(build).redacted_argv) for build in plan.builds],
        "training": plan.command,
        "requirements": [strip_userinfo(text) for text in plan.requirements],
        "profile": str(plan.profile),
    } if plan is not None else None  # fmt: skip
    return {
        "python_tag": wheel.python_tag,
        "abi_tag": wheel.abi_tag,
        "platform": describe_platform(wheel.platform, target),
        "interpreter": str(python.executable) if python is not None and python.executable else None,
        "serves": [served.display for served in wheel.serves],
        "audit": wheel.audit,
        "module_file": next((one.module_file for one in wheel.artifacts if one.module_file), None),
        "artifacts": [_artifact_as_json(one) for one in wheel.artifacts],
        "commands": [list(command(build).redacted_argv) for build in wheel.builds],
        **({"profiling": profiling} if profiling else {}),
        "why": list(wheel.why),
    }
