"""Checks which policies a compiled file meets, and what prevents better ones.

Pure: a `Binary` and the policies in, an `AuditReport` out. Libraries that a policy does not promise do not decide,
since they can be put into the wheel: they are reported as `external`. What decides are symbol versions, black-listed
symbols and the C library itself. The C library is the target's, never that of the machine that builds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from cratewheel.audit import windows
from cratewheel.audit.identity import check_machine
from cratewheel.audit.model import Binary, SymbolVersion
from cratewheel.audit.policy import Policy, find, is_musl_libc, load, names
from cratewheel.errors import AuditError
from cratewheel.targets.platform_tags import DEFAULT_MUSLLINUX, arch_minimum_policy, linux_arch
from cratewheel.targets.triples import Target

_SYMBOLS_SHOWN = 5
_CLAUSES_SHOWN = 3
_NOTES_SHOWN = 20
_LIBPYTHON = r"(?a)lib(python\d[\d.]*[a-z]*|pypy\d[\d.]*-c)\.so(\.\d+)*"
_MACOS_SYSTEM = r"/usr/lib/|/System/"
_MACOS_PYTHON = r"(^|/)(libpython3[^/]*\.dylib|Python[T]?\.framework/.*|libpypy3[^/]*\.dylib)$"
_LOADER = r"ld-linux.*|ld64\.so\.[12]|ld-musl-.*"

_Wanted = Mapping[SymbolVersion, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One reason why `policy` is not met.

    `kind` is `version` (the symbols come in a `version` that the policy's systems need not have), `blacklisted` (a
    `library` of them need not have the symbols at all) or `library` (it is the C library of other systems).
    """

    policy: str
    kind: Literal["version", "blacklisted", "library"]
    library: str
    version: str | None = None
    symbols: tuple[str, ...] = ()

    def __str__(self) -> str:
        symbols = _shorten(self.symbols)
        match self.kind:
            case "version":
                return f"it needs {self.version}{f' ({symbols})' if symbols else ''} of {self.library}"
            case "blacklisted":
                return f"it uses {symbols}, which not every {self.library} has"
            case "library":
                return f"it is linked to {self.library}, which is the C library of other systems"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """The policy of a file, and the reasons.

    `findings` are the reasons against the older policies, in their order; `external` the libraries that a wheel with
    this policy must bring along; `links_libpython` a linked libpython that was allowed; `better` an older policy than
    the one asked for, which is met as well.
    """

    policy: str
    external: tuple[str, ...] = ()
    links_libpython: str | None = None
    findings: tuple[Finding, ...] = ()
    better: str | None = None


def lowest_policy(
    binary: Binary,
    target: Target,
    *,
    musl: bool | None = None,
    libpython_allowed: bool = False,
    name: str = "the compiled file",
) -> AuditReport:
    """Return the oldest policy that the file meets, or `linux` if there is none.

    With `musl`, which is by default the target's answer, that is a musllinux policy. Raises `AuditError` when the
    file is for another processor, or links libpython where it must not; `name` is what the message calls it.
    """
    check_machine(binary, target, name)
    policies = policies_for(target, musl=musl)
    if policies and not libpython_allowed:
        _check_libpython(binary, name)
    refused: list[Finding] = []
    wanted = _required_symbols(binary)
    for policy in policies:
        against = _findings(binary, wanted, policy, linux_arch(target))
        if not against:
            return _report(binary, policy, target, libpython_allowed=libpython_allowed, findings=tuple(refused))
        refused += against
    return AuditReport(policy="linux", links_libpython=_libpython(binary), findings=tuple(refused))


def check(
    binary: Binary,
    policy: str,
    target: Target,
    *,
    libpython_allowed: bool = False,
    name: str = "the compiled file",
) -> AuditReport:
    """Return the report on a file for `policy`, which may be `linux`.

    Raises `AuditError`, which names symbols and libraries, when the file does not meet it; when there is no such policy
    for the target; and as `lowest_policy` does. Libraries to bring along are no error here: see `external`.
    """
    return check_together({name: binary}, policy, target, libpython_allowed=(name,) if libpython_allowed else ())[name]


def check_together(
    files: Mapping[str, Binary], policy: str, target: Target, *, libpython_allowed: Collection[str] = ()
) -> dict[str, AuditReport]:
    """Return the reports on the files of one wheel, by name, for `policy`.

    `libpython_allowed` names those that may link libpython. Raises `AuditError` as `check` does, for all files that do
    not meet it at once, with the policy that they all meet.
    """
    for name, binary in files.items():
        check_machine(binary, target, name)
    if policy == "linux":
        return {name: AuditReport(policy=policy, links_libpython=_libpython(binary)) for name, binary in files.items()}
    rules = _find_policy(policy, target)
    best = {
        name: lowest_policy(binary, target, libpython_allowed=name in libpython_allowed, name=name).policy
        for name, binary in files.items()
    }
    against = {
        name: found
        for name, binary in files.items()
        if (found := _findings(binary, _required_symbols(binary), rules, linux_arch(target)))
    }
    if against:
        raise _misfit_error(against, policy, common_policy(best.values()))
    return {
        name: _report(
            binary,
            rules,
            target,
            libpython_allowed=name in libpython_allowed,
            better=_better(best[name], rules, target),
        )
        for name, binary in files.items()
    }


def common_policy(policies: Iterable[str]) -> str:
    """Return the policy of a wheel whose files meet these; `linux` is the weakest.

    >>> common_policy(["manylinux_2_17", "manylinux_2_28", "manylinux_2_5"])
    'manylinux_2_28'
    """
    found = {name: find(name) for name in policies}
    return min(found, key=lambda name: policy.priority if (policy := found[name]) else 0)


def _misfit_error(against: Mapping[str, tuple[Finding, ...]], policy: str, best: str) -> AuditError:
    everything = tuple(finding for findings in against.values() for finding in findings)
    hint = _suggest_fix(everything, best)
    if len(against) == 1 and len(everything) > _CLAUSES_SHOWN:
        return AuditError(f"{next(iter(against))} does not fit {policy}", notes=_listed(everything), hint=hint)
    lines = [f"{name} does not fit {policy}: {_summary(findings)}" for name, findings in against.items()]
    return AuditError(lines[0], notes=tuple(lines[1:]), hint=hint)


def _listed(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    more = len(findings) - _NOTES_SHOWN
    return (*map(str, findings[:_NOTES_SHOWN]), *([f"and {more} more"] if more > 0 else []))


def explain(report: AuditReport) -> tuple[str, ...]:
    """Return lines of text: what prevents older policies than the report's, and other facts.

    >>> explain(AuditReport(policy="manylinux_2_34", findings=(Finding(policy="manylinux_2_31", kind="version",
    ...     library="libc.so.6", version="GLIBC_2.34", symbols=("pthread_create",)),)))
    ('not manylinux_2_31: it needs GLIBC_2.34 (pthread_create) of libc.so.6',)
    """
    forced = [f"not {finding.policy}: {finding}" for finding in forced_by(report)]
    external = [f"{library} is not on every system of {report.policy}" for library in report.external]
    libpython = [f"it is linked to {report.links_libpython}"] if report.links_libpython else []
    better = [f"it would fit {report.better} as well"] if report.better else []
    return (*forced, *external, *libpython, *better)


def forced_by(report: AuditReport) -> tuple[Finding, ...]:
    """Return the reasons why the policy before the report's is not met."""
    if not report.findings:
        return ()
    nearest = report.findings[-1].policy
    return tuple(finding for finding in report.findings if finding.policy == nearest)


def policies_for(target: Target, *, musl: bool | None = None) -> tuple[Policy, ...]:
    """Return the policies to try, oldest first; none for a target without portable tags.

    Those for musl are told from those for glibc by the target, unless `musl` says it.
    """
    arch = linux_arch(target)
    if target.is_musl if musl is None else musl:
        # the older 1_1 is for a musl that rustc has not linked for since 1.71
        return tuple(p for p in load("musllinux") if p.name == DEFAULT_MUSLLINUX and arch in p.symbol_versions)
    if not target.is_glibc or target.is_soft_float:
        return ()
    return tuple(policy for policy in load("manylinux") if arch in policy.symbol_versions)


def _find_policy(name: str, target: Target) -> Policy:
    arch = linux_arch(target)
    policy = find(name)
    if policy is None or arch not in policy.symbol_versions:
        there = names("musllinux" if name.startswith("musllinux") else "manylinux", arch)
        raise AuditError(
            f"there is no policy {name} for {arch}",
            hint=f"existing policies: {', '.join(there)}" if there else "use --compatibility linux",
        )
    if target.is_soft_float and policy.name.startswith("manylinux"):
        raise AuditError(
            f"{name} needs hard floating point, which {target.triple} does not use",
            hint="build for a target that ends in eabihf, or use --compatibility linux",
        )
    return policy


def _findings(binary: Binary, wanted: _Wanted, policy: Policy, arch: str) -> tuple[Finding, ...]:
    return (
        *_other_c_libraries(binary, policy),
        *_blacklisted(binary, policy),
        *_too_new(wanted, policy, arch),
    )


def _other_c_libraries(binary: Binary, policy: Policy) -> Iterable[Finding]:
    musl = policy.name.startswith("musllinux")
    for library in dict.fromkeys(binary.needed):
        if library == "libc.so.6" if musl else is_musl_libc(library):
            yield Finding(policy=policy.name, kind="library", library=library)


def _blacklisted(binary: Binary, policy: Policy) -> Iterable[Finding]:
    # a weak symbol may be missing at run time
    wanted = {symbol.name for symbol in binary.undefined if not symbol.weak}
    for library in dict.fromkeys(binary.needed):
        if found := policy.blacklist.get(library, frozenset()) & wanted:
            yield Finding(policy=policy.name, kind="blacklisted", library=library, symbols=tuple(sorted(found)))


def _too_new(wanted: _Wanted, policy: Policy, arch: str) -> Iterable[Finding]:
    for need, symbols in wanted.items():
        if policy.allows_library(need.library, arch) and not policy.allows_version(need.version, arch):
            yield Finding(
                policy=policy.name, kind="version", library=need.library, version=need.version, symbols=symbols
            )


def _required_symbols(binary: Binary) -> _Wanted:
    """Return the symbols that need each version, by library, newest first."""
    found: dict[tuple[str, str], set[str]] = {(need.library, need.version): set() for need in binary.versions}
    for symbol in binary.undefined:
        if symbol.library is not None and symbol.version is not None:
            found.get((symbol.library, symbol.version), set()).add(symbol.name)
    ordered = sorted(found, key=lambda need: (need[0], _version_key(need[1])), reverse=True)
    return {SymbolVersion(library=need[0], version=need[1]): tuple(sorted(found[need])) for need in ordered}


def _version_key(version: str) -> tuple[tuple[int, str], ...]:
    """Return a sort key by which 2.9 comes before 2.17.

    Numbers are compared as text, by their length first: they can have more digits than `int` takes.
    """
    parts = (part.lstrip("0") if part.isdecimal() else part for part in re.split(r"[._]", version))
    return tuple((len(part), part) if not part or part.isdecimal() else (-1, part) for part in parts)


def _report(
    binary: Binary,
    policy: Policy,
    target: Target,
    *,
    libpython_allowed: bool,
    findings: tuple[Finding, ...] = (),
    better: str | None = None,
) -> AuditReport:
    libraries = dict.fromkeys((*binary.needed, *(need.library for need in binary.versions)))
    return AuditReport(
        policy=policy.name,
        external=tuple(
            library
            for library in libraries
            if not policy.allows_library(library, linux_arch(target))
            and not re.fullmatch(_LOADER, library)
            and not (libpython_allowed and re.fullmatch(_LIBPYTHON, library))
        ),
        links_libpython=_libpython(binary),
        findings=findings,
        better=better,
    )


def _better(best: str, asked: Policy, target: Target) -> str | None:
    """Return an older policy that is met too, to recommend it; never older than rustc can link for."""
    family: Literal["manylinux", "musllinux"] = "musllinux" if best.startswith("musllinux") else "manylinux"
    minimum = find(arch_minimum_policy(target))
    if not asked.name.startswith(family) or minimum is None:
        return None
    chosen = find(best)
    if chosen is None:
        return None
    chosen = min(chosen, minimum, key=lambda policy: policy.priority)
    return chosen.name if chosen.priority > asked.priority else None


def _libpython(binary: Binary) -> str | None:
    return next((library for library in binary.needed if re.fullmatch(_LIBPYTHON, library)), None)


def _check_libpython(binary: Binary, name: str) -> None:
    if library := _libpython(binary):
        raise AuditError(
            f"{name} is linked to {library}, but the interpreter that loads an extension module already provides it",
            hint="turn on the feature `extension-module` of pyo3 (or of cpython)",
        )


def external_libraries(binary: Binary, target: Target) -> tuple[str, ...]:
    """Return the needed libraries that are not on every system of the target, in the file's order.

    The interpreter's own library is none of them: the program that loads the module has it.
    """
    if target.os == "linux":
        policies = load("musllinux" if target.is_musl else "manylinux")
        arch = linux_arch(target)
        return tuple(
            library
            for library in binary.needed
            if not any(policy.allows_library(library, arch) for policy in policies)
            and not re.fullmatch(_LOADER, library)
            and not re.fullmatch(_LIBPYTHON, library)
        )
    if target.os == "windows":
        names = dict.fromkeys((*binary.needed, *binary.delayed))
        return tuple(name for name in names if not windows.is_provided(name, target.arch))
    return tuple(
        name for name in binary.needed if not re.match(_MACOS_SYSTEM, name) and not re.search(_MACOS_PYTHON, name)
    )


def _summary(findings: tuple[Finding, ...]) -> str:
    clauses = [str(finding) for finding in findings[:_CLAUSES_SHOWN]]
    more = len(findings) - len(clauses)
    return "; ".join(clauses) + (f"; and {more} more" if more else "")


def _suggest_fix(findings: tuple[Finding, ...], best: str) -> str:
    if any(finding.kind == "library" for finding in findings):
        return f"the file fits {best}: use --compatibility {best}, or compile for a target with the right C library"
    if best == "linux":
        return "build in a manylinux container or with --zig, or use --compatibility linux for this machine alone"
    return f"it fits {best}: use --compatibility {best}, or build in a manylinux container or with --zig"


def _shorten(symbols: tuple[str, ...]) -> str:
    shown = ", ".join(symbols[:_SYMBOLS_SHOWN])
    return f"{shown}, …" if len(symbols) > _SYMBOLS_SHOWN else shown
