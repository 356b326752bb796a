"""The versions in platform tags: deployment targets, API levels and releases.

Each comes from the variable that the system's own tools read, else from a tool that knows it. Followed are the platform
pages of rustc (https://doc.rust-lang.org/rustc/platform-support.html), PEP 730 (iOS), PEP 738 (Android) and PEP 783
(Emscripten).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cratewheel.errors import MissingToolError, UsageError
from cratewheel.system.command import Command, Completed, capture
from cratewheel.targets import platform_tags as platform
from cratewheel.targets import toolchain
from cratewheel.targets.triples import Target

Version = tuple[int, int]

# The first that is set wins. The names with MATURIN and PYODIDE are for users who come from maturin.
PYEMSCRIPTEN_VARIABLES = (
    "MATURIN_PYEMSCRIPTEN_PLATFORM_VERSION",
    "PYEMSCRIPTEN_PLATFORM_VERSION",
    "MATURIN_PYODIDE_ABI_VERSION",
    "PYODIDE_ABI_VERSION",
)
_PYODIDE_KEYS = ("pyemscripten_platform_version", "pyodide_abi_version")
_RELEASES = ("aix", "dragonfly", "freebsd", "haiku", "hurd", "illumos", "netbsd", "openbsd", "solaris")


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """Facts about the target's system; None means unknown, or not needed for this target.

    `macos` holds the deployment target of each processor that is compiled for; `macos_exported` are the processors
    whose target the project chose, of which cargo must be told. `macos_in_vain` is the deployment target that the
    environment asks for where it is older than rustc's oldest for x86_64; arm64 has no macOS before its own.
    """

    macos: tuple[tuple[str, Version], ...] = ()
    macos_exported: tuple[str, ...] = ()
    macos_in_vain: Version | None = None
    ios: Version | None = None
    android_api: int | None = None
    pyemscripten: str | None = None
    emscripten: str | None = None
    release: str | None = None
    machine: str | None = None

    def tags(self, target: Target) -> tuple[str, ...]:
        """Return the platform tags for all systems but Linux; raises `UnsupportedError` if a version is missing."""
        macos = dict(self.macos)
        if target.is_universal2:
            return platform.universal2_platform_tag(x86_64=macos["x86_64"], arm64=macos["aarch64"])
        return platform.platform_tag(
            target,
            macos=macos.get(target.arch),
            ios=self.ios,
            android_api=self.android_api,
            pyemscripten=self.pyemscripten,
            emscripten=self.emscripten,
            release=self.release,
            machine=self.machine,
        )


NO_VERSIONS = System()
"""What is known of a system whose tags have no version."""


def read_system(
    target: Target,
    *,
    native: bool,
    project_macos: Mapping[str, str],
    environ: Mapping[str, str],
    cwd: Path,
    config: tuple[str, ...] = (),
) -> System:
    """Return the versions for `target`; `native` if this machine runs it.

    `project_macos` are the project's deployment targets by triple; those of universal2 itself count where a processor
    has none of its own. rustc is asked in the folder `cwd`, from where cargo's configuration is read too; `config` are
    the values of `--config`.
    Raises `UsageError` when a variable holds no version.
    """
    match target.os:
        case "macos":
            chosen = _chosen_macos(target, project_macos)
            versions = _macos(target, chosen, environ, cwd)
            return System(
                macos=versions,
                macos_exported=tuple(chosen),
                macos_in_vain=None if "x86_64" in chosen else _older_than(dict(versions).get("x86_64"), environ),
            )
        case "ios":
            text = environ.get("IPHONEOS_DEPLOYMENT_TARGET")
            return System(ios=_version("IPHONEOS_DEPLOYMENT_TARGET", text) if text else None)
        case "android":
            return System(android_api=_android_api(target, config, environ, cwd, native=native))
        case "emscripten":
            pyemscripten = _pyemscripten(environ)
            return System(pyemscripten=pyemscripten, emscripten=None if pyemscripten else _emscripten(environ))
        case system if system in _RELEASES:
            return _release(system, native=native, environ=environ)
        case _:
            return System()


def _chosen_macos(target: Target, project_macos: Mapping[str, str]) -> dict[str, Version]:
    """Return the deployment targets that the project chose, by processor."""
    found = {}
    for slice_ in target.slices:
        triple = next((name for name in (slice_.triple, target.triple) if name in project_macos), None)
        if triple is not None:
            found[slice_.arch] = _version(f"target.{triple}.macos-deployment-target", project_macos[triple])
    return found


def _macos(
    target: Target, chosen: Mapping[str, Version], environ: Mapping[str, str], cwd: Path
) -> tuple[tuple[str, Version], ...]:
    found = []
    for slice_ in target.slices:
        if slice_.arch in chosen:
            found.append((slice_.arch, chosen[slice_.arch]))
            continue
        version = platform.macos_version(
            _deployment_target(slice_, environ, cwd), environ.get("MACOSX_DEPLOYMENT_TARGET") or None
        )
        if target.is_universal2 and slice_.arch == "x86_64":
            version = max(version, (10, 9))  # the oldest one that supports universal2
        found.append((slice_.arch, version))
    return tuple(found)


def _older_than(version: Version | None, environ: Mapping[str, str]) -> Version | None:
    """Return the deployment target of the environment, if there is one and it is older than `version`."""
    text = environ.get("MACOSX_DEPLOYMENT_TARGET") or None
    if version is None or text is None:
        return None
    requested = platform.macos_version((0, 0), text)
    return requested if requested < version else None


def _deployment_target(target: Target, environ: Mapping[str, str], cwd: Path) -> Version:
    """Return rustc's default deployment target."""
    program = environ.get("RUSTC") or "rustc"
    done = _query(
        Command(
            argv=(program, "--print", "deployment-target", "--target", target.triple),
            env=(("MACOSX_DEPLOYMENT_TARGET", None),),
            cwd=cwd,
        ),
        environ,
    )
    return parse_deployment_target(done.stdout if done else "") or platform.MACOS_DEFAULTS[target.arch]


def parse_deployment_target(text: str) -> Version | None:
    """Return the deployment target that rustc prints; None if it prints none.

    It writes `MACOSX_DEPLOYMENT_TARGET=11.0`, and `deployment_target=11.0` before Rust 1.84.
    """
    match = re.search(r"(?i)deployment_target=([0-9]{1,4})\.([0-9]{1,4})", text)
    return (int(match[1]), int(match[2])) if match else None


def _android_api(
    target: Target, config: tuple[str, ...], environ: Mapping[str, str], cwd: Path, *, native: bool
) -> int | None:
    level = environ.get("ANDROID_API_LEVEL")
    if level:
        if not re.fullmatch(r"[0-9]{1,4}", level):
            raise UsageError(f"ANDROID_API_LEVEL must be a number, found '{level}'", hint="set it to 24, for example")
        return int(level)
    # the compilers of the NDK have the API level in their names: aarch64-linux-android24-clang
    linker = toolchain.chosen_linker(target, config, environ, cwd)
    compilers = [environ.get(name) or "" for name in (f"CC_{target.triple}", f"CC_{_underscored(target)}", "CC")]
    for program in (linker[0] if linker else "", *compilers):
        api = _api_in(Path(program).name)
        if api is not None:
            return api
    done = _query(Command(argv=("clang", "-dumpmachine")), environ) if native else None
    return _api_in(done.stdout) if done else None


def _underscored(target: Target) -> str:
    return target.triple.replace("-", "_")


def _api_in(name: str) -> int | None:
    """Return the API level in the name of a compiler, or of the system that it compiles for.

    >>> _api_in("armv7a-linux-androideabi21-clang"), _api_in("aarch64-unknown-linux-android30"), _api_in("clang")
    (21, 30, None)
    """
    match = re.search(r"android(?:eabi)?([0-9]{1,4})(?![0-9])", name)
    return int(match[1]) if match else None


def _pyemscripten(environ: Mapping[str, str]) -> str | None:
    for variable in PYEMSCRIPTEN_VARIABLES:
        if environ.get(variable):
            return environ[variable]
    for key in _PYODIDE_KEYS:
        done = _query(Command(argv=("pyodide", "config", "get", key)), environ)
        answer = done.stdout.strip() if done else ""
        if answer and answer != "none":
            return answer
    return None


def _emscripten(environ: Mapping[str, str]) -> str | None:
    if environ.get("MATURIN_EMSCRIPTEN_VERSION"):
        return environ["MATURIN_EMSCRIPTEN_VERSION"]
    done = _query(Command(argv=("emcc", "-dumpversion")), environ)
    return done.stdout.strip() or None if done else None


def _release(system: str, *, native: bool, environ: Mapping[str, str]) -> System:
    release = environ.get(f"MATURIN_{system.upper()}_VERSION") or None
    if not native:
        return System(release=release)
    if system == "aix":
        return System(release=release or aix_release(_output(("/usr/bin/lslpp", "-Lqc", "bos.rte"), environ) or ""))
    release = release or _output(("uname", "-r"), environ)
    return System(release=release, machine=_output(("uname", "-m"), environ))


def aix_release(output: str) -> str | None:
    """Return version, release, technology level and build date of AIX, as lslpp prints them; None if it does not.

    >>> aix_release("bos.rte:bos.rte:7.2.5.101: : :C: :BOS: : : : : : :1:0:/:2146")
    '7205_2146'
    """
    fields = output.split(":")
    if len(fields) < 3:
        return None
    version = re.match(r"([0-9]{1,4})\.([0-9]{1,4})\.([0-9]{1,4})", fields[2])
    date = fields[-1].strip() or "9999"
    return f"{version[1]}{version[2]}{int(version[3]):02}_{date}" if version else None


def _output(argv: tuple[str, ...], environ: Mapping[str, str]) -> str | None:
    done = _query(Command(argv=argv), environ)
    return done.stdout.strip() or None if done else None


def _query(command: Command, environ: Mapping[str, str]) -> Completed | None:
    try:
        done = capture(command, environ, timeout=30)
    except MissingToolError:
        return None
    return done if done.status == 0 else None


def _version(name: str, text: str) -> Version:
    match = re.fullmatch(r"(\d{1,4})\.(\d{1,4})(?:\.\d{1,4})?", text.strip(), re.ASCII)
    if match is None:
        raise UsageError(f"{name} must be a version like 13.0, found '{text}'", hint="write two numbers with a dot")
    return int(match[1]), int(match[2])
