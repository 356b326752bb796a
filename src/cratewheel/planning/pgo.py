"""Profile-guided optimisation: what is compiled with which flags, what is run to get a profile, and where. Pure.

Follows https://doc.rust-lang.org/rustc/profile-guided-optimization.html: compile with counters, run, merge what was
counted, and compile with that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.requirements import Requirement

from cratewheel.cargo.command import extra_value
from cratewheel.cargo.query import Rustc
from cratewheel.errors import ConfigError, InterpreterError, MissingToolError, UnsupportedError, UsageError
from cratewheel.interpreter.model import Interpreter
from cratewheel.planning.model import ArtifactPlan, ByAudit, ByPolicy, Profiling, WheelPlan
from cratewheel.project import dependency_groups
from cratewheel.project.inputs import Inputs
from cratewheel.system.command import Command
from cratewheel.system.versions import parse_requirement
from cratewheel.targets.triples import parse

PGO_DIR = "cratewheel/pgo"  # below the target directory; `cratewheel clean` removes it
DEFAULT_GROUP = "dev"  # installed for the training run where no group is named
RAW_FILE = "%m_%p.profraw"  # one for each compiled file and process


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfiledWheel:
    """The interpreter that a wheel is profiled with, and the folders that this needs."""

    python: Path
    instrumented: Path
    optimised: Path
    training: Path

    @property
    def raw(self) -> Path:
        """The folder that an instrumented library writes to."""
        return self.training / "raw"

    @property
    def profile(self) -> Path:
        """The merged profile."""
        return self.training / "merged.profdata"


def profiled_wheel(inputs: Inputs, python: Interpreter | None, tag: str) -> ProfiledWheel:
    """Return where the wheel with the `tag` is profiled.

    Raises `ConfigError` without a command to run, `UnsupportedError` or `InterpreterError` for a wheel that cannot run
    here.
    """
    options, named = inputs.options, inputs.options.origins.get("pgo", "--pgo")
    if not (options.pgo_command or "").strip():
        raise ConfigError(
            f"{named} needs `pgo-command`: a command that uses the module as its users will",
            hint=f'write `pgo-command = "python bench.py"` below {inputs.project.settings_table} of pyproject.toml',
        )
    if extra_value(options.cargo_extra_args, "--target-dir") is not None:
        raise UsageError(
            f"{named} compiles in several target directories, and the extra cargo arguments name one",
            hint="pass --target-dir to cratewheel, which makes them inside it",
        )
    if inputs.described:
        raise UnsupportedError(
            f"{named} runs Python, and {', '.join(inputs.described)} describes one that is not started",
            hint="unset it, or build without a profile",
        )
    if not _runs_here(inputs):
        raise UnsupportedError(
            f"{named} runs the wheel, and one for {inputs.target.triple} cannot run on {inputs.rustc.host}",
            hint="build it on such a machine, or without a profile",
        )
    if python is None or python.executable is None:
        raise InterpreterError(
            f"{named} runs the wheel, and there is no Python for it on this machine", hint="name one with -i"
        )
    folder = (options.target_dir or inputs.cargo.target_directory) / PGO_DIR
    name = "-".join((*filter(None, (inputs.cargo_target,)), tag))
    return ProfiledWheel(
        python=python.executable,
        instrumented=folder / "instrumented" / name,
        optimised=folder / "optimised" / name,
        training=folder / "training" / name,
    )


def _runs_here(inputs: Inputs) -> bool:
    host = parse(inputs.rustc.host)
    same_machine = (inputs.target.os, inputs.target.arch) == (host.os, host.arch)
    return not inputs.foreign or (inputs.only_programs and same_machine)  # no Python loads a program


def generate_flags(wheel: ProfiledWheel) -> tuple[str, ...]:
    """Return the rustc flags of all crates of the instrumented wheel."""
    return ("-C", f"profile-generate={wheel.raw}")


def use_flags(wheel: ProfiledWheel) -> tuple[str, ...]:
    """Return the rustc flags of all crates of the optimised wheel."""
    return ("-C", f"profile-use={wheel.profile}")


def profiling(inputs: Inputs, wheel: ProfiledWheel, artifacts: tuple[ArtifactPlan, ...]) -> Profiling:
    """Return how the profile is made; raises `ConfigError` for a dependency group that is not there or is wrong."""
    assert inputs.options.pgo_command is not None, "it was checked"
    return Profiling(
        artifacts=artifacts,
        directory=wheel.instrumented,
        python=wheel.python,
        environment=wheel.training / "venv",
        requirements=_requirements(inputs),
        command=inputs.options.pgo_command.strip(),
        raw=wheel.raw,
        profile=wheel.profile,
    )


def _requirements(inputs: Inputs) -> tuple[str, ...]:
    """Return what the training run needs: the project's dependencies and a dependency group, with their markers."""
    pyproject = inputs.project.pyproject
    groups = pyproject.dependency_groups if pyproject is not None else {}
    named = inputs.options.pgo_dependency_group
    names = (named,) if named is not None else (DEFAULT_GROUP,) if DEFAULT_GROUP in groups else ()
    of_group = dependency_groups.requirements(groups, names, inputs.project.root / "pyproject.toml")
    return tuple(dict.fromkeys((*inputs.metadata.requires_dist, *map(str, of_group))))


def instrumented(wheel: WheelPlan) -> WheelPlan:
    """Return the wheel that makes the profile of `wheel`: it stays on this machine, so nothing is audited."""
    assert wheel.profiling is not None
    return replace(
        wheel,
        artifacts=wheel.profiling.artifacts,
        directory=wheel.profiling.directory,
        platform=ByPolicy(policies=("linux",)) if isinstance(wheel.platform, ByAudit) else wheel.platform,
        audit="skip",
        profiling=None,
        instrumented=True,
    )


def compiled_wheels(wheel: WheelPlan) -> tuple[WheelPlan, ...]:
    """Return the wheels that are compiled for `wheel`, in order."""
    return (instrumented(wheel), wheel) if wheel.profiling is not None else (wheel,)


# -- the programs of the training run


def venv_command(plan: Profiling, uv: Path | None) -> Command:
    """Return the command that makes the virtual environment."""
    if uv is not None:
        return Command(
            argv=(str(uv), "venv", "--quiet", "--no-project", "--python", str(plan.python), str(plan.environment))
        )
    return Command(argv=(str(plan.python), "-m", "venv", str(plan.environment)))


def needed(requirements: Iterable[str], markers: Mapping[str, str]) -> tuple[str, ...]:
    """Return the requirements that count in an environment with these values for markers, without any extra.

    >>> needed(["numpy", 'attrs; extra == "fast"', 'tomli; python_version < "3.11"'], {"python_version": "3.12"})
    ('numpy',)
    """
    return tuple(text for text in requirements if _holds(parse_requirement(text), markers))


def _holds(requirement: Requirement, markers: Mapping[str, str]) -> bool:
    try:
        return requirement.marker is None or requirement.marker.evaluate({**markers, "extra": ""})
    except (ValueError, KeyError):  # packaging's errors of comparisons that mean nothing: the installer will say it
        return True


def install_command(requirements: tuple[str, ...], python: Path, uv: Path | None) -> Command:
    """Return the command that installs the requirements for the environment's interpreter `python`."""
    if uv is not None:
        return Command(argv=(str(uv), "pip", "install", "--quiet", "--python", str(python), *requirements))
    return Command(argv=(str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *requirements))


def training_command(
    plan: Profiling, *, python: Path, scripts: Path, path: str, separator: str, shell: tuple[str, ...], root: Path
) -> Command:
    """Return the command that the profile is taken of: run by the `shell`, with the environment active.

    `scripts` is the environment's folder of programs, which comes before the user's `path`.
    """
    env = (
        ("LLVM_PROFILE_FILE", str(plan.raw / RAW_FILE)),
        ("PATH", f"{scripts}{separator}{path}" if path else str(scripts)),
        ("PYTHONHOME", None),
        ("UV_PYTHON", str(python)),
        ("VIRTUAL_ENV", str(plan.environment)),
    )
    return Command(argv=shell, env=env, cwd=root)


def merge_command(plan: Profiling, profdata: Path | str, output: Path) -> Command:
    """Return the command that merges what the training run wrote.

    A process that was killed leaves a file that is not whole: the others count all the same.
    """
    return Command(argv=(str(profdata), "merge", "--failure-mode=all", f"--output={output}", str(plan.raw)))


# -- the tool that merges


def profdata_names(rustc: Rustc) -> tuple[str, ...]:
    """Return the names of llvm-profdata on PATH, the likeliest first: distributions add LLVM's version.

    >>> profdata_names(Rustc(version=(1, 95, 0), host="x86_64-unknown-linux-gnu", llvm=22))
    ('llvm-profdata-22', 'llvm-profdata')
    """
    return (*((f"llvm-profdata-{rustc.llvm}",) if rustc.llvm else ()), "llvm-profdata")


def profdata_of_rustup(sysroot: Path, rustc: Rustc) -> Path:
    """Return where the component llvm-tools of rustup has llvm-profdata."""
    name = "llvm-profdata.exe" if "-windows-" in rustc.host else "llvm-profdata"
    return sysroot / "lib" / "rustlib" / rustc.host / "bin" / name


def fits(version: int | None, rustc: Rustc) -> bool:
    """Return whether an llvm-profdata of LLVM's major `version` reads what a rustc writes: it must be the same."""
    return version is None or rustc.llvm is None or version == rustc.llvm


def no_profdata_error(rustc: Rustc, unfit: Iterable[tuple[Path, int]]) -> MissingToolError:
    """Return the error for a machine without a usable llvm-profdata; `unfit` are those of other versions of LLVM."""
    llvm = rustc.llvm or "of rustc's version"
    return MissingToolError(
        "--pgo needs llvm-profdata, which was not found",
        notes=tuple(f"{path} is of LLVM {version}, and rustc has LLVM {llvm}" for path, version in unfit),
        hint="add it with `rustup component add llvm-tools`; for a rustc of your distribution, install its package "
        f"of LLVM {llvm}, such as {f'llvm-{rustc.llvm}' if rustc.llvm else 'llvm'}",
    )
