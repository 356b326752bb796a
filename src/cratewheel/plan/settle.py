"""What the compiled files answer: the platform tag of a wheel whose plan left it to the audit. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cratewheel.audit import check, policy
from cratewheel.audit.check import AuditReport
from cratewheel.audit.model import Binary
from cratewheel.errors import AuditError, UnsupportedError
from cratewheel.plan.model import ByAudit, ByPolicy, Fixed, WheelPlan
from cratewheel.plan.platform import native
from cratewheel.tags import platform
from cratewheel.tags.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """The platform tags of a wheel, with what to warn of and the reasons for `--explain`."""

    tags: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    why: tuple[str, ...] = ()


def needs_binaries(wheel: WheelPlan) -> bool:
    """Return whether `settle` must see the compiled files."""
    return wheel.audit != "skip" and not isinstance(wheel.platform, Fixed)


def settle(wheel: WheelPlan, target: Target, binaries: Mapping[str, Binary], *, programs: bool) -> Settlement:
    """Return the tags that `binaries` (by file name) allow; `programs` may link libpython.

    Raises `AuditError` when one of them misses the policy that was asked for or needs a library that `check` refuses,
    and `UnsupportedError` where `repair` would have to bundle one.
    """
    match wheel.platform:
        case Fixed(tags=tags):
            return Settlement(tags=tags)
        case ByPolicy(policies=policies) if wheel.audit == "skip":
            return Settlement(tags=platform.linux_platform_tag(policies, target))
        case ByPolicy(policies=policies):
            # a pair of policies is for a static program, which has no libraries: each is checked where it applies
            fitting = [name for name in policies if name.startswith("musllinux") == target.is_musl] or list(policies)
            reports = {
                file: check.check(binary, fitting[0], target, libpython_allowed=programs, name=file)
                for file, binary in binaries.items()
            }
            return _settlement(wheel, target, reports, policies)
        case ByAudit(pypi=pypi):
            reports = {
                file: check.lowest(binary, target, libpython_allowed=programs, name=file)
                for file, binary in binaries.items()
            }
            newest = min((report.policy for report in reports.values()), key=_priority)
            if newest == "linux":
                return _plain_linux(wheel, target, reports, pypi=pypi)
            return _settlement(wheel, target, reports, (newest,))


def _priority(name: str) -> int:
    found = policy.find(name)
    return found.priority if found else 0


def _settlement(
    wheel: WheelPlan, target: Target, reports: Mapping[str, AuditReport], policies: tuple[str, ...]
) -> Settlement:
    external = [f"{file} needs {library}" for file, report in reports.items() for library in report.external]
    warnings: tuple[str, ...] = ()
    if external:
        _refuse_external(wheel, external, policies)
        warnings = tuple(f"{line}, which is not on every system that installs the wheel" for line in external)
    why = tuple(f"{file}: {line}" for file, report in reports.items() for line in check.explain(report))
    return Settlement(tags=platform.linux_platform_tag(policies, target), warnings=warnings, why=why)


def _refuse_external(wheel: WheelPlan, external: list[str], policies: tuple[str, ...]) -> None:
    names = " and ".join(policies)
    ways = "link it statically, or pass --auditwheel=warn to leave it to whoever installs the wheel"
    if wheel.audit == "check":
        raise AuditError(
            f"the wheel would need libraries that {names} does not promise", notes=tuple(external), hint=ways
        )
    if wheel.audit == "repair":
        raise UnsupportedError(
            f"the wheel needs libraries that {names} does not promise, and bundling them is not supported yet",
            notes=tuple(external),
            hint=ways,
        )


def _plain_linux(wheel: WheelPlan, target: Target, reports: Mapping[str, AuditReport], *, pypi: bool) -> Settlement:
    reasons = tuple(f"{file}: {finding}" for file, report in reports.items() for finding in check.forced_by(report))
    if pypi:
        raise AuditError("no tag that PyPI takes fits the compiled files", notes=reasons)
    return Settlement(
        tags=native(target, wheel.interpreter).tags,
        warnings=("no manylinux or musllinux tag fits, so the wheel is tagged linux, which PyPI refuses",),
        why=reasons,
    )
