"""The tag says what was compiled: real cargo decides which features the crate for Python has."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pyo3_stubs import write_stubs

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters, Run

pytestmark = pytest.mark.cargo

PYPROJECT = """
[build-system]
requires = ["cratewheel"]
build-backend = "cratewheel"

[project]
name = "app"
version = "1.0"
"""
PACKAGE = '[package]\nname = "app"\nversion = "1.0.0"\nedition = "2021"\n'
LIBRARY = '[lib]\ncrate-type = ["cdylib"]\n'
PYO3 = 'pyo3 = {{ path = "{folder}/pyo3"{more} }}\n'
PLAIN, LIMITED = PYO3.format(folder="..", more=""), PYO3.format(folder="..", more=', features = ["abi3-py39"]')
DEEPER_LIMITED = LIMITED.replace("..", "../..")
THIS = "cp311-cp311"


def write(folder: Path, manifest: str, files: Mapping[str, str] | None = None, *, tool: str = "") -> Path:
    """Write the project `app` beside stubs of pyo3, and return its folder."""
    write_stubs(folder)
    project = folder / "app"
    everything = {
        "pyproject.toml": PYPROJECT + tool,
        "Cargo.toml": manifest,
        "src/lib.rs": "",
        **(files or {}),
    }
    for name, text in everything.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    return project


def tags(run: Run) -> list[str]:
    """Return what the wheels of a run are for, without their platform."""
    return sorted("-".join(wheel.name.split("-")[2:4]) for wheel in run.ok().wheels)


def crate(name: str, rest: str, *, kind: str = "") -> str:
    return f'[package]\nname = "{name}"\nversion = "1.0.0"\nedition = "2021"\n{kind}{rest}'


ALONE = PACKAGE + LIBRARY
FIRST_RESOLVER = ALONE.replace("edition", 'resolver = "1"\nedition')
BUILD_SCRIPT = {"build.rs": "fn main() {}"}


@pytest.mark.parametrize(
    ("manifest", "files", "words", "tag"),
    [
        pytest.param(
            f"{ALONE}[dependencies]\n{PLAIN}[dev-dependencies]\n{LIMITED}", {}, "", THIS, id="dev-dependencies"
        ),
        pytest.param(
            f"{ALONE}[dependencies]\n{PLAIN}[build-dependencies]\n{LIMITED}",
            BUILD_SCRIPT,
            "",
            THIS,
            id="build-dependencies",
        ),
        pytest.param(
            f"{ALONE}[dependencies]\n{PLAIN}[target.'cfg(windows)'.dependencies]\n{LIMITED}",
            {},
            "",
            THIS,
            id="another platform",
        ),
        pytest.param(
            f"{ALONE}[dependencies]\n{PLAIN}[target.'cfg(unix)'.dependencies]\n{LIMITED}",
            {},
            "",
            "cp39-abi3",
            id="this platform",
        ),
        pytest.param(
            f"{FIRST_RESOLVER}[dependencies]\n{PLAIN}[build-dependencies]\n{LIMITED}",
            BUILD_SCRIPT,
            "",
            "cp39-abi3",
            id="build-dependencies with the first resolver",
        ),
        pytest.param(
            f"{FIRST_RESOLVER}[dependencies]\n{PLAIN}[dev-dependencies]\n{LIMITED}",
            {},
            "",
            "cp39-abi3",
            id="dev-dependencies with the first resolver",
        ),
        pytest.param(
            f"{FIRST_RESOLVER}[dependencies]\n{PLAIN}[target.'cfg(windows)'.dependencies]\n{LIMITED}",
            {},
            "",
            "cp39-abi3",
            id="another platform with the first resolver",
        ),
        pytest.param(
            f'{ALONE}[dependencies]\n{PLAIN}mac = {{ path = "mac" }}\n',
            {
                "mac/Cargo.toml": crate("mac", "[lib]\nproc-macro = true\n[dependencies]\n" + DEEPER_LIMITED),
                "mac/src/lib.rs": "",
            },
            "",
            THIS,
            id="a procedural macro",
        ),
        pytest.param(
            f"{PACKAGE}[dev-dependencies]\n{PLAIN}",
            {"src/main.rs": "fn main() {}"},
            "",
            "py3-none",
            id="a program whose tests use it",
        ),
        pytest.param(
            f'{ALONE}[features]\nlimited = ["py/abi3-py310"]\n[dependencies]\n'
            + PLAIN.replace("pyo3 = { ", 'py = { package = "pyo3", '),
            {},
            "-F limited",
            "cp310-abi3",
            id="renamed",
        ),
        pytest.param(
            f'{ALONE}[features]\npython = ["dep:pyo3"]\nlimited = ["pyo3?/abi3-py310"]\n[dependencies]\n'
            + PLAIN.replace(" }", ", optional = true }"),
            {},
            "-F limited,python",
            "cp310-abi3",
            id="a weak feature",
        ),
        pytest.param(
            f'{ALONE}[features]\ndefault = ["pyo3/abi3-py310"]\n[dependencies]\n{PLAIN}',
            {},
            "--no-default-features",
            THIS,
            id="no default features",
        ),
        pytest.param(
            f'{ALONE}[features]\none = ["two"]\ntwo = ["pyo3/abi3-py310"]\n[dependencies]\n{PLAIN}',
            {},
            "--all-features",
            "cp310-abi3",
            id="all features",
        ),
        pytest.param(
            f'{ALONE}[dependencies]\n{PLAIN}[workspace]\nmembers = ["other"]\ndefault-members = ["other"]\n',
            {
                "other/Cargo.toml": crate("other", "[dependencies]\n" + DEEPER_LIMITED),
                "other/src/lib.rs": "",
            },
            "",
            THIS,
            id="another default member",
        ),
        pytest.param(
            f'{ALONE}[dependencies]\n{PLAIN}helper = {{ path = "helper", optional = true }}\n',
            {
                "helper/Cargo.toml": crate("helper", "[dependencies]\n" + DEEPER_LIMITED),
                "helper/src/lib.rs": "",
            },
            "-F app/helper",
            "cp39-abi3",
            id="an optional crate that asks for it",
        ),
    ],
)  # fmt: skip
def test_the_tag_follows_what_cargo_builds(
    manifest: str, files: dict[str, str], words: str, tag: str, run_light: Cratewheel, interpreters: Interpreters
) -> None:
    project = write(run_light.folder, manifest, files)

    run = run_light("build", "-i", interpreters["3.11"], *words.split(), cwd=project)

    assert tags(run) == [tag]


CONDITIONAL = '[tool.maturin]\nfeatures = [{{ feature = "{}", python-version = ">=3.11" }}]\n'


@pytest.mark.parametrize(
    ("manifest", "feature"),
    [
        pytest.param(
            f"{ALONE}[dependencies]\n" + PLAIN.replace("pyo3 = { ", 'py = { package = "pyo3", '),
            "py/abi3-py311",
            id="renamed",
        ),
        pytest.param(
            f'{ALONE}[features]\none = ["two"]\ntwo = ["pyo3/abi3-py311"]\n[dependencies]\n{PLAIN}',
            "one",
            id="another feature",
        ),
        pytest.param(
            f'{ALONE}[dependencies]\n{PLAIN}helper = {{ path = "helper" }}\n', "helper/limited", id="another crate"
        ),
        pytest.param(
            f'{ALONE}[features]\nlimited = ["pyo3/abi3-py311", "pyo3/extension-module"]\n[dependencies]\n{PLAIN}'
            f"[dev-dependencies]\n{LIMITED}",
            "limited",
            id="beside dev-dependencies",
        ),
    ],
)
def test_a_conditional_feature_is_followed_wherever_it_leads(
    manifest: str, feature: str, run_light: Cratewheel, interpreters: Interpreters
) -> None:
    limited = '[features]\nlimited = ["pyo3/abi3-py311"]\n[dependencies]\n' + PLAIN.replace("..", "../..")
    files = {"helper/Cargo.toml": crate("helper", limited), "helper/src/lib.rs": ""}
    project = write(run_light.folder, manifest, files, tool=CONDITIONAL.format(feature))

    run = run_light("build", "-i", interpreters["3.10"], "-i", interpreters["3.11"], cwd=project)

    assert tags(run) == ["cp310-cp310", "cp311-abi3"]


def test_a_conditional_feature_may_bring_pyo3_itself(run_light: Cratewheel, interpreters: Interpreters) -> None:
    manifest = f'{ALONE}[features]\npython = ["pyo3/abi3-py311"]\n[dependencies]\n' + PLAIN.replace(
        " }", ", optional = true }"
    )
    project = write(run_light.folder, manifest, tool=CONDITIONAL.format("python"))

    assert tags(run_light("build", "-i", interpreters["3.11"], cwd=project)) == ["cp311-abi3"]

    run = run_light("build", "-i", interpreters["3.10"], "-i", interpreters["3.11"], cwd=project)
    assert run.status == 1
    assert "the bindings are pyo3 0.29.3, but cffi in a build without conditional features" in run.stderr


def test_a_program_that_needs_a_feature_is_built_where_the_build_has_it(
    run_light: Cratewheel,
) -> None:
    manifest = (
        f'{PACKAGE}[features]\ntool = []\n[[bin]]\nname = "tool"\nrequired-features = ["tool"]\n'
        f'[[bin]]\nname = "app"\npath = "src/main.rs"\n[dev-dependencies]\n{PLAIN}'
    )
    files = {"src/main.rs": "fn main() {}", "src/bin/tool.rs": "fn main() {}"}
    project = write(run_light.folder, manifest, files)

    run = run_light("build", "--dry-run", cwd=project).ok()
    assert ("--bin app" in run.stdout, "--bin tool" in run.stdout) == (True, False)
    run = run_light("build", "--dry-run", "-F", "tool", cwd=project).ok()
    assert ("--bin app" in run.stdout, "--bin tool" in run.stdout) == (True, True)


def test_develop_and_the_backend_decide_the_same(run_light: Cratewheel, interpreters: Interpreters) -> None:
    manifest = f"{ALONE}[dependencies]\n{PLAIN}[dev-dependencies]\n{LIMITED}"
    project = write(run_light.folder, manifest)
    environment = run_light.folder / "environment"
    subprocess.run([interpreters["3.11"], "-m", "venv", "--without-pip", environment], check=True)

    run_light("develop", cwd=project, env={"VIRTUAL_ENV": str(environment)}).ok()
    installed = {path.name for path in environment.rglob("app*.so")}
    assert [name for name in installed if "abi3" in name] == []
    assert len(installed) == 1

    run = run_light("pep517", "build-wheel", "--out", run_light.folder / "wheels", cwd=project)
    this = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    assert Path(run.ok().stdout.strip()).name.split("-")[2:4] == [this, this]


OTHER_CARGO = """\
#!/bin/sh
if [ "$1" = rustc ]; then shift; exec cargo rustc --features "$OTHER_FEATURES" "$@"; fi
exec cargo "$@"
"""


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
@pytest.mark.parametrize("several", [False, True], ids=["one interpreter", "several"])
def test_what_was_compiled_is_compared_with_what_was_decided(
    several: bool, run_light: Cratewheel, interpreters: Interpreters
) -> None:
    manifest = f'{ALONE}[features]\nmore = ["pyo3/abi3-py39"]\n[dependencies]\n{PLAIN}'
    project = write(run_light.folder, manifest)
    cargo = run_light.folder / "cargo.sh"
    cargo.write_text(OTHER_CARGO, encoding="utf-8")
    cargo.chmod(0o755)
    others = ("-i", interpreters["3.10"]) if several else ()

    run = run_light(
        *("build", "-i", interpreters["3.11"], *others),
        cwd=project,
        env={"CARGO": str(cargo), "OTHER_FEATURES": "more"},
    )

    assert (run.status, run.wheels) == (1, ())
    assert "cargo did not compile for cp31" in run.stderr
    assert "pyo3 should have none of the features that decide a tag, but has the features abi3" in run.stderr
    assert "please report it" in run.stderr

    environment = run_light.folder / "environment"
    subprocess.run([interpreters["3.11"], "-m", "venv", "--without-pip", environment], check=True)
    told = {"CARGO": str(cargo), "OTHER_FEATURES": "more", "VIRTUAL_ENV": str(environment)}
    assert run_light("develop", cwd=project, env=told).status == 1
    assert list(environment.rglob("app*.so")) == []
