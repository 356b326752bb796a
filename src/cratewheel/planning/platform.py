"""Plans a wheel's platform tag, or how it will be decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cratewheel.audit import policy as audit_policy
from cratewheel.errors import ConfigError, CratewheelError, UnsupportedError, UsageError
from cratewheel.interpreter.model import Interpreter
from cratewheel.options.model import Options
from cratewheel.planning.model import (
    AuditMode,
    ByAudit,
    ByDeploymentTarget,
    ByPolicy,
    Fixed,
    InterpreterPlatform,
    PlatformChoice,
)
from cratewheel.project.inputs import Inputs
from cratewheel.targets import platform_tags as platform
from cratewheel.targets import zig
from cratewheel.targets.triples import Target

if TYPE_CHECKING:
    from cratewheel.targets.zig import ZigPlan


def audit_mode(options: Options, target: Target) -> AuditMode:
    """Return the audit mode: flags over `auditwheel` over `skip-auditwheel` over the default."""
    flagged = options.origins.get("skip_auditwheel")
    if options.skip_auditwheel and (options.auditwheel is None or (flagged and flagged.kind == "flag")):
        return "skip"
    match options.auditwheel:
        case "repair" | "check" | "warn" | "skip" as mode:
            return mode
        case _:
            return "repair" if target.os == "linux" else "warn"


def native_platform(inputs: Inputs, interpreter: Interpreter | None) -> Fixed | ByDeploymentTarget:
    """Return the interpreter's own platform tag, or else the target's."""
    target = inputs.target
    # on macOS the interpreter's tag has the version that it was compiled for
    if interpreter is not None and interpreter.platform and target.os != "macos" and not inputs.foreign:
        return Fixed(tags=(interpreter.platform,))
    match target.os:
        case "linux":
            return Fixed(tags=platform.linux_platform_tag(("linux",), target))
        case "macos":
            return ByDeploymentTarget(versions=inputs.system.macos)
        case _:
            return Fixed(tags=inputs.system.tags(target))


def plan_zig(inputs: Inputs, choice: PlatformChoice) -> tuple[ZigPlan, ...]:
    """Return the zig target by processor, or nothing without zig; raises `UnsupportedError` if zig cannot link."""
    target, macos = inputs.target, dict(inputs.system.macos)
    if not inputs.options.zig:
        return ()
    if "-windows-" in inputs.rustc.host:
        raise UnsupportedError(
            "--zig links by shell scripts, which Windows cannot start",
            hint="build in WSL or in a Linux container, or name a linker in cargo's configuration",
        )
    policies = choice.policies if isinstance(choice, ByPolicy) else (platform.arch_minimum_policy(target),)
    policy = next((name for name in policies if name.startswith("manylinux")), "")
    return tuple(zig.plan_zig(slice_, policy, macos=macos.get(slice_.arch)) for slice_ in target.slices)


def plan_platform(inputs: Inputs) -> tuple[PlatformChoice, tuple[str, ...]]:
    """Return how the platform tag is decided, and warnings; `Fixed()` means the interpreter's own.

    Raises `UsageError` or `ConfigError` for tags that no file could have: nothing is compiled for those.
    """
    target = inputs.target
    options = inputs.options
    if inputs.host_platform:
        return Fixed(tags=(platform.normalise_platform(inputs.host_platform),)), ()
    words = tuple(dict.fromkeys(platform.parse_compatibility(word) for word in options.compatibility))
    pypi = "pypi" in words
    if pypi and not platform.pypi_supports(target):
        raise UnsupportedError(f"PyPI accepts no wheels for {target.triple}", hint="remove `pypi` from --compatibility")
    if target.os != "linux":
        _check_pypi(inputs, pypi=pypi)
        return InterpreterPlatform(), ()
    policies = tuple(word for word in words if word != "pypi")
    _check_policies(inputs, policies, pypi=pypi)
    mode = audit_mode(options, target)
    if policies == ("linux",) or (not policies and mode == "skip"):
        if pypi:
            raise UsageError(
                "PyPI rejects the tag `linux`", hint="remove --skip-auditwheel, or `pypi` from --compatibility"
            )
        return InterpreterPlatform(), ()
    if options.zig and not policies:
        # zig links for the glibc version of the tag
        policies = tuple(name for name in (platform.arch_minimum_policy(target),) if name != "linux")
    if policies:
        return ByPolicy(policies=policies, pypi=pypi), _policy_warnings(policies, target)
    return ByAudit(pypi=pypi), ()


def _check_pypi(inputs: Inputs, *, pypi: bool) -> None:
    refused = [tag for tag in inputs.system.tags(inputs.target) if not platform.pypi_accepts(tag)] if pypi else []
    if refused:
        raise UnsupportedError(
            f"PyPI rejects wheels for {' and '.join(refused)}", hint="remove `pypi` from --compatibility"
        )


def _check_policies(inputs: Inputs, policies: tuple[str, ...], *, pypi: bool) -> None:
    target, programs = inputs.target, inputs.only_programs
    place = inputs.options.origins.get("compatibility")
    kind: type[CratewheelError] = ConfigError if place and place.kind == "key" else UsageError
    pair = {policy.partition("_")[0] for policy in policies} == {"manylinux", "musllinux"} and len(policies) == 2
    if len(policies) > 1 and not (pair and programs):
        raise kind(
            f"a wheel has one platform policy, and {len(policies)} were requested: {', '.join(policies)}",
            hint="run one build for each" if not programs else "a program takes one manylinux and one musllinux",
        )
    arch = platform.linux_arch(target)
    for policy in policies:
        if policy != "linux" and not audit_policy.is_known(policy, arch):
            family: audit_policy.Family = "musllinux" if policy.startswith("musllinux") else "manylinux"
            defined = ", ".join(audit_policy.names(family, arch)) or "none"
            raise kind(f"{policy} is not defined for {arch}", hint=f"the {family} policies for {arch} are {defined}")
        if policy.startswith("musllinux") and programs and target.is_glibc:
            raise kind(
                f"a program for {target.triple} needs glibc, so it cannot be {policy}",
                hint="build for a musl target",
            )
        tags = platform.linux_platform_tag((policy,), target)
        if pypi and not any(platform.pypi_accepts(tag) for tag in tags):
            raise kind(f"PyPI rejects wheels for {' and '.join(tags)}", hint="choose another tag, or leave `pypi` out")


def _policy_warnings(policies: tuple[str, ...], target: Target) -> tuple[str, ...]:
    found = []
    for policy in policies:
        if policy.startswith("musllinux") and target.is_glibc:
            found.append(f"{target.triple} links glibc, which {policy} does not have")
        if policy in ("manylinux_2_5", "manylinux_2_12"):
            found.append(f"today's Rust needs a newer glibc than {policy} allows; manylinux_2_17 is the oldest")
    return tuple(found)
