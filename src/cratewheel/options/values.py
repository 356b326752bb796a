"""Structured values of settings, parsed from TOML or text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ArchiveFormat = Literal["sdist", "wheel"]
ArtifactKind = Literal["extension", "cffi", "uniffi", "bin", "library"]
FailureKind = Literal["no-cargo", "no-std", "compile-error"]
BOTH_FORMATS: tuple[ArchiveFormat, ...] = ("sdist", "wheel")

When = Literal["before-compile", "before-pack", "sdist"]
Per = Literal["target", "wheel"]
InSdist = Literal["include", "regenerate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Include:
    """Files to add to an archive: a glob relative to the project, or to a build script's OUT_DIR.

    With `from_out_dir`, `to` is the folder in the wheel and `crate` the package whose build script wrote the files
    (None is the project's own).
    """

    path: str
    formats: tuple[ArchiveFormat, ...] = BOTH_FORMATS
    from_out_dir: bool = False
    to: str | None = None
    crate: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclude:
    """A gitignore-style pattern, relative to the project, of files that are not in the archives."""

    path: str
    formats: tuple[ArchiveFormat, ...] = BOTH_FORMATS


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A cargo feature, for every interpreter or those that meet the conditions.

    `python_version` is a PEP 440 specifier on X.Y; `python_implementation` is compared with `sys.implementation.name`.
    """

    name: str
    python_version: str | None = None
    python_implementation: str | None = None

    @property
    def conditional(self) -> bool:
        """Whether the feature depends on the interpreter."""
        return self.python_version is not None or self.python_implementation is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSelection:
    """One `[[tool.maturin.targets]]` table: the name and optionally the kind of a cargo target to build."""

    name: str
    kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactSettings:
    """One `[[artifacts]]` table: a compiled file of the wheel.

    `crate` is a package of the workspace (None is the project's own), `target` its library, program or example, and
    `kind` what the file is for; None leaves these to the crate. `module` is the dotted name of a module, `path` a
    folder or file of the wheel. `features` and `profile` are cargo's. `prebuilt` is a file that is packed instead of
    compiling. An `optional` one is left out where it cannot be compiled.
    """

    crate: str | None = None
    target: str | None = None
    kind: ArtifactKind | None = None
    module: str | None = None
    path: str | None = None
    features: tuple[Feature, ...] = ()
    profile: str | None = None
    prebuilt: str | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionalRust:
    """The `optional` table: the failures after which a wheel is made of the Python part alone; none by default."""

    when: tuple[FailureKind, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sbom:
    """The `sbom` table: the SBOMs in a wheel, and additional files."""

    rust: bool = True
    auditwheel: bool = True
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Licenses:
    """The `licenses` table: what becomes of the licences of the crates inside a wheel.

    With `include`, their texts are put into the wheel. `check` are the licences that they may have, as SPDX spells them
    (none: any); `clarify` says the licence of crates by name, where a manifest does not.
    """

    include: bool = False
    check: tuple[str, ...] = ()
    clarify: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOptions:
    """One `[tool.maturin.target.<triple>]` table."""

    triple: str
    macos_deployment_target: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CiSettings:
    """What a table of `generate-ci` sets of one job, or of all targets of a platform; None leaves it to the default."""

    runner: str | None = None
    manylinux: str | None = None
    container: str | None = None
    docker_options: str | None = None
    rust_toolchain: str | None = None
    rustup_components: str | None = None
    before_script_linux: str | None = None
    args: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CiTarget:
    """One target of a platform, by the word for its processor, and what is set for it alone."""

    arch: str
    settings: CiSettings = CiSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class CiPlatform:
    """One table `generate-ci.github.<platform>`; no targets means the usual ones."""

    name: str
    targets: tuple[CiTarget, ...] = ()
    settings: CiSettings = CiSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class CiOptions:
    """The table `generate-ci.github` or `generate-ci.gitlab`.

    `unknown` are the places of keys in it that mean nothing: a build does not mind them, the generator does.
    """

    pytest: bool = False
    zig: bool = False
    skip_attestation: bool = False
    trusted_publishing: bool = False
    publishing_environment: str | None = None
    args: str | None = None
    platforms: tuple[CiPlatform, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateCi:
    """The table `generate-ci`, by the service that the file is for."""

    github: CiOptions | None = None
    gitlab: CiOptions | None = None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The source of a setting's value.

    `kind` is how it was given, `cargo` a setting of cargo's own; `name` is the flag, variable or key as the user wrote
    it.

    >>> str(Origin(kind="key", name="tool.maturin.strip"))
    'tool.maturin.strip in pyproject.toml'
    """

    kind: Literal["flag", "variable", "key", "cargo", "default"]
    name: str = ""

    def __str__(self) -> str:
        match self.kind:
            case "flag" | "cargo":
                return self.name
            case "variable":
                return f"the variable {self.name}"
            case "key":
                return f"{self.name} in pyproject.toml"
            case "default":
                return "default"


Origins = Mapping[str, Origin]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One table: a command (`run`) or a function of the project (`python`), and what it reads and makes.

    `inputs` and `outputs` are globs relative to the project. It runs once for each target, or for each wheel (`per`).
    `sdist` says whether a source distribution has the outputs, or what is needed to make them again.
    """

    run: tuple[str, ...] = ()
    python: str | None = None
    when: When = "before-compile"
    per: Per = "target"
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    sdist: InSdist = "include"

    def __str__(self) -> str:
        """Return the hook as messages name it."""
        import shlex  # slow to import

        return self.python or shlex.join(self.run)
