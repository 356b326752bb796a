"""Reads descriptions of Pythons: sysconfigdata, PEP 739's build-details.json, and pyo3's configuration file.

They say what a Python on another machine says of itself. All are read as data: a sysconfigdata file is Python source,
and only the literals of one table in it count; nothing of it is run.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cratewheel.errors import ConfigError, InterpreterError
from cratewheel.interpreter.known_table import MUSL_SPELLED_SINCE, known
from cratewheel.interpreter.model import OLDEST, Implementation, Interpreter, Version
from cratewheel.targets.triples import Target

LARGEST = 4 << 20  # bytes of a description; real ones have 100 kB
_HINT = "PYO3_CROSS_LIB_DIR is the folder of the target's standard library, such as /sysroot/usr/lib/python3.12"
_IMPLEMENTATIONS: dict[str, Implementation] = {
    "cpython": "cpython",
    "pypy": "pypy",
    "graalpy": "graalpy",
    "graalvm": "graalpy",
}
# where a sysroot, an installation, a framework and a build tree keep the file
_FOLDERS = re.compile(r"(python|pypy|graalpy)3.*|lib.*|build.*|.*\.framework|Frameworks|Versions|3\..*|usr|local")
_DEPTH = 7
# Debian puts the ABI and the machine into the name: build-details.t.x86_64-linux-gnu.json
_DETAILS = "build-details*.json"
_FOLDER_VERSION = re.compile(r"(python|pypy|graalpy)(3\.\d+t?)")

# What triples, platforms and suffixes call a processor and a system → our words; the first that is found counts
_PROCESSORS = (
    (r"x86_64|amd64", "x86_64"),
    (r"aarch64|arm64", "aarch64"),
    (r"i[3-6]86|win32|(?<=-)x86(?=-)", "x86"),
    (r"powerpc64le|ppc64le|ppc64el", "powerpc64le"),
    (r"powerpc64|ppc64", "powerpc64"),
    (r"powerpc(?!_64)|ppc(?!_)", "powerpc"),
    (r"mips64el", "mips64el"),
    (r"mips64", "mips64"),
    (r"mipsel", "mipsel"),
    (r"(?<![a-z])arm(v[5-8]\w*|hf|el|eabi\w*)?(?=-|$)", "arm"),
    (r"mips|s390x|riscv32|riscv64|loongarch64|sparc64|wasm32", ""),
)
_SYSTEMS = (
    (r"android", "android"),
    (r"linux", "linux"),
    (r"iphone\w*|(?<![a-z])ios", "ios"),
    (r"darwin|macosx", "macos"),
    (r"win32|win_\w+|win-\w+|mingw|windows", "windows"),
    (r"cygwin|freebsd|netbsd|openbsd|emscripten", ""),
)


def from_environment(environ: Mapping[str, str], *, target: Target) -> Interpreter | None:
    """Return the interpreter that pyo3's variables describe, or None.

    PYO3_CONFIG_FILE comes before PYO3_CROSS_LIB_DIR, which PYO3_CROSS_PYTHON_VERSION and _PYTHON_SYSCONFIGDATA_NAME
    narrow down. For Windows that folder holds import libraries, and describes a Python only by a build-details.json.
    Raises `InterpreterError` when what they name is not there or says something else.
    """
    if environ.get("PYO3_CONFIG_FILE"):
        path = Path(environ["PYO3_CONFIG_FILE"])
        return from_config_file(_text(path), target=target, place=str(path))
    if environ.get("PYO3_CROSS_LIB_DIR"):
        folder = Path(environ["PYO3_CROSS_LIB_DIR"])
        if target.os == "windows" and folder.is_dir() and not (folder / "build-details.json").is_file():
            return None
        return from_lib_dir(
            folder,
            target=target,
            version=environ.get("PYO3_CROSS_PYTHON_VERSION", "").strip() or None,
            name=environ.get("_PYTHON_SYSCONFIGDATA_NAME") or None,
        )
    return None


def from_config_file(text: str, *, target: Target, place: str = "the configuration file") -> Interpreter:
    """Return the interpreter of a PYO3_CONFIG_FILE: lines `key=value`, at least `version`.

    See https://pyo3.rs/main/building-and-distribution.html#advanced-config-files. `abiflags`, `ext_suffix` and
    `abi_tag` are read too, as maturin does. Raises `InterpreterError`.
    """
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    values = {key.strip(): value.strip() for key, _, value in pairs}
    flags = values.get("build_flags", "")
    free = "Py_GIL_DISABLED" in flags or "-free_threaded-" in values.get("target_abi", "")
    debug = "Py_DEBUG" in flags
    width = values.get("pointer_width", "")
    said = _Description(
        implementation=values.get("implementation", "CPython"),
        version=values.get("version", ""),
        version_key="a line `version=3.12`",
        flags=values.get("abiflags") or ("t" if free else "") + ("d" if debug else ""),
        suffix=values.get("ext_suffix") or None,
        abi=values.get("abi_tag") or None,
        free=free,
        debug=debug,
        pointer_width=int(width) if re.fullmatch(r"[0-9]{1,4}", width) else None,
        place=place,
    )
    return said.interpreter(target)


def from_lib_dir(folder: Path, *, target: Target, version: str | None = None, name: str | None = None) -> Interpreter:
    """Return the interpreter whose standard library is in `folder`.

    A build-details.json (PEP 739) counts before a `_sysconfigdata*.py`; both may lie in folders below. `version`
    ("3.12", "3.14t") and `name` (the module's) choose among several. Raises `InterpreterError` when there is none, or
    more than one, or it is of another version or machine.
    """
    if not folder.is_dir():
        raise InterpreterError(f"PYO3_CROSS_LIB_DIR names {folder}, which is not a folder", hint=_HINT)
    details = [] if name else list(_search(folder, _DETAILS))
    modules = [path for path in _search(folder, "_sysconfigdata*.py") if name in (None, path.stem)]
    wanted = [path for path in details if _fits(path, version)] or [path for path in modules if _fits(path, version)]
    if not wanted:
        asked = f" of Python {version}" if version else ""
        raise InterpreterError(
            f"there is no {name or '_sysconfigdata*'}.py and no build-details.json{asked} in {folder}",
            notes=tuple(f"there is {path}" for path in (*details, *modules)),
            hint=_HINT,
        )
    path = _choose(wanted, target, folder)
    read = from_build_details if path.suffix == ".json" else from_sysconfigdata
    found = read(path, target=target)
    own = f"{found.version[0]}.{found.version[1]}"
    if version is not None and version not in (own, f"{own}t" if found.gil_disabled else own):
        raise InterpreterError(
            f"PYO3_CROSS_PYTHON_VERSION is {version}, but {path} describes {found.display}",
            hint="correct or unset the variable",
        )
    return found


def from_build_details(path: Path, *, target: Target) -> Interpreter:
    """Return the interpreter of a build-details.json (PEP 739, schema 1.0); raises `InterpreterError`.

    CPython 3.14 and 3.15 write the suffixes into a table of their own, where PEP 739 has `abi.extension_suffix`.
    """
    try:
        details = json.loads(_text(path))
        implementation = details["implementation"]["name"]
        version = details["language"]["version"]
        abi: Mapping[str, Any] = details.get("abi", {})
        flags = "".join(abi.get("flags", []))
        extensions = details.get("suffixes", {}).get("extensions", [])
        suffix = str(abi.get("extension_suffix") or (extensions[0] if extensions else "")) or None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InterpreterError(f"{path} is not a build-details.json (PEP 739): {error!r}") from error
    said = _Description(
        implementation=str(implementation),
        version=str(version),
        version_key="language.version",
        flags=flags,
        suffix=suffix,
        free="t" in flags,
        debug="d" in flags,
        machine=str(details.get("platform", "")),
        place=str(path),
    )
    return said.interpreter(target)


def from_sysconfigdata(path: Path, *, target: Target) -> Interpreter:
    """Return the interpreter of a `_sysconfigdata*.py`; raises `InterpreterError`.

    The file in PyPy's archives asks the running PyPy: there the folder and the modules beside it tell the rest.
    """
    values = read_sysconfigdata(path)
    named = _FOLDER_VERSION.findall(str(path.parent))
    soabi = str(values.get("SOABI") or "")
    suffix = str(values.get("EXT_SUFFIX") or "") or _find_suffix(path)
    told = next((name for name in _IMPLEMENTATIONS if soabi.startswith(name)), None)
    kind = told or ("pypy" if not soabi and ("lib_pypy" in path.parts or (named and named[-1][0] == "pypy")) else None)
    width = values.get("SIZEOF_VOID_P")
    version = values.get("VERSION") or values.get("py_version_short") or (named[-1][1].rstrip("t") if named else "")
    flags = str(values.get("ABIFLAGS") or "")
    said = _Description(
        implementation=kind or "cpython",
        version=str(version),
        version_key="VERSION",
        flags=flags,
        suffix=suffix,
        free=bool(values.get("Py_GIL_DISABLED")),
        debug=bool(values.get("Py_DEBUG")),
        pointer_width=width * 8 if isinstance(width, int) else None,
        # what the compiler said; the other is what the machine was that it ran on
        machine=str(values.get("MULTIARCH") or values.get("HOST_GNU_TYPE") or ""),
        place=str(path),
    )
    return said.interpreter(target)


def read_sysconfigdata(path: Path) -> Mapping[str, object]:
    """Return the variables in a `_sysconfigdata*.py` without running it; raises `InterpreterError` if it has none.

    Of `build_time_vars = {…}` the names and values that are literals count.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of strings that nobody here wrote
            tree = ast.parse(_text(path), filename=str(path))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InterpreterError(f"{path} is not Python source: {error}") from error
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="build_time_vars")], value=ast.Dict(keys=keys, values=values)):
                return {
                    key.value: literal
                    for key, value in zip(keys, values, strict=True)
                    if isinstance(key, ast.Constant)
                    and isinstance(key.value, str)
                    and (literal := _literal(value)) is not None
                }
    raise InterpreterError(f"{path} has no `build_time_vars = {{…}}`, which a sysconfigdata file needs", hint=_HINT)


def _literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return None


def _find_suffix(path: Path) -> str | None:
    """Return the suffix of the extension modules in the folder of `path`, if there are any."""
    for file in sorted(path.parent.glob("*-pp[0-9]*.*")):
        match = re.fullmatch(r"[^.]+(\.pypy3\d+-pp\d+-[^.]+\.(?:so|pyd))", file.name)
        if match is not None:
            return match[1]
    return None


def _search(folder: Path, pattern: str, depth: int = _DEPTH) -> Iterator[Path]:
    try:
        inside = sorted(folder.iterdir())
    except OSError:
        return
    yield from (path for path in inside if path.match(pattern) and path.is_file())
    for below in inside if depth else ():
        # a link leads to what is found by its own name, or, in a sysroot, to this machine
        if _FOLDERS.fullmatch(below.name) and below.is_dir() and not below.is_symlink():
            yield from _search(below, pattern, depth - 1)


def _fits(path: Path, version: str | None) -> bool:
    numbers = _FOLDER_VERSION.findall(str(path.parent))
    return version is None or not numbers or numbers[-1][1] == version


def _choose(found: list[Path], target: Target, folder: Path) -> Path:
    # Debian has the same file under two names
    found = list({path.resolve(): path for path in reversed(found)}.values())[::-1]
    if len(found) == 1:
        return found[0]
    arch = _family(target.arch)
    named = [
        path
        for path in found
        if (_normalise(_PROCESSORS, path.name) or _normalise(_PROCESSORS, str(path.relative_to(folder)))) == arch
    ]
    if len(named) == 1:
        return named[0]
    raise InterpreterError(
        f"{folder} describes {len(named or found)} Pythons",
        notes=tuple(str(path) for path in named or found),
        hint="choose one with PYO3_CROSS_PYTHON_VERSION=3.12, or by _PYTHON_SYSCONFIGDATA_NAME",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Description:
    """The description of a Python in a file; `place` is the file.

    `machine` is a triple or a platform; `abi` the ABI's part of a suffix that is not given.
    """

    implementation: str
    version: str
    version_key: str
    flags: str
    suffix: str | None
    abi: str | None = None
    free: bool
    debug: bool
    pointer_width: int | None = None
    machine: str = ""
    place: str

    def interpreter(self, target: Target) -> Interpreter:
        """Return the interpreter; raises `InterpreterError` for missing values, or another target."""
        implementation = _IMPLEMENTATIONS.get(self.implementation.lower())
        if implementation is None:
            raise InterpreterError(f"{self.place} describes {self.implementation}, which is not supported")
        version = self._version()
        if version < OLDEST:
            raise InterpreterError(
                f"{self.place} describes Python {self.version}; the oldest supported version is "
                f"{OLDEST[0]}.{OLDEST[1]}",
                hint="describe a newer Python",
            )
        suffix = self.suffix or self._known_suffix(target, implementation, version)
        # both become parts of file names
        for said, form in ((suffix, r"[\w+.-]*\.\w+"), (self.flags, r"[a-z]*")):
            if re.fullmatch(form, said, re.ASCII) is None:
                raise InterpreterError(f"{self.place} says {said!r}, which is not a known ABI or suffix")
        self._refuse_other_machine(target, suffix, version)
        words = suffix.strip(".").split(".")
        return Interpreter(
            implementation=implementation,
            implementation_name=implementation,
            version=version,
            abiflags=self.flags if implementation == "cpython" else "",
            ext_suffix=suffix,
            soabi=words[0] if len(words) > 1 else None,
            system=target.python_os,
            pointer_width=target.pointer_width,
            gil_disabled=self.free,
            debug=self.debug,
            source=self.place,
        )

    def _version(self) -> Version:
        match = re.fullmatch(r"(\d)\.(\d{1,3})(\..*)?", self.version.strip(), re.ASCII)
        if match is None:
            raise InterpreterError(
                f"{self.place} does not specify its Python version: {self.version_key} is missing or invalid"
            )
        return int(match[1]), int(match[2])

    def _known_suffix(self, target: Target, implementation: Implementation, version: Version) -> str:
        for one in known(target):
            alike = (one.implementation, one.version, one.gil_disabled) == (implementation, version, self.free)
            if alike and not self.debug and (implementation == "cpython" or one.abi_tag.endswith(self.abi or "")):
                return one.ext_suffix
        raise InterpreterError(
            f"{self.place} does not specify the suffix of extension modules", hint="add a line `ext_suffix=…` to it"
        )

    def _refuse_other_machine(self, target: Target, suffix: str, version: Version) -> None:
        """Raise `InterpreterError` when processor, system, C library or pointers are not those of `target`."""
        texts = [text for text in (self.machine, suffix) if text]
        # one Python of macOS has both processors, and Solaris calls itself i386 with 64 bits too
        arch = None if target.os in ("macos", "illumos", "solaris") else _family(target.arch)
        other = [
            text
            for text in texts
            if (arch and _normalise(_PROCESSORS, text) not in (None, arch))
            or _normalise(_SYSTEMS, text) not in (None, target.os)
        ]
        if version >= MUSL_SPELLED_SINCE and suffix.startswith(".cpython-"):
            library = "musl" if target.is_musl else "gnu" if target.is_glibc else ""
            other += [suffix for name in ("gnu", "musl") if library not in ("", name) and f"-linux-{name}" in suffix]
        if self.pointer_width not in (None, target.pointer_width):
            other.append(f"pointers of {self.pointer_width} bits")
        if other:
            raise InterpreterError(
                f"{self.place} describes a Python for another machine than {target.triple}: it has {other[0]}",
                hint="set --target to its platform, or describe another Python",
            )


def _family(arch: str) -> str:
    return "arm" if arch.startswith("armv") else "sparc64" if arch == "sparcv9" else arch


def _normalise(table: tuple[tuple[str, str], ...], text: str) -> str | None:
    """Return our name for the processor or system in `text`, or None if it is unknown."""
    for pattern, word in table:
        found = re.search(pattern, text)
        if found is not None:
            return word or found[0]
    return None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise InterpreterError(f"{path} is too large to describe a Python")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", hint="correct the variable that names it") from error
