"""A `BuildPlan` and its parts.

Where the answer needs the compiled file (the lowest manylinux tag), the plan holds a `ByAudit`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cratewheel.bindings.detect import Bindings
from cratewheel.cargo.command import CargoBuild
from cratewheel.interpreter.model import Interpreter, StableKind, Version
from cratewheel.planning.hooks import HookPlan
from cratewheel.targets.triples import Target

if TYPE_CHECKING:
    from cratewheel.targets.zig import ZigPlan

AuditMode = Literal["repair", "check", "warn", "skip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ByAudit:
    """The lowest tag that the compiled file meets; known only after compiling.

    `plain` are the tags of a wheel that fits none.
    """

    plain: tuple[str, ...] = ()
    pypi: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ByPolicy:
    """Requested tags; the compiled file must meet each, unless the audit is skipped."""

    policies: tuple[str, ...]
    pypi: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """Platform tags that do not depend on the compiled file; empty means the interpreter's own."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ByDeploymentTarget:
    """The macOS deployment target by processor; the tag has a newer version if the compiled file needs it."""

    versions: tuple[tuple[str, tuple[int, int]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InterpreterPlatform:
    """The tag of the interpreter that a wheel is for, or the target's: known once the wheels are planned."""


PlatformPlan = ByAudit | ByPolicy | ByDeploymentTarget | Fixed
PlatformChoice = PlatformPlan | InterpreterPlatform


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiling:
    """How the profile of a wheel is made before the wheel is compiled with it.

    `builds` are those of an instrumented wheel, compiled in `directory`. It is installed into the virtual environment
    `environment` of `python`, with `requirements`, and `command` is run there: it writes to the folder `raw`, which
    llvm-profdata merges into the file `profile`.
    """

    builds: tuple[CargoBuild, ...]
    directory: Path
    python: Path
    environment: Path
    requirements: tuple[str, ...]
    command: str
    raw: Path
    profile: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelPlan:
    """One wheel: the cargo builds that it contains, and its tags.

    `serves` lists the interpreters that will install it; `module_file` is the file name of the extension, None for
    binaries and for libraries that are not imported as a module. `bindings` are those of this build, `stable_abi` is
    the kind of the stable ABI that it is for, with its oldest Python. `config` is the description of the interpreter
    that pyo3 gets as a file, where it needs one. `directory` is the build directory that the wheel has for itself; None
    stands for cargo's target directory. With `profiling`, the builds use a profile that is made first; `instrumented`
    is the wheel that makes it.
    """

    builds: tuple[CargoBuild, ...]
    interpreter: Interpreter | None
    serves: tuple[Interpreter, ...]
    python_tag: str
    abi_tag: str
    platform: PlatformPlan
    audit: AuditMode
    module_file: str | None = None
    bindings: Bindings
    stable_abi: tuple[StableKind, Version] | None = None
    config: str | None = None
    directory: Path | None = None
    profiling: Profiling | None = None
    instrumented: bool = False
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlan:
    """Everything that is built for one target, in order: the sdist first.

    `hooks` are those of the project, as far as they are known before the first has run. `zig` tells for each
    processor what zig links for, where it does.
    """

    name: str
    version: str
    target: Target
    out: Path
    sdist: bool
    wheels: tuple[WheelPlan, ...]
    zig: tuple[ZigPlan, ...] = ()
    hooks: tuple[HookPlan, ...] = ()
    warnings: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
