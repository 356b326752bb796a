"""What is known of one compiled file: what it needs, where it runs, what makes it large, what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cratewheel.audit import binary as reader
from cratewheel.audit import check
from cratewheel.audit.model import Binary
from cratewheel.audit.parts import Parts, SizedSymbol, read_parts
from cratewheel.audit.policy import is_musl_libc
from cratewheel.bindings.pyo3 import INIT_PREFIXES
from cratewheel.commands.inspect import crates
from cratewheel.commands.inspect.model import CompiledFile, Crate, Problem, Role, SizedPart
from cratewheel.commands.inspect.symbols import by_crate
from cratewheel.errors import AuditError, UnsupportedError
from cratewheel.targets.triples import UNIVERSAL2, Target, parse
from cratewheel.targets.wheel_tags import WheelTag
from cratewheel.ui import format_size

SYMBOLS_KEPT = 200  # the largest
_FOLDERS_SHOWN = 3

_LINUX = {"x86": "i686", "riscv64": "riscv64gc", "riscv32": "riscv32gc"}
# Folders of machines that build: homes, and what CI services and containers of PyPA mount. A pattern for each, as `re`
# finds fixed words at the beginning of a pattern fast.
_WORD = rb"[\w.-]{1,32}(?=[/\\][\w.])"
_FOLDERS = (
    *(
        re.compile(start + _WORD, re.ASCII)
        for start in (b"/home/", b"/Users/", b"/builds/", b"/github/", b"/__w/", b"/io/", b"/tmp/(?![.])")
    ),
    re.compile(rb"/root(?=/[\w.])", re.ASCII),
    re.compile(rb":\\Users\\" + _WORD, re.ASCII),
    re.compile(rb":/Users/" + _WORD, re.ASCII),
    re.compile(rb":\\a\\" + _WORD, re.ASCII),
)
_INSIDE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.~/-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A compiled file with what was read of it; `crates` are those that it names."""

    binary: Binary
    file: CompiledFile
    target: Target | None
    external: tuple[str, ...]
    crates: tuple[Crate, ...]
    problems: tuple[Problem, ...]


def examine(path: str, data: bytes, tag: WheelTag | None) -> Examined | Problem:
    """Return what is known of a compiled file, or the problem if it cannot be read."""
    try:
        binary = reader.parse(data)
        parts = read_parts(data) if binary.format in ("elf", "macho", "pe") else Parts(program=False)
    except AuditError as error:
        return Problem(level="warning", code="unreadable", path=path, text=f"it cannot be read: {error.message}")
    target = target_of(binary, tag)
    report = check.lowest_policy(binary, target, libpython_allowed=True) if target and target.os == "linux" else None
    file = CompiledFile(
        path=path,
        format=binary.format,
        arch=binary.arch,
        role=_role(path, binary, parts),
        size=len(data),
        policy=report.policy if report else None,
        forced_by=(*_against_older(report), *_compiled_for(binary)),
        minimum_os=".".join(map(str, binary.minimum_os)) if binary.minimum_os else None,
        sections=_sections(parts),
        symbols_by_crate=by_crate(parts.symbols) if parts.has_symbols else (),
        symbols=_largest(parts.symbols) if parts.has_symbols else (),
        stripped=not parts.has_symbols,
        imported=tuple(sorted({symbol.name for symbol in binary.undefined})),
        exported=tuple(sorted(binary.exported)),
    )
    listed = crates.from_auditable(parts.auditable) if parts.auditable else ()
    return Examined(
        binary=binary,
        file=file,
        target=target,
        external=check.external_libraries(binary, target) if target else (),
        crates=listed or crates.from_paths(data),
        problems=tuple(_problems(path, binary, parts, data)),
    )


def _against_older(report: check.AuditReport | None) -> Iterator[str]:
    for finding in check.forced_by(report) if report else ():
        yield f"not {finding.policy}: {finding}"


def _compiled_for(binary: Binary) -> Iterator[str]:
    """Yield the oldest macOS of each processor."""
    for part in (binary.slices or (binary,)) if binary.format == "macho" else ():
        if part.minimum_os is not None:
            yield f"is compiled for macOS {part.minimum_os[0]}.{part.minimum_os[1]} or later on {part.arch}"


def target_of(binary: Binary, tag: WheelTag | None) -> Target | None:
    """Return the target that a file is for, or None for one that is not known here."""
    platforms = tag.platform if tag else ()
    try:
        match binary.format:
            case "elf" if any(platform.startswith("android_") for platform in platforms):
                return parse(f"{_LINUX.get(binary.arch, binary.arch).replace('arm', 'armv7', 1)}-linux-android")
            case "elf" if binary.system in (None, "linux"):
                return parse(_linux_triple(binary, platforms))
            case "macho" if binary.arch == "universal2":
                return parse(UNIVERSAL2)
            case "macho" if (binary.system or "macos") == "macos":
                return parse(f"{binary.arch}-apple-darwin")
            case "pe":
                return parse(f"{'i686' if binary.arch == 'x86' else binary.arch}-pc-windows-msvc")
    except UnsupportedError:
        pass
    return None


def _linux_triple(binary: Binary, platforms: tuple[str, ...]) -> str:
    families = {platform.partition("_")[0] for platform in platforms}  # a static program may be for both
    musl = families == {"musllinux"} or any(is_musl_libc(library) for library in binary.needed)
    c_library = "musl" if musl else "gnu"
    if binary.arch == "arm":
        return f"armv7-unknown-linux-{c_library}eabi{'' if binary.float_abi == 'soft' else 'hf'}"
    if binary.arch == "x86_64" and binary.bits == 32:
        c_library = "gnux32"
    return f"{_LINUX.get(binary.arch, binary.arch)}-unknown-linux-{c_library}"


def _role(path: str, binary: Binary, parts: Parts) -> Role:
    names = {name.removeprefix("_") if binary.format == "macho" else name for name in binary.exported}
    if any(name.startswith(INIT_PREFIXES) for name in names):
        return "extension"
    return "program" if parts.program or path.endswith(".exe") else "library"


def _sections(parts: Parts) -> tuple[SizedPart, ...]:
    sizes: dict[str, int] = {}
    for section in parts.sections:
        sizes[section.name] = sizes.get(section.name, 0) + section.size
    return tuple(SizedPart(name=name, size=size) for name, size in sorted(sizes.items(), key=lambda one: -one[1]))


def _largest(symbols: tuple[SizedSymbol, ...]) -> tuple[SizedPart, ...]:
    ordered = sorted(symbols, key=lambda symbol: (-symbol.size, symbol.name))[:SYMBOLS_KEPT]
    return tuple(SizedPart(name=symbol.name, size=symbol.size) for symbol in ordered)


def _problems(path: str, binary: Binary, parts: Parts, data: bytes) -> Iterator[Problem]:
    if parts.debug_size:
        text = f"it has {format_size(parts.debug_size)} of debug information: build with --strip"
        yield Problem(level="warning", code="debug-info", path=path, text=text)
    if parts.executable_stack:
        text = "its memory protection is off (no NX flag)" if binary.format == "pe" else "its stack is executable"
        yield Problem(level="warning", code="executable-stack", path=path, text=text)
    if parts.relro == "none":
        yield Problem(level="warning", code="relro", path=path, text="its tables of functions stay writable (no RELRO)")
    if not parts.relocatable and (parts.program or binary.format == "pe"):
        text = (
            "it is always loaded at one address (no PIE)"
            if binary.format != "pe"
            else "it is always at one address (no ASLR)"
        )
        yield Problem(level="warning", code="pie", path=path, text=text)
    strange = [entry for entry in (*binary.rpath, *binary.runpath) if entry.startswith("/")]
    if strange and binary.format == "elf":
        text = f"libraries are looked for in {strange[0]}, a folder of the machine that built it"
        yield Problem(level="warning", code="run-path", path=path, text=text)
    if found := _folders(data):
        shown = ", ".join(list(found)[:_FOLDERS_SHOWN])
        count = sum(found.values())
        text = f"it names folders of the machine that built it: {shown} ({'once' if count == 1 else f'{count} times'})"
        yield Problem(level="note", code="absolute-path", path=path, text=text)


def _folders(data: bytes) -> dict[str, int]:
    """Return the folders of the machine that built the file, and how often each is named, the most frequent first."""
    counts: dict[str, int] = {}
    for pattern in _FOLDERS:
        for match in pattern.finditer(data):
            start = match.start() - match[0].startswith(b":")  # with the letter of the drive
            before = data[start - 1 : start]
            if not before or before[0] not in _INSIDE:  # else it is a part of another path
                folder = data[start : match.end()].decode("ascii", "backslashreplace")
                counts[folder] = counts.get(folder, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
