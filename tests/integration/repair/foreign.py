"""Small libraries for macOS and Windows, compiled by zig on any machine, and a repair of files that need them."""

from __future__ import annotations

import hashlib
import io
import struct
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from cratewheel.audit import binary, check
from cratewheel.repair import graft
from cratewheel.repair.model import Grafted, Repair, Subject
from cratewheel.targets import universal2
from cratewheel.targets.triples import parse
from cratewheel.ui import Ui

ARM, INTEL, BOTH = "aarch64-apple-darwin", "x86_64-apple-darwin", "universal2-apple-darwin"
WINDOWS = "x86_64-pc-windows-msvc"
SYSTEM = "/usr/lib/libSystem.B.dylib"


def dylib(out: Path, *needs: Path, cpu: str = "aarch64", words: Iterable[str] = (), name: str | None = None) -> Path:
    """Compile a library for macOS that needs others, and return it; `name` is the one by which others will need it."""
    named = f"-Wl,-install_name,{name or f'@rpath/{out.name}'}"
    room = "-Wl,-headerpad_max_install_names"
    linked = [str(need) for need in needs]
    return _compiled(out, _code(out, needs, ""), f"{cpu}-macos.11.0", (named, room, *linked, *words))


def fat(out: Path, *needs: tuple[Path, ...], words: Iterable[str] = (), name: str | None = None) -> Path:
    """Compile a library for both processors of macOS: `needs` are the libraries of the one for arm64, and the other."""
    parts = []
    for cpu, linked in zip(("aarch64", "x86_64"), needs or ((), ()), strict=True):
        folder = out.parent / cpu
        parts.append(dylib(folder / out.name, *linked, cpu=cpu, words=words, name=name))
    universal2.join(parts, out)
    return out


def dll(out: Path, *needs: Path, cpu: str = "x86_64", extra: str = "") -> Path:
    """Compile a DLL that needs others, whose import libraries lie beside them, and return it."""
    start = "int {}(void *a, unsigned b, void *c) {{ return 1; }}\n"
    entry = start.format("DllMainCRTStartup") + start.format("_DllMainCRTStartup")
    code = extra + entry + _code(out, needs, "__declspec(dllexport) ")
    linked = [str(need.with_suffix(".lib")) for need in needs]
    words = (*linked, f"-Wl,--out-implib,{out.with_suffix('.lib')}")
    return _compiled(out, code, f"{cpu}-windows-gnu", (*words, "-nostdlib"))


def _code(out: Path, needs: Iterable[Path], exported: str) -> str:
    names = [_word(need) for need in needs]
    declared = "".join(f"unsigned long {name}(void);\n" for name in names)
    value = " + ".join(["1", *(f"{name}()" for name in names)])
    return f"{declared}{exported}unsigned long {_word(out)}(void) {{ return {value}; }}\n"


def _word(path: Path) -> str:
    return path.name.partition(".")[0].replace("-", "_")


def _compiled(out: Path, code: str, target: str, words: Iterable[str]) -> Path:
    out.parent.mkdir(parents=True, exist_ok=True)
    source = out.with_suffix(".c")
    source.write_text(code, encoding="utf-8")
    compiler = (sys.executable, "-m", "ziglang", "cc", "-target", target)
    command = [*compiler, "-shared", "-O1", "-s", "-o", str(out), str(source), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    source.unlink()
    return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """A copy of a file after its repair, what was put beside it, and what was said."""

    path: Path
    libraries: tuple[Grafted, ...]
    said: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the grafted libraries."""
        return tuple(library.name for library in self.libraries)

    def library(self, start: str) -> Path:
        """Return the one grafted library whose name starts so."""
        (found,) = [library.path for library in self.libraries if library.name.startswith(start)]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A repair of files for `triple`."""

    stage: Path
    triple: str
    search: tuple[Path, ...] = ()
    exclude: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    native: bool = False

    def repaired(self, file: Path, *, origin: Path | None = None) -> Repaired:
        """Repair a copy of a file that will lie in the package `pkg`, as a build does."""
        target = parse(self.triple)
        self.stage.mkdir(exist_ok=True)
        copy = self.stage / file.name
        copy.write_bytes(file.read_bytes())
        needs = check.external_libraries(binary.read(copy), target)
        said = io.StringIO()
        surroundings = Repair(
            target=target,
            native=self.native,
            dist="demo",
            search=self.search,
            exclude=self.exclude,
            scratch=self.stage / "grafted",
            environ=self.environ,
            reporter=Ui(out=io.StringIO(), err=said, verbosity=1),
        )
        subject = Subject(path=copy, folder=PurePosixPath("pkg"), needs=needs, origin=origin)
        return Repaired(path=copy, libraries=graft.repair([subject], surroundings), said=said.getvalue())


def named(path: Path) -> str:
    """Return the name that a library has in a wheel."""
    stem, _, rest = path.name.partition(".")
    return f"{stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}.{rest}"


def parts_of(data: bytes) -> list[bytes]:
    """Return the files for one processor that a Mach-O file consists of."""
    if data[:4] != b"\xca\xfe\xba\xbe":
        return [data]
    (count,) = struct.unpack_from(">I", data, 4)
    rows = [struct.unpack_from(">IIIII", data, 8 + 20 * index) for index in range(count)]
    assert all(offset % (1 << alignment) == 0 for _, _, offset, _, alignment in rows)
    return [data[offset : offset + size] for _, _, offset, size, _ in rows]


def verify_signature(data: bytes) -> str:
    """Check each digest of a thin Mach-O file's signature as the system does, and return the name it is signed under.

    The structures are those of <kern/cs_blobs.h>.
    """
    commands = load_commands(data)
    (signature,) = [command for kind, command in commands if kind == 0x1D]
    start, length = struct.unpack_from("<II", signature, 8)
    assert start % 16 == 0
    assert start + length == len(data)
    segments = {command[8:24].rstrip(b"\0"): command for kind, command in commands if kind == 0x19}
    in_memory, offset, size = struct.unpack_from("<3Q", segments[b"__LINKEDIT"], 32)
    assert offset + size == len(data)
    assert in_memory >= size
    blob = data[start:]
    magic, blob_size, count, kind, at = struct.unpack_from(">5I", blob)
    assert (magic, count, kind) == (0xFADE0CC0, 1, 0)
    directory = blob[at:blob_size]
    values: tuple[Any, ...] = struct.unpack_from(">9I4B4I4Q", directory)
    magic, size, version, flags, hashes, name, special, pages, limit = values[:9]
    assert (magic, size, version, flags, special) == (0xFADE0C02, len(directory), 0x20400, 0x20002, 0)
    assert values[9:13] == (32, 2, 0, 12)  # SHA-256 of pages of 2 ** 12 bytes
    assert values[13:18] == (0, 0, 0, 0, 0)
    assert values[18:20] == struct.unpack_from("<QQ", segments[b"__TEXT"], 40)
    assert (limit, pages) == (start, -(-start // 4096))
    for number in range(pages):
        page = data[number * 4096 : min((number + 1) * 4096, limit)]
        assert directory[hashes + 32 * number :][:32] == hashlib.sha256(page).digest(), f"page {number}"
    assert hashes + 32 * pages == size
    return directory[name:].partition(b"\0")[0].decode()


def load_commands(data: bytes) -> list[tuple[int, bytes]]:
    """Return kind and bytes of each load command of a thin Mach-O file."""
    count, size = struct.unpack_from("<II", data, 16)
    found, at = [], 32
    for _ in range(count):
        kind, length = struct.unpack_from("<II", data, at)
        found.append((kind, data[at : at + length]))
        at += length
    assert at == 32 + size
    return found
