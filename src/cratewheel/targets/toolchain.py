"""Checks whether this machine has what a target needs: standard library, linker, SDK.

A problem is what certainly stops the build: no standard library for the target, or no program to link with. Everything
else is a note, for `cratewheel doctor` to tell. See https://doc.rust-lang.org/rustc/platform-support.html, and
https://doc.rust-lang.org/cargo/reference/config.html for where cargo reads the linker from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cratewheel.cargo import config as cargo_config
from cratewheel.cargo.system_packages import TOOLS
from cratewheel.errors import MissingToolError, NoLinkerError, NoStandardLibraryError
from cratewheel.system.command import Command, Completed, capture, which
from cratewheel.targets import conditions
from cratewheel.targets.triples import Target

# GNU names of Linux processors, as in the names of cross compilers
_GNU_ARCHES = {
    "aarch64": "aarch64", "armv7": "arm", "armv6": "arm", "armv5te": "arm", "loongarch64": "loongarch64",
    "powerpc64le": "powerpc64le", "powerpc64": "powerpc64", "riscv64": "riscv64", "s390x": "s390x", "x86": "i686",
    "x86_64": "x86_64",
}  # fmt: skip
_DEBIAN_ARCHES = {"powerpc64le": "powerpc64le", "x86": "i686", "x86_64": "x86-64"}
_APPLE_STUBS = Path("/usr/bin")  # of macOS itself: its `cc` only starts that of Xcode
_MINGW = {"x86_64": "x86_64-w64-mingw32-gcc", "x86": "i686-w64-mingw32-gcc"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One requirement: whether it is met, and a hint on how to install what is missing."""

    kind: str
    ok: bool
    text: str
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolchain:
    """The findings for one target."""

    target: Target
    findings: tuple[Finding, ...]

    @property
    def problems(self) -> tuple[Finding, ...]:
        """The unmet requirements."""
        return tuple(finding for finding in self.findings if not finding.ok)


def check(toolchain: Toolchain) -> None:
    """Raise `MissingToolError` that names everything that is missing for the target."""
    problems = toolchain.problems
    if problems:
        fails = {"standard library": NoStandardLibraryError, "linker": NoLinkerError}.get(
            problems[0].kind, MissingToolError
        )
        raise fails(
            f"this machine cannot build for {toolchain.target.triple}: {problems[0].text}",
            notes=tuple(f"{problem.text}: {problem.hint}" for problem in problems[1:]),
            hint=problems[0].hint,
        )


def examine(
    target: Target,
    *,
    host: str,
    environ: Mapping[str, str],
    cwd: Path,
    zig: bool,
    build_std: bool = False,
    config: tuple[str, ...] = (),
    xwin: bool = False,
) -> Toolchain:
    """Return what this machine has for compiling `target` (a rustc target, not universal2) in the folder `cwd`.

    `zig` says that zig links; `xwin` that cargo-xwin brings Microsoft's linker on Windows too; `build_std` that cargo
    compiles the standard library itself; `config` are the values of `--config`.
    """
    found = [_standard_library(target, environ, cwd, build_std=build_std)]
    xwin = needs_xwin(target, host, asked=xwin)
    if target.triple == host and not xwin:
        return Toolchain(target=target, findings=tuple(found))
    if zig:
        found.append(Finding(kind="linker", ok=True, text="zig links"))
    else:
        found.append(_linker(target, host, config, environ, cwd, xwin=xwin))
    return Toolchain(target=target, findings=tuple(found))


def needs_xwin(target: Target, host: str, *, asked: bool) -> bool:
    """Return whether cargo-xwin links for a target: Microsoft's linker is on Windows alone."""
    return target.env == "msvc" and (asked or "-windows-" not in host)


def _standard_library(target: Target, environ: Mapping[str, str], cwd: Path, *, build_std: bool) -> Finding:
    program = environ.get("RUSTC") or "rustc"
    command = Command(argv=(program, "--print", "target-libdir", "--target", target.triple), cwd=cwd)
    done = capture(command, environ)
    if done.status:
        return Finding(
            kind="target",
            ok=False,
            text=f"rustc does not support the target {target.triple}",
            hint="`rustc --print target-list` lists all targets",
        )
    if build_std:
        return Finding(kind="standard library", ok=True, text="compiled by cargo (build-std)")
    return find_standard_library(target, Path(done.stdout.strip()), environ)


def find_standard_library(target: Target, place: Path, environ: Mapping[str, str]) -> Finding:
    """Return whether Rust's standard library for a target is in `place`, where rustc looks for it."""
    if any(place.glob("libcore-*.rlib")) or any(place.glob("libcore-*.rmeta")):
        return Finding(kind="standard library", ok=True, text=f"in {place}")
    return Finding(
        kind="standard library",
        ok=False,
        text=f"Rust's standard library for {target.triple} is not installed",
        hint=_how_to_add(target, place, environ),
    )


def _how_to_add(target: Target, place: Path, environ: Mapping[str, str]) -> str:
    toolchain = next((above.parent.name for above in place.parents if above.name == "lib"), "")
    if ".rustup" in place.parts or "toolchains" in place.parts or which("rustup", environ) is not None:
        chosen = f" --toolchain {toolchain}" if "-" in toolchain and environ.get("RUSTUP_TOOLCHAIN") else ""
        return f"rustup target add {target.triple}{chosen}"
    return "install it with your system's packages of Rust, or use rustup (https://rustup.rs)"


def _linker(
    target: Target, host: str, config: tuple[str, ...], environ: Mapping[str, str], cwd: Path, *, xwin: bool
) -> Finding:
    found = _find_linker(target, host, config, environ, cwd, xwin=xwin)
    if "-windows-" not in host or found.hint is None:
        return found
    # on Windows, zig cannot be used
    return replace(found, hint=re.sub(r"pass --zig, or |, or pass --zig|, or build for \S+ with --zig", "", found.hint))


def _find_linker(
    target: Target, host: str, config: tuple[str, ...], environ: Mapping[str, str], cwd: Path, *, xwin: bool
) -> Finding:
    chosen = chosen_linker(target, config, environ, cwd)
    if chosen is not None:
        program, origin = chosen
        if Path(program).is_file() or which(program, environ) is not None:
            return Finding(kind="linker", ok=True, text=f"{program}, by {origin}")
        return Finding(
            kind="linker",
            ok=False,
            text=f"the linker {program} (set by {origin}) was not found",
            hint="install it, or correct the name",
        )
    match target.os:
        case "linux":
            return _linux_linker(target, host, environ)
        case "windows":
            return _windows_linker(target, environ, xwin=xwin)
        case "macos" | "ios":
            return _apple_linker(target, host)
        case "emscripten":
            return _emcc(environ)
        case _:
            # this machine's cc may be a cross compiler or a wrapper
            return Finding(kind="linker", ok=True, text="rustc's default")


def find_host_linker(host: Target, environ: Mapping[str, str], cwd: Path, *, platform: str) -> Finding:
    """Return what links for this machine itself: the linker of cargo's configuration, else the one that rustc starts.

    `platform` is `sys.platform`. rustc finds Microsoft's linker by itself, so that is not looked for.
    """
    if chosen_linker(host, (), environ, cwd) is not None:
        return _find_linker(host, host.triple, (), environ, cwd, xwin=False)
    if host.triple.endswith("-msvc"):
        return Finding(kind="linker", ok=True, text="that of Visual Studio's Build Tools, which rustc looks for")
    name = "gcc" if host.os == "windows" else "cc"
    found = which(name, environ)
    hint = f"install it: {TOOLS[name].install(platform)}"
    if platform == "darwin" and found is not None and found.parent == _APPLE_STUBS:
        return _behind_stub(found, capture(Command(argv=("xcrun", "--find", "cc")), environ, timeout=30), hint)
    if found is not None:
        return Finding(kind="linker", ok=True, text=str(found))
    return Finding(kind="linker", ok=False, text=f"{name} was not found; rustc links with it", hint=hint)


def _behind_stub(stub: Path, answer: Completed, hint: str) -> Finding:
    """Return what is behind macOS' own `cc`: a program that is always there, and starts the one of the chosen Xcode."""
    if answer.status == 0:
        return Finding(kind="linker", ok=True, text=f"{stub}, which is {answer.stdout.strip()}")
    reason = (answer.stderr.strip() or f"xcrun ended with status {answer.status}").splitlines()[0]
    if "license" in reason:
        hint = "agree to it: `sudo xcodebuild -license`"
    return Finding(kind="linker", ok=False, text=f"{stub} does not work: {reason}", hint=hint)


def _emcc(environ: Mapping[str, str]) -> Finding:
    if which("emcc", environ):
        return Finding(kind="linker", ok=True, text="emcc")
    return Finding(
        kind="linker",
        ok=False,
        text="emcc, the linker for Emscripten, was not found",
        hint="install the Emscripten SDK (https://emscripten.org/docs/getting_started/downloads.html)",
    )


def _linux_linker(target: Target, host: str, environ: Mapping[str, str]) -> Finding:
    own = host.partition("-")[0]
    if "-linux-" in host and (own == target.arch or (own, target.arch) == ("x86_64", "x86")):
        # rustc's musl targets are self-contained, and gcc on x86_64 also links 32-bit x86
        return Finding(kind="linker", ok=True, text="cc, rustc's default")
    arch = _GNU_ARCHES.get(target.arch, target.arch)
    env = target.env or "gnu"
    suggested = f"{arch}-linux-{env}-gcc"
    variable = _linker_variable(target)
    there = which(suggested, environ)
    if there is not None:
        hint = f"set {variable}={suggested}, or pass --zig"
    elif target.is_glibc:
        debian = _DEBIAN_ARCHES.get(target.arch, arch)
        hint = f"pass --zig, or install a cross compiler (Debian: apt-get install gcc-{debian}-linux-{env}) and set "
        hint += f"{variable}={suggested}"
    else:
        hint = f"pass --zig, or set {variable} to a compiler for musl"
    return Finding(kind="linker", ok=False, text=f"no linker is configured for {target.triple}", hint=hint)


def _apple_linker(target: Target, host: str) -> Finding:
    if host.endswith(("-apple-darwin", "-apple-ios")):
        return Finding(kind="linker", ok=True, text="cc, of Xcode's command line tools")
    hint = "pass --zig, or " if target.os == "macos" else ""
    return Finding(
        kind="linker",
        ok=False,
        text=f"no linker is configured for {target.triple}, and this system has none",
        hint=f"{hint}set {_linker_variable(target)} to a compiler with Apple's SDK",
    )


def _windows_linker(target: Target, environ: Mapping[str, str], *, xwin: bool) -> Finding:
    if target.env.startswith("gnu"):
        program = _MINGW.get(target.arch, "")
        if program and which(program, environ):
            return Finding(kind="linker", ok=True, text=f"{program}, rustc's default")
        package = f"gcc-mingw-w64-{'i686' if target.arch == 'x86' else 'x86-64'}"
        return Finding(
            kind="linker",
            ok=False,
            text=f"no linker for {target.triple} was found",
            hint=f"pass --zig, or install mingw-w64 (Debian: apt-get install {package})",
        )
    if not xwin:
        return Finding(kind="linker", ok=True, text="link.exe, of Visual Studio")
    if which("cargo-xwin", environ):
        return Finding(kind="linker", ok=True, text="cargo-xwin")
    return Finding(
        kind="linker",
        ok=False,
        text=f"no linker was found for {target.triple} on this system",
        hint="pip install cargo-xwin, which downloads Microsoft's SDK, or build for x86_64-pc-windows-gnu with --zig",
    )


def _linker_variable(target: Target) -> str:
    return f"CARGO_TARGET_{target.triple.upper().replace('-', '_').replace('.', '_')}_LINKER"


def chosen_linker(
    target: Target, config: tuple[str, ...], environ: Mapping[str, str], cwd: Path
) -> tuple[str, str] | None:
    """Return the linker that cargo is configured to use, and the source of that setting."""
    variable = _linker_variable(target)
    found = _target_tables(target, config, environ, cwd)
    linkers = [(layer, linker) for layer, table in found if isinstance(linker := table.get("linker"), str)]
    # the command line counts more than variables, and these more than files
    for layer, linker in sorted(linkers, key=lambda one: not one[0].origin.startswith("--config")):
        if environ.get(variable) and not layer.origin.startswith("--config"):
            break
        return linker if "/" not in linker else str(layer.folder / linker), layer.origin
    if environ.get(variable):
        return environ[variable], variable
    for layer, table in found:
        if any("linker" in str(flag) for flag in table.get("rustflags", ())):
            return "cc", f"rustflags in {layer.origin}"
    flags = " ".join(
        environ.get(name, "") for name in ("RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", f"{variable[:-6]}RUSTFLAGS")
    )
    return ("cc", "the flags for rustc") if "linker" in flags else None


def build_rustflags(target: Target, config: tuple[str, ...], environ: Mapping[str, str], cwd: Path) -> tuple[str, ...]:
    """Return `build.rustflags`, unless flags for the target override it; `config` are the values of `--config`.

    Cargo joins those of all places, the strongest last; see
    https://doc.rust-lang.org/cargo/reference/config.html#buildrustflags.
    """
    if any("rustflags" in table for _, table in _target_tables(target, config, environ, cwd)):
        return ()
    found = cargo_config.setting("build.rustflags", config, environ, cwd)
    return _flag_words(found.value) if found is not None else ()


def rustflags(
    target: Target, config: tuple[str, ...], environ: Mapping[str, str], cwd: Path
) -> Iterator[cargo_config.Setting]:
    """Yield the flags for rustc of cargo's configuration, the weakest first: those for the target, else all others."""
    tables = [(layer, table) for layer, table in _target_tables(target, config, environ, cwd) if "rustflags" in table]
    variable = f"{_linker_variable(target)[:-6]}RUSTFLAGS"
    for layer, table in reversed(tables):
        yield cargo_config.Setting(value=_flag_words(table["rustflags"]), origin=layer.origin)
    if environ.get(variable):
        yield cargo_config.Setting(value=_flag_words(environ[variable]), origin=variable)
    elif not tables:
        found = cargo_config.setting("build.rustflags", config, environ, cwd)
        if found is not None:
            yield cargo_config.Setting(value=_flag_words(found.value), origin=found.origin)


def _flag_words(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else tuple(str(value).split())


def _target_tables(
    target: Target, config: tuple[str, ...], environ: Mapping[str, str], cwd: Path
) -> list[tuple[cargo_config.Layer, dict[str, Any]]]:
    """Return the tables of cargo's configuration for a target with their sources, the strongest first.

    Those with its name come before those with a condition that it meets, wherever they are, as for cargo.
    """
    every = [
        (name, layer, table)
        for layer in cargo_config.layers(config, environ, cwd)
        for name, table in _tables(layer)
        if isinstance(table, dict)
    ]
    named = [(layer, table) for name, layer, table in every if name == target.triple]
    conditional = [found for found in every if found[0].startswith("cfg(")]
    if not conditional:
        return named
    cfg = conditions.read_cfg(target, environ, cwd)
    # cargo reports the error if rustc fails
    return named + [(layer, table) for name, layer, table in conditional if cfg is None or conditions.is_met(name, cfg)]


def _tables(layer: cargo_config.Layer) -> Iterable[tuple[str, Any]]:
    tables = layer.table.get("target", {})
    return tables.items() if isinstance(tables, dict) else ()
