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
class ArtifactPlan:
    """One compiled file of a wheel: the cargo builds that make it, one for each processor.

    `name` is the cargo target's. `part` is the index of the listed artifact; None stands for the project's own. `path`
    is its place in the wheel, where it says one.
    `bindings` are those of this build, `stable_abi` is the kind of the stable ABI that it is for, with its oldest
    Python. `module_file` is the file name of an extension, None for programs and for libraries that are not imported as
    a module. `config` is the description of the interpreter that pyo3 gets as a file, where it needs one. A
    `prebuilt` file is packed instead of compiling, under the name `cargo_file`, which cargo would give it. `directory`
    is the build directory that it has for itself; None stands for that of the wheel.
    """

    name: str
    builds: tuple[CargoBuild, ...]
    bindings: Bindings
    part: int | None = None
    path: str | None = None
    module_file: str | None = None
    stable_abi: tuple[StableKind, Version] | None = None
    config: str | None = None
    prebuilt: Path | None = None
    cargo_file: str = ""
    directory: Path | None = None

    @property
    def is_program(self) -> bool:
        """Whether the file is started, not loaded."""
        return self.bindings.kind == "bin"

    @property
    def is_command(self) -> bool:
        """Whether it is a program that installers put among the environment's."""
        return self.is_program and self.path is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiling:
    """How the profile of a wheel is made before the wheel is compiled with it.

    `artifacts` are those of an instrumented wheel, compiled in `directory`. It is installed into `environment`, a
    virtual environment of `python`, with `requirements`, and `command` is run there: it writes to the folder `raw`,
    which llvm-profdata merges into the file `profile`.
    """

    artifacts: tuple[ArtifactPlan, ...]
    directory: Path
    python: Path
    environment: Path
    requirements: tuple[str, ...]
    command: str
    raw: Path
    profile: Path

    @property
    def builds(self) -> tuple[CargoBuild, ...]:
        """The cargo builds of the instrumented wheel."""
        return tuple(build for artifact in self.artifacts for build in artifact.builds)


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelPlan:
    """One wheel: its compiled files, and its tags.

    `serves` lists the interpreters that will install it. `stable_abi` is the kind of the stable ABI that it is for,
    with its oldest Python. `directory` is the build directory that the wheel has for itself; None stands for cargo's
    target directory. With `profiling`, the builds use a profile that is made first; `instrumented` is the wheel that
    makes it.
    """

    artifacts: tuple[ArtifactPlan, ...]
    interpreter: Interpreter | None
    serves: tuple[Interpreter, ...]
    python_tag: str
    abi_tag: str
    platform: PlatformPlan
    audit: AuditMode
    stable_abi: tuple[StableKind, Version] | None = None
    directory: Path | None = None
    profiling: Profiling | None = None
    instrumented: bool = False
    why: tuple[str, ...] = ()

    @property
    def builds(self) -> tuple[CargoBuild, ...]:
        """All cargo builds, in order."""
        return tuple(build for artifact in self.artifacts for build in artifact.builds)

    @property
    def is_pure(self) -> bool:
        """Whether it has no compiled file."""
        return not self.artifacts

    @property
    def per_interpreter(self) -> bool:
        """Whether it is for one interpreter or stable ABI, and not for any Python 3."""
        return any(artifact.bindings.per_interpreter for artifact in self.artifacts)

    @property
    def commands(self) -> tuple[ArtifactPlan, ...]:
        """The programs that installers put among the environment's."""
        return tuple(artifact for artifact in self.artifacts if artifact.is_command)


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
