"""Describes Python interpreters: their properties, specs that match them, and which ones a project supports.

Values only: nothing here looks at the machine. `probe` makes an `Interpreter` from what a program answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

Implementation = Literal["cpython", "pypy", "graalpy"]
StableKind = Literal["abi3", "abi3t"]
Version = tuple[int, int]

OLDEST: Version = (3, 7)  # no older Python is built for
ABI3T_OLDEST: Version = (3, 15)  # PEP 803: the first Python that loads a free-threaded stable ABI
STABLE_NAMES_PLATFORM_SINCE: Version = (3, 15)

_DISPLAY = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalPy"}
_PREFIX = {"cpython": "cp", "pypy": "pp", "graalpy": "graalpy"}
_ORDER: tuple[Implementation, ...] = ("cpython", "pypy", "graalpy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python to build for: the values that decide a wheel's tags and the name of its extension module.

    `version` is the language's (3, 9) even for PyPy 7.3. `platform` is `sysconfig.get_platform()` as it stands in a
    tag ("linux_x86_64"), or None on macOS, whose tag follows from the target. `executable` is None for an interpreter
    that is only described. `arch` is the processor of a Python of macOS or Windows, in Rust's word; None on other
    systems and for a Python of several. `source` says how it was found; `requested` is the user's word for it, if there
    was one.
    """

    implementation: Implementation
    implementation_name: str
    version: Version
    patch: int = 0
    abiflags: str = ""
    ext_suffix: str
    soabi: str | None = None
    platform: str | None = None
    arch: str | None = None
    system: str
    executable: Path | None = None
    pointer_width: int = 64
    gil_disabled: bool = False
    debug: bool = False
    in_virtualenv: bool = False
    source: str = ""
    requested: str | None = None

    @property
    def python_tag(self) -> str:
        """The first part of a wheel's tag: `cp311`, `pp39`, `graalpy311`, or the name of another implementation."""
        prefix = _PREFIX[self.implementation]
        if self.implementation == "cpython" and self.implementation_name != "cpython":
            prefix = self.implementation_name
        return f"{prefix}{self.version[0]}{self.version[1]}"

    @property
    def abi_tag(self) -> str:
        """The second part of a wheel's tag: `cp313t`, `pypy39_pp73`, `graalpy242_311_native`.

        PyPy and GraalPy are asked for what `packaging.tags` reads from their extension suffix; an unknown kin of
        CPython for its SOABI.
        """
        if self.implementation == "pypy":
            return "_".join(self._suffix_words()[:2])
        if self.implementation == "graalpy":
            return "_".join(self._suffix_words()[:3])
        if self.implementation_name != "cpython":
            return tag_word(self.soabi) if self.soabi else "none"
        return f"cp{self.version[0]}{self.version[1]}{self.abiflags}"

    @property
    def display(self) -> str:
        """The usual name: `CPython 3.13t`, `PyPy 3.9`; with the ABI where PyPy 8.0 changed it.

        >>> Interpreter(implementation="pypy", implementation_name="pypy", version=(3, 11), system="linux",
        ...             ext_suffix=".pypy311-pp80-darwin.so").display
        'PyPy 3.11 (pp80)'
        """
        name = _DISPLAY[self.implementation]
        if self.implementation == "cpython" and self.implementation_name != "cpython":
            name = self.implementation_name.capitalize()
        abi = self.abi_tag.partition("_")[2] if self.implementation == "pypy" else ""
        # the `m` of Python 3.7 tells nobody anything, and `pp73` was the only ABI of PyPy for many years
        flags = self.abiflags.replace("m", "") + (f" ({abi})" if abi not in ("", "pp73") else "")
        return f"{name} {self.version[0]}.{self.version[1]}{flags}"

    @property
    def full_version(self) -> str:
        """The version that pip compares with Requires-Python: `3.11.7`."""
        return f"{self.version[0]}.{self.version[1]}.{self.patch}"

    @property
    def stable_abi_capable(self) -> bool:
        """Whether it loads modules for some stable ABI: see `loads`."""
        return self.loads("abi3") or self.loads("abi3t")

    @property
    def identity(self) -> tuple[object, ...]:
        """A key that is equal for interpreters that one wheel serves."""
        # the platform is the same for all that are alike, but Windows has 32-bit and ARM Pythons side by side
        return (
            self.implementation_name,
            self.version,
            self.abi_tag,
            self.gil_disabled,
            self.debug,
            self.pointer_width,
            self.platform,
            self.arch,
        )

    @property
    def order(self) -> tuple[object, ...]:
        """A sort key: CPython by version, its debug and free-threaded builds after, then PyPy and GraalPy."""
        kin = self.implementation == "cpython" and self.implementation_name != "cpython"
        return (
            _ORDER.index(self.implementation),
            kin,
            self.gil_disabled,
            self.debug,
            self.version,
            self.platform or "",
        )

    def loads(self, kind: StableKind, minimum: Version | None = None) -> bool:
        """Return whether it loads modules for the stable ABI `kind` of Python `minimum`.

        Only CPython itself does. `abi3` needs the GIL; `abi3t` (PEP 803) works with and without it, from 3.15 on.
        """
        if self.implementation != "cpython" or self.implementation_name != "cpython":
            return False
        if minimum is not None and self.version < minimum:
            return False
        return not self.gil_disabled if kind == "abi3" else self.version >= ABI3T_OLDEST

    def extension_suffix(self, stable: StableKind | None = None, minimum: Version | None = None) -> str:
        """Return the suffix of extension modules, for its own ABI or the stable one of Python `minimum`.

        Windows has no suffix for the stable ABI, and a debug build there loads only `_d.pyd`; Cygwin says `.dll`.
        From Python 3.15 on, the platform may be in it (https://github.com/python/cpython/issues/122931).
        """
        if stable is None:
            return self.ext_suffix
        if self.system == "windows":
            return "_d.pyd" if self.debug else ".pyd"
        if self.system == "cygwin":
            return f".{stable}.dll"
        _, _, words = self.ext_suffix.strip(".").partition(".")[0].partition("-")  # after `cpython`
        _, _, platform = words.partition("-")  # CPython's SOABI_PLATFORM, after the version
        named = platform and minimum is not None and minimum >= STABLE_NAMES_PLATFORM_SINCE
        return f".{stable}-{platform}.so" if named else f".{stable}.so"

    def _suffix_words(self) -> list[str]:
        # ".pypy39-pp73-x86_64-linux-gnu.so" → ["pypy39", "pp73", "x86_64", "linux", "gnu"]
        return tag_word(self.ext_suffix.strip(".").partition(".")[0], keep="-").split("-")


def tag_word(text: str, *, keep: str = "") -> str:
    """Return `text` as a part of a wheel's tag, without `-` and `.`.

    >>> tag_word("linux-x86_64")
    'linux_x86_64'
    """
    return "".join("_" if letter in "-. " and letter not in keep else letter for letter in text.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class InterpreterSpec:
    """A description of interpreters: `3.12`, `pypy3.10`, `3.13t`. Unspecified parts are None."""

    implementation: Implementation
    version: Version | None = None
    patch: int | None = None
    free_threaded: bool = False
    debug: bool = False

    def matches(self, interpreter: Interpreter) -> bool:
        """Return whether `interpreter` matches."""
        return (
            self.implementation == interpreter.implementation
            and self.version in (None, interpreter.version)
            and self.patch in (None, interpreter.patch)
            and self.free_threaded == interpreter.gil_disabled
            and self.debug == interpreter.debug
        )

    @property
    def program(self) -> str:
        """The usual name of its program: `python3.13t`, `pypy3`, `graalpy`."""
        stem = {"cpython": "python3", "pypy": "pypy3", "graalpy": "graalpy"}[self.implementation]
        version = "" if self.version is None else f"{self.version[0]}.{self.version[1]}"
        flags = ("t" if self.free_threaded else "") + ("d" if self.debug else "")
        return (stem.rstrip("3") if version else stem) + version + flags

    def __str__(self) -> str:
        """Return the words that people use: `CPython 3.13t`."""
        version = "" if self.version is None else f" {self.version[0]}.{self.version[1]}"
        patch = "" if self.patch is None else f".{self.patch}"
        flags = ("t" if self.free_threaded else "") + ("d" if self.debug else "")
        return f"{_DISPLAY[self.implementation]}{version}{patch}{flags}"


_NAMES: dict[str, Implementation] = {
    "": "cpython",
    "python": "cpython",
    "cpython": "cpython",
    "pypy": "pypy",
    "graalpy": "graalpy",
    "graalvm": "graalpy",
}
_WORDS = (
    r"(?P<name>[a-z]*)[-@]?"
    r"(?:(?P<major>[0-9])(?:\.(?P<minor>[0-9]{1,2})(?:\.(?P<patch>[0-9]{1,2}))?)?)?"
    r"(?P<free>t?)(?P<debug>d?)(?:\.exe)?"
)
_TAG = r"(?P<name>cp|pp|graalpy)(?P<major>3)(?P<minor>[0-9]{1,2})(?P<free>t?)(?P<debug>d?)"


def parse_spec(text: str) -> InterpreterSpec | None:
    """Return the spec in `text`, or None if it is not one.

    Read are a version, a program's name, the words of pyenv, setup-python and uv, and a wheel's Python tag. `pypy` or
    `python3` mean any version of theirs.

    >>> parse_spec("pypy-3.10")
    InterpreterSpec(implementation='pypy', version=(3, 10), patch=None, free_threaded=False, debug=False)
    >>> str(parse_spec("python3.13t")), str(parse_spec("cp311")), parse_spec("jython")
    ('CPython 3.13t', 'CPython 3.11', None)
    """
    word = text.strip().lower()
    if "/" in word or "\\" in word:
        return None  # a path
    if tag := re.fullmatch(_TAG, word):
        stem = {"cp": "cpython", "pp": "pypy"}.get(tag["name"], "graalpy")
        return _spec(_NAMES[stem], tag["minor"], None, tag)
    found = re.fullmatch(_WORDS, word)
    if not word or found is None or found["name"] not in _NAMES or found["major"] not in (None, "3"):
        return None
    implementation = _NAMES[found["name"]]
    if (found["free"] or found["debug"]) and (found["minor"] is None or implementation != "cpython"):
        return None
    return _spec(implementation, found["minor"], found["patch"], found)


def _spec(
    implementation: Implementation, minor: str | None, patch: str | None, found: re.Match[str]
) -> InterpreterSpec:
    return InterpreterSpec(
        implementation=implementation,
        version=None if minor is None else (3, int(minor)),
        patch=None if patch is None else int(patch),
        free_threaded=bool(found["free"]),
        debug=bool(found["debug"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Supported:
    """The interpreters that a project's bindings support: the first and last version of each kind.

    An implementation that is None cannot be built for. Free-threaded CPython needs `free_threaded`, and counts from
    `free_threaded_minimum` on.
    """

    cpython: tuple[Version, Version] = (OLDEST, (3, 15))
    pypy: tuple[Version, Version] | None = None
    graalpy: tuple[Version, Version] | None = None
    free_threaded: bool = False
    free_threaded_minimum: Version = (3, 14)

    def fits(self, interpreter: Interpreter | InterpreterSpec) -> bool:
        """Return whether `interpreter` is supported; an open version is if its kind is."""
        bounds = self._bounds(interpreter.implementation)
        if bounds is None:
            return False
        free = interpreter.gil_disabled if isinstance(interpreter, Interpreter) else interpreter.free_threaded
        if free and not self.free_threaded:
            return False
        version = interpreter.version
        if version is None:
            return True
        oldest = max(bounds[0], self.free_threaded_minimum) if free else bounds[0]
        return oldest <= version <= bounds[1]

    def __str__(self) -> str:
        """Return what is supported in words: `CPython 3.7 to 3.15, PyPy 3.9 to 3.11`."""
        spans = [
            f"{_DISPLAY[kind]} {low[0]}.{low[1]} to {high[0]}.{high[1]}"
            for kind, (low, high) in ((kind, self._bounds(kind) or ((0, 0), (0, 0))) for kind in _ORDER)
            if high > (0, 0)
        ]
        return ", ".join(spans)

    def _bounds(self, implementation: Implementation) -> tuple[Version, Version] | None:
        return {"cpython": self.cpython, "pypy": self.pypy, "graalpy": self.graalpy}[implementation]


def meets_requires_python(interpreter: Interpreter, requires_python: SpecifierSet | None) -> bool:
    """Return whether the project's Requires-Python allows `interpreter`; one that is not here may be of any patch."""
    if requires_python is None:
        return True
    if interpreter.executable is not None:
        return requires_python.contains(interpreter.full_version, prereleases=True)
    # the newest 3.9 meets `>=3.9.1`
    version = f"{interpreter.version[0]}.{interpreter.version[1]}"
    return any(requires_python.contains(f"{version}.{patch}", prereleases=True) for patch in (99, 0))


EVERY = Supported(
    pypy=(OLDEST, (3, 99)),
    graalpy=(OLDEST, (3, 99)),
    cpython=(OLDEST, (3, 99)),
    free_threaded=True,
    free_threaded_minimum=(3, 13),
)
"""Any interpreter that some project can be built for: what `list-python` shows."""
