"""Decides platform tags that depend on the compiled files. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from cratewheel.audit import check, identity
from cratewheel.audit.check import AuditReport
from cratewheel.audit.model import Binary
from cratewheel.errors import AuditError
from cratewheel.planning.model import ByAudit, ByDeploymentTarget, ByPolicy, Fixed, WheelPlan
from cratewheel.targets import platform_tags as platform
from cratewheel.targets.triples import Target

AUDITED = ("linux", "macos", "windows")  # the systems whose compiled files are checked


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformResult:
    """The platform tags of a wheel, with warnings and the reasons for `--explain`.

    `external` are the libraries that each compiled file needs and that may be missing on its systems; `decisive` are
    the symbols whose versions prevent a lower tag.
    """

    tags: tuple[str, ...]
    external: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    decisive: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Provided:
    """The libraries in the wheel: those that a file finds by itself, and those grafted for all files."""

    own: Mapping[str, frozenset[str]]
    grafted: frozenset[str]

    def has(self, file: str, library: str) -> bool:
        return library in self.own.get(file, ()) or library.rpartition("/")[2] in self.grafted


def needs_binaries(wheel: WheelPlan, target: Target) -> bool:
    """Return whether `platform_tags_from_audit` needs the compiled files."""
    if wheel.audit == "skip" or target.os not in AUDITED:
        return False
    # the tag `linux` has no requirements
    return target.os != "linux" or not isinstance(wheel.platform, Fixed)


def platform_tags_from_audit(
    wheel: WheelPlan,
    target: Target,
    binaries: Mapping[str, Binary],
    *,
    programs: Collection[str],
    own: Mapping[str, frozenset[str]] = MappingProxyType({}),
    grafted: Mapping[str, Binary] = MappingProxyType({}),
) -> PlatformResult:
    """Return the tags that `binaries` (by file name) meet.

    Those that are `programs` may link libpython. `own` are the libraries that each file finds in the wheel. `grafted`
    are libraries added by repair: they must meet the tag as well, and count as present. Raises `AuditError` when a file
    does not meet the requested policy, or needs an external library and the audit mode is `check`.
    """
    files = {**binaries, **grafted}
    with_python = (*programs, *grafted) if programs else ()
    provided = _Provided(own=own, grafted=frozenset(grafted))
    match wheel.platform:
        case Fixed(tags=tags):
            return _with_external(wheel, tags, _external(target, files), provided)
        case ByDeploymentTarget(versions=versions):
            raised, why = _deployment(dict(versions), target, files)
            external = _external(target, files)
            return _with_external(wheel, deployment_tags(raised, target), external, provided, why=why)
        case ByPolicy(policies=policies) if wheel.audit == "skip":
            return PlatformResult(tags=platform.linux_platform_tag(policies, target))
        case ByPolicy(policies=policies):
            # two policies are for a static program: only the one for the target's C library is checked
            fitting = [name for name in policies if name.startswith("musllinux") == target.is_musl] or list(policies)
            reports = check.check_together(files, fitting[0], target, libpython_allowed=with_python)
            return _by_reports(wheel, target, reports, policies, provided)
        case ByAudit() as plan:
            reports = {
                file: check.lowest_policy(binary, target, libpython_allowed=file in with_python, name=file)
                for file, binary in files.items()
            }
            newest = check.common_policy(report.policy for report in reports.values())
            if newest == "linux":
                return _plain_linux(plan, reports)
            return _by_reports(wheel, target, reports, (newest,), provided)


def deployment_tags(versions: Mapping[str, tuple[int, int]], target: Target) -> tuple[str, ...]:
    """Return the tags of a macOS wheel from the deployment target of each processor (default: rustc's).

    >>> from cratewheel.targets.triples import parse
    >>> deployment_tags({"aarch64": (12, 3)}, parse("aarch64-apple-darwin"))
    ('macosx_12_0_arm64',)
    """
    known = {**platform.MACOS_DEFAULTS, **versions}
    if target.is_universal2:
        return platform.universal2_platform_tag(x86_64=known["x86_64"], arm64=known["aarch64"])
    return platform.platform_tag(target, macos=known[target.arch])


def _deployment(
    versions: Mapping[str, tuple[int, int]], target: Target, files: Mapping[str, Binary]
) -> tuple[dict[str, tuple[int, int]], tuple[str, ...]]:
    """Return the macOS version that the files need for each processor, at least the promised one, with the reasons."""
    needed = {slice_.arch: versions.get(slice_.arch, platform.MACOS_DEFAULTS[slice_.arch]) for slice_ in target.slices}
    why = []
    for file, binary in files.items():
        for part in binary.slices or (binary,):
            wants = part.minimum_os
            if part.arch in needed and wants is not None and wants > needed[part.arch]:
                needed[part.arch] = wants
                why.append(f"{file}: it is linked for macOS {wants[0]}.{wants[1]} on {part.arch}")
    return needed, tuple(why)


def _external(target: Target, files: Mapping[str, Binary]) -> dict[str, tuple[str, ...]]:
    for file, binary in files.items():
        identity.check_machine(binary, target, file)
    if target.os == "linux":
        return {}
    return {file: check.external_libraries(binary, target) for file, binary in files.items()}


def _by_reports(
    wheel: WheelPlan,
    target: Target,
    reports: Mapping[str, AuditReport],
    policies: tuple[str, ...],
    provided: _Provided,
) -> PlatformResult:
    external = {file: report.external for file, report in reports.items()}
    why = tuple(f"{file}: {line}" for file, report in reports.items() for line in check.explain(report))
    result = _with_external(wheel, platform.linux_platform_tag(policies, target), external, provided, why=why)
    return replace(result, decisive=_decisive(reports))


def _decisive(reports: Mapping[str, AuditReport]) -> tuple[str, ...]:
    findings = [finding for report in reports.values() for finding in check.forced_by(report)]
    return tuple(dict.fromkeys(symbol for finding in findings for symbol in finding.symbols))


def _with_external(
    wheel: WheelPlan,
    tags: tuple[str, ...],
    needs: Mapping[str, tuple[str, ...]],
    provided: _Provided,
    *,
    why: tuple[str, ...] = (),
) -> PlatformResult:
    external = {
        file: lacking
        for file, libraries in needs.items()
        if (lacking := tuple(library for library in libraries if not provided.has(file, library)))
    }
    lines = [f"{file} needs {library}" for file, libraries in external.items() for library in libraries]
    if lines and wheel.audit == "check":
        raise AuditError(
            f"the wheel needs libraries that {'.'.join(tags)} does not guarantee",
            notes=tuple(lines),
            hint="link them statically, pass --auditwheel=repair to put them into the wheel, or --auditwheel=warn to "
            "only print a warning",
        )
    left = lines if wheel.audit == "warn" else []
    warnings = tuple(f"{line}, which is not on every system with this tag" for line in left)
    return PlatformResult(tags=tags, external=external, warnings=warnings, why=why)


def _plain_linux(plan: ByAudit, reports: Mapping[str, AuditReport]) -> PlatformResult:
    reasons = tuple(f"{file}: {finding}" for file, report in reports.items() for finding in check.forced_by(report))
    if plan.pypi:
        raise AuditError("no tag that PyPI accepts fits the compiled files", notes=reasons)
    return PlatformResult(
        tags=plan.plain,
        warnings=("no manylinux or musllinux tag fits, so the wheel is tagged linux, which PyPI rejects",),
        why=reasons,
        decisive=_decisive(reports),
    )
