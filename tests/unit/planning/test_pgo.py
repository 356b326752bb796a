"""What a profile-guided build compiles, and what it runs to get its profile."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cratewheel.cargo.query import Rustc
from cratewheel.errors import ConfigError, CratewheelError, InterpreterError, UnsupportedError, UsageError
from cratewheel.planning import pgo
from cratewheel.planning.decide import decide
from cratewheel.planning.explain import as_json, explain
from cratewheel.planning.model import ByPolicy, Profiling, WheelPlan
from cratewheel.project.inputs import Inputs
from cratewheel.targets.triples import parse
from situations import MACOS_ARM, METADATA, MUSL, PROGRAM, WINDOWS, from_elsewhere, pyo3, situation
from system_paths import native

TOOL = {"pgo-command": "python bench.py"}
HOST = "x86_64-unknown-linux-gnu"
FOLDER = native("/work/app/target/cratewheel/pgo")
RAW, PROFILE = (native(f"{FOLDER}/training/cp312-cp312/{name}") for name in ("raw", "merged.profdata"))
GENERATE, USE = f"profile-generate={RAW}", f"profile-use={PROFILE}"
RUSTC = Rustc(version=(1, 95, 0), host=HOST, llvm=22)


def inputs(words: str = "", *, tool: dict[str, Any] | None = None, **facts: Any) -> Inputs:
    facts = {"cargo": pyo3("0.28.3"), "pythons": ("12",), **facts}
    return situation(f"--pgo {words}", tool=TOOL if tool is None else tool, **facts)


def wheel(facts: Inputs) -> WheelPlan:
    (only,) = decide(facts).wheels
    return only


def plan(facts: Inputs) -> Profiling:
    found = wheel(facts).profiling
    assert found is not None
    return found


def config(*flags: str, triple: str = HOST) -> tuple[str, ...]:
    return (f"target.{triple}.rustflags={json.dumps(flags)}",)


def test_a_wheel_is_compiled_with_counters_and_then_with_what_they_counted() -> None:
    found = wheel(inputs())
    assert found.profiling == Profiling(
        artifacts=found.profiling.artifacts if found.profiling else (),
        directory=Path(FOLDER, "instrumented/cp312-cp312"),
        python=Path("/pythons/cpython3.12/bin/python"),
        environment=Path(FOLDER, "training/cp312-cp312/venv"),
        requirements=(),
        command="python bench.py",
        raw=Path(RAW),
        profile=Path(PROFILE),
    )
    assert found.directory == Path(FOLDER, "optimised/cp312-cp312")
    first, second = (build.options for build in (*found.profiling.builds, *found.builds))
    assert (first.config, second.config) == (config("-C", GENERATE), config("-C", USE))
    assert (first.target_dir, second.target_dir) == (found.profiling.directory, found.directory)
    assert (first.profile, first.target) == (second.profile, second.target) == ("release", HOST)


@pytest.mark.parametrize(
    ("words", "tool", "profile"),
    [
        ("", {}, "release"),
        ("--profile dist", {}, "dist"),
        ("", {"profile": "dist"}, "dist"),
        ('--cargo-extra-args="--profile dist"', {}, None),
    ],
)
def test_a_profile_that_is_named_is_kept(words: str, tool: dict[str, Any], profile: str | None) -> None:
    assert wheel(inputs(words, tool={**TOOL, **tool})).builds[0].options.profile == profile


def test_flags_of_the_configuration_and_of_musl_stay() -> None:
    facts = inputs(machine=MUSL, configured_rustflags=("-g",))
    assert plan(facts).builds[0].options.config == config(
        "-g", "-C", "target-feature=-crt-static", "-C", GENERATE, triple="x86_64-unknown-linux-musl"
    )


@pytest.mark.parametrize(
    ("given", "words", "expected"),
    [
        (("RUSTFLAGS", "-g"), "", {"RUSTFLAGS": f"-g -C {USE}"}),
        (("CARGO_ENCODED_RUSTFLAGS", "--cfg\x1fa b"), "", {"CARGO_ENCODED_RUSTFLAGS": f"--cfg\x1fa b\x1f-C\x1f{USE}"}),
        (
            ("RUSTFLAGS", "-g  -C opt-level=2"),
            '--target-dir "/my target"',
            {
                "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(
                    (
                        *("-g", "-C", "opt-level=2", "-C"),
                        f"profile-use={native('/my target/cratewheel/pgo/training/cp312-cp312/merged.profdata')}",
                    )
                )
            },
        ),
    ],
    ids=["split at spaces", "encoded", "a folder with a space"],
)
def test_flags_of_a_variable_stay(given: tuple[str, str], words: str, expected: dict[str, str]) -> None:
    build = wheel(inputs(words, rustflags=given)).builds[0]
    assert build.options.config == ()
    assert {name: value for name, value in build.env if "RUSTFLAGS" in name} == expected


def test_each_interpreter_has_a_profile_of_its_own() -> None:
    found = decide(inputs(pythons=("12", "14t"))).wheels
    assert [one.profiling.profile.parent.name for one in found if one.profiling] == ["cp312-cp312", "cp314-cp314t"]


def test_a_program_is_run_by_an_interpreters_environment() -> None:
    facts = inputs(cargo=PROGRAM, pythons=("12",), named=True)
    assert plan(facts).python == Path("/pythons/cpython3.12/bin/python")


def test_the_build_directory_of_cargos_configuration_is_not_shared() -> None:
    facts = inputs()
    elsewhere = replace(facts, cargo=replace(facts.cargo, build_directory=Path("/build")))
    assert ("CARGO_BUILD_BUILD_DIR", native(f"{FOLDER}/instrumented/cp312-cp312")) in plan(elsewhere).builds[0].env


def test_the_instrumented_wheel_is_for_this_machine_alone() -> None:
    found = wheel(inputs())
    assert found.profiling is not None
    assert pgo.compiled_wheels(found) == (
        replace(
            found,
            artifacts=found.profiling.artifacts,
            directory=found.profiling.directory,
            platform=ByPolicy(policies=("linux",)),
            audit="skip",
            profiling=None,
            instrumented=True,
        ),
        found,
    )
    plain = wheel(situation(cargo=pyo3("0.28.3"), pythons=("12",)))
    assert pgo.compiled_wheels(plain) == (plain,)


@pytest.mark.parametrize(
    ("tool", "requirements"),
    [
        ({}, ('numpy; python_version < "4"', "pytest")),
        ({"pgo-dependency-group": "bench"}, ('numpy; python_version < "4"', "attrs>=20")),
    ],
)
def test_the_training_run_has_the_dependencies_and_a_group(tool: dict[str, Any], requirements: tuple[str, ...]) -> None:
    facts = with_groups(inputs(tool={**TOOL, **tool}), dev=["pytest"], bench=["attrs>=20"])
    needing = replace(facts, metadata=replace(METADATA, requires_dist=('numpy; python_version < "4"',)))
    assert plan(needing).requirements == requirements


def with_groups(facts: Inputs, **groups: list[str]) -> Inputs:
    location = facts.project.location
    assert location.pyproject is not None
    file = replace(location.pyproject, dependency_groups=groups)
    return replace(facts, project=replace(facts.project, location=replace(location, pyproject=file)))


@pytest.mark.parametrize(
    ("facts", "kind", "message", "hint"),
    [
        (
            inputs(tool={}),
            ConfigError,
            "--pgo needs `pgo-command`: a command that uses the module as its users will",
            'write `pgo-command = "python bench.py"` below [tool.cratewheel] of pyproject.toml',
        ),
        (
            inputs(tool={"pgo-command": " "}),
            ConfigError,
            "--pgo needs `pgo-command`: a command that uses the module as its users will",
            'write `pgo-command = "python bench.py"` below [tool.maturin] of pyproject.toml',
        ),
        (
            inputs('--cargo-extra-args="--target-dir x"'),
            UsageError,
            "--pgo compiles in several target directories, and the extra cargo arguments name one",
            "pass --target-dir to cratewheel, which makes them inside it",
        ),
        (
            inputs(described={"PYO3_CONFIG_FILE": "/x"}, foreign=True),
            UnsupportedError,
            "--pgo runs Python, and PYO3_CONFIG_FILE describes one that is not started",
            "unset it, or build without a profile",
        ),
        (
            replace(
                from_elsewhere("aarch64-unknown-linux-gnu", cargo=pyo3("0.29.3"), pythons=("3.12",), words="--pgo"),
                project=inputs().project,
                options=inputs().options,
            ),
            UnsupportedError,
            "--pgo runs the wheel, and one for aarch64-unknown-linux-gnu cannot run on x86_64-unknown-linux-gnu",
            "build it on such a machine, or without a profile",
        ),
        (
            inputs(cargo=PROGRAM, pythons=()),
            InterpreterError,
            "--pgo runs the wheel, and there is no Python for it on this machine",
            "name one with -i",
        ),
        (
            inputs(tool={**TOOL, "pgo-dependency-group": "bench"}),
            ConfigError,
            native("there is no dependency group `bench` in /work/app/pyproject.toml"),
            "add `bench = […]` below [dependency-groups]",
        ),
    ],
    ids=["no command", "blank command", "target directory", "described", "foreign", "no Python", "no group"],
)
def test_what_cannot_be_profiled_is_an_error_before_compiling(
    facts: Inputs, kind: type[CratewheelError], message: str, hint: str
) -> None:
    with pytest.raises(kind) as caught:
        decide(facts)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_program_for_musl_runs_on_a_machine_with_glibc() -> None:
    facts = replace(inputs(cargo=PROGRAM, machine=MUSL, pythons=("12",), named=True), foreign=True)
    assert plan(replace(facts, rustc=RUSTC)).python.name == "python"


def test_both_processors_of_macos_use_one_profile() -> None:
    triple, slices = "universal2-apple-darwin", ("x86_64-apple-darwin", "aarch64-apple-darwin")
    facts = replace(inputs(machine=MACOS_ARM), target=parse(triple), cargo_target=triple)
    found = wheel(facts)
    assert sorted(build.options.target or "" for build in found.builds) == sorted(slices)
    use = native(f"profile-use={FOLDER}/training/{triple}-cp312-cp312/merged.profdata")
    expected = {setting for one in slices for setting in config("-C", use, triple=one)}
    assert [set(build.options.config) for build in found.builds] == [expected, expected]


def test_programs_of_the_training_run() -> None:
    found, needs = plan(inputs()), ("numpy<2", "pytest")
    python, uv = Path("/venv/bin/python"), Path("/bin/uv")
    venv = native(f"{FOLDER}/training/cp312-cp312/venv")
    assert pgo.venv_command(found, uv).argv == (
        *(str(uv), "venv", "--quiet", "--no-project", "--python", str(found.python), venv),
    )
    assert pgo.venv_command(found, None).argv == (str(found.python), "-m", "venv", venv)
    assert pgo.install_command(needs, python, uv).argv == (
        *(str(uv), "pip", "install", "--quiet", "--python", str(python), "numpy<2", "pytest"),
    )
    assert pgo.install_command(needs, python, None).argv == (
        *(str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "numpy<2", "pytest"),
    )
    training = pgo.training_command(
        found,
        python=python,
        scripts=python.parent,
        path="/usr/bin",
        separator=":",
        shell=("sh", "-c", found.command),
        root=Path("/work/app"),
    )
    assert (training.argv, training.cwd) == (("sh", "-c", "python bench.py"), Path("/work/app"))
    assert dict(training.env) == {
        "LLVM_PROFILE_FILE": native(f"{RAW}/%m_%p.profraw"),
        "PATH": f"{python.parent}:/usr/bin",
        "PYTHONHOME": None,
        "UV_PYTHON": str(python),
        "VIRTUAL_ENV": venv,
    }
    assert pgo.merge_command(found, "llvm-profdata", Path("/new")).argv == (
        *("llvm-profdata", "merge", "--failure-mode=all", f"--output={Path('/new')}", RAW),
    )


def test_llvm_profdata_is_rustups_or_has_the_version_of_rustc() -> None:
    on_windows = replace(RUSTC, host="x86_64-pc-windows-msvc")
    assert pgo.profdata_of_rustup(Path("/rust"), RUSTC) == Path(f"/rust/lib/rustlib/{HOST}/bin/llvm-profdata")
    assert pgo.profdata_of_rustup(Path("/rust"), on_windows).name == "llvm-profdata.exe"
    assert [pgo.fits(version, RUSTC) for version in (22, 21, None)] == [True, False, True]
    assert pgo.fits(21, replace(RUSTC, llvm=None))
    error = pgo.no_profdata_error(RUSTC, [(Path("/usr/bin/llvm-profdata"), 14)])
    assert error.message == "--pgo needs llvm-profdata, which was not found"
    assert error.notes == (f"{Path('/usr/bin/llvm-profdata')} is of LLVM 14, and rustc has LLVM 22",)
    assert error.hint == (
        "add it with `rustup component add llvm-tools`; for a rustc of your distribution, install its package of "
        "LLVM 22, such as llvm-22"
    )


def test_a_plan_in_json_has_the_training_run() -> None:
    facts = inputs(machine=WINDOWS, cargo=pyo3("0.29.3"))
    wheels = as_json(decide(facts))["wheels"]
    assert isinstance(wheels, list)
    found = dict(wheels[0]["profiling"])
    (command,) = found.pop("commands")
    assert f"target.x86_64-pc-windows-msvc.rustflags={json.dumps(['-C', GENERATE])}" in command
    assert found == {"training": "python bench.py", "requirements": [], "profile": PROFILE}


def test_a_plan_shows_no_password() -> None:
    facts = with_groups(inputs(), dev=["a @ https://me:secret@example.org/a.whl"])
    shown = f"{explain(decide(facts), reasons=True)} {as_json(decide(facts))}"
    assert "a @ https://***@example.org/a.whl" in shown
    assert "secret" not in shown
