"""The files that generate-ci writes: valid by the services' schemas and linters; steps of Linux do their work."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cratewheel import __version__
from cratewheel.commands import ci_github

if TYPE_CHECKING:
    from integration.conftest import Cratewheel

pytestmark = [pytest.mark.cargo, pytest.mark.xdist_group("generate-ci")]
ROOT = Path(__file__).parents[3]
EVERYTHING = """
[tool.cratewheel.generate-ci.github]
pytest = true
trusted-publishing = true
publishing-environment = "pypi"
args = "--locked"
[tool.cratewheel.generate-ci.github.linux]
manylinux = "2_28"
before-script-linux = "echo prepared"
[[tool.cratewheel.generate-ci.github.linux.target]]
arch = "x86_64"
rust-toolchain = "nightly"
rustup-components = "rust-src,llvm-tools"
[[tool.cratewheel.generate-ci.github.linux.target]]
arch = "aarch64"
container = "quay.io/pypa/manylinux_2_28_aarch64"
docker-options = "--privileged"
runner = "ubuntu-24.04-arm"
[tool.cratewheel.generate-ci.github.musllinux]
[tool.cratewheel.generate-ci.github.windows]
[tool.cratewheel.generate-ci.github.macos]
[tool.cratewheel.generate-ci.github.android]
"""


@pytest.fixture
def project(run_light: Cratewheel) -> Path:
    """A new project, which has no table that says what its workflow is like."""
    run_light("new", "demo", "-b", "bin").ok()
    path = run_light.folder / "demo" / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("[tool.cratewheel.generate-ci.github]\npytest = true\n", ""), encoding="utf-8")
    return path.parent


def lint(service: str, path: Path) -> None:
    """Fail where the schema of the service, or a linter that is here, finds something in a file."""
    schema = {"github": "vendor.github-workflows", "gitlab": "vendor.gitlab-ci"}[service]
    words = ["--builtin-schema", schema, *(["--data-transform", "gitlab-ci"] if service == "gitlab" else []), str(path)]
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    actionlint = shutil.which("actionlint", path=f"{ROOT / '.tools' / 'bin'}{os.pathsep}{os.environ['PATH']}")
    if service == "github" and actionlint:
        done = subprocess.run([actionlint, str(path)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("service", ["github", "gitlab"])
@pytest.mark.parametrize("keys", ["", EVERYTHING], ids=["defaults", "every key"])
@pytest.mark.parametrize(
    "flags", [(), ("--pytest", "--platform", "all", "--zig", "--skip-attestation")], ids=["", "all"]
)
def test_the_file_is_valid(
    run_light: Cratewheel, project: Path, service: str, keys: str, flags: tuple[str, ...]
) -> None:
    pytest.importorskip("check_jsonschema")
    with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(keys)
    run_light("generate-ci", service, "-o", "ci.yml", *flags, cwd=project).ok()
    lint(service, project / "ci.yml")


@pytest.mark.parametrize(
    "words",
    [
        ("-b", "bin"),
        ("-b", "bin", "--backend", "maturin"),
        ("-b", "cffi", "--mixed"),
        ("-b", "cffi", "--mixed", "--src"),
    ],
    ids=" ".join,
)
def test_the_workflow_of_a_new_project_is_the_one_that_is_generated(
    run_light: Cratewheel, words: tuple[str, ...]
) -> None:
    run_light("new", "fresh", *words).ok()
    run_light("generate-ci", "github", "--check", cwd=run_light.folder / "fresh").ok()


@pytest.mark.network
@pytest.mark.parametrize("kind", ["pyo3", "uniffi"])
def test_the_workflow_of_a_new_project_is_the_one_that_is_generated_for_its_crates(
    run_light: Cratewheel, kind: str
) -> None:
    run_light("new", "fresh", "-b", kind).ok()
    run_light("generate-ci", "github", "--check", cwd=run_light.folder / "fresh").ok()


def test_a_key_that_means_nothing_is_an_error_here_and_none_of_a_build(run_light: Cratewheel, project: Path) -> None:
    with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("[tool.cratewheel.generate-ci.github.linux]\nruner = 'big'\n")
    found = run_light("generate-ci", "github", cwd=project)
    assert (found.status, found.stderr) == (
        1,
        (
            "error: tool.cratewheel.generate-ci.github.linux.runer in pyproject.toml is not a setting; did you mean "
            "`runner`?\n help: correct or remove it\n"
        ),
    )
    run_light("build", "--dry-run", cwd=project).ok()


class Steps:
    """What runs the steps of a job as GitHub does, for a tag: with files for variables and for PATH."""

    def __init__(self, folder: Path, cwd: Path, environ: dict[str, str]) -> None:
        self.cwd, self.environ = cwd, environ
        for name in ("GITHUB_ENV", "GITHUB_PATH"):
            (folder / name).touch()
            environ[name] = str(folder / name)

    def run(self, job: dict[str, Any], env: dict[str, str]) -> list[str]:
        """Run the steps that are commands, and return their names."""
        done = []
        for step in job["steps"]:
            if "run" in step and step.get("if") not in (ci_github.NOT_ON_TAG, "matrix.emulated"):
                self._shell(step["run"], env)
                done.append(step["name"])
        return done

    def _shell(self, script: str, env: dict[str, str]) -> None:
        words = ["bash", "-e", "-c", script]
        ran = subprocess.run(
            words, cwd=self.cwd, env={**self.environ, **env}, capture_output=True, text=True, check=False, timeout=900
        )
        assert ran.returncode == 0, f"{script}\n{ran.stdout}{ran.stderr}"


@pytest.mark.long
@pytest.mark.network
@pytest.mark.skipif(sys.platform != "linux", reason="the steps of Linux machines")
def test_the_steps_of_the_linux_jobs_build_and_test_a_wheel(
    run_light: Cratewheel, project: Path, tmp_path: Path
) -> None:
    ruamel = pytest.importorskip("ruamel.yaml")
    if not shutil.which("rustup"):
        pytest.skip("rustup is not installed")
    arch = os.uname().machine
    with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(f"[tool.cratewheel.generate-ci.github]\npytest = true\nlinux.targets = ['{arch}']\n")
    text = run_light("generate-ci", "github", cwd=project).ok().stdout
    workflow = ruamel.YAML(typ="safe", pure=True).load(text)

    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    programs = tmp_path / "venv" / "bin"
    docker = '#!/bin/sh\nwhile [ "$1" != sh ]; do shift; done\nexec "$@"\n'  # this machine for a container
    (programs / "docker").write_text(docker, encoding="utf-8")
    (programs / "docker").chmod(0o755)
    wheel = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", tmp_path, ROOT)
    subprocess.run(wheel, check=True)
    (tmp_path / "constraints.txt").write_text(f"cratewheel=={__version__}\n", encoding="utf-8")
    environ = {
        **run_light.environ,
        "PATH": f"{programs}{os.pathsep}{run_light.environ['PATH']}",
        "PIP_FIND_LINKS": str(tmp_path),
        "PIP_CONSTRAINT": str(tmp_path / "constraints.txt"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    steps = Steps(tmp_path, project, environ)
    jobs = workflow["jobs"]
    names = [steps.run(jobs[name], {}) for name in ("linux", "sdist")]
    (row,) = jobs["test-linux"]["strategy"]["matrix"]["include"]
    names.append(steps.run(jobs["test-linux"], {"PLATFORM": row["platform"], "IMAGE": row["image"]}))
    assert list(itertools.chain(*names)) == [
        "Install Rust",
        "Install cratewheel",
        "Build wheels",
        "Install cratewheel",
        "Build the source distribution",
        "Test",
    ]
    assert sorted(path.name.partition("-py3")[0] for path in (project / "dist").iterdir()) == [
        "demo-0.1.0",
        "demo-0.1.0.tar.gz",
    ]


def test_gitlab_says_where_no_wheel_can_be_tested(run_light: Cratewheel, project: Path) -> None:
    said = run_light("generate-ci", "gitlab", "--platform", "windows", "--pytest", cwd=project).ok()
    assert "no wheel is tested: none is for x86_64 Linux with glibc" in said.stderr
    assert "pytest" not in said.stdout.replace("--pytest", "")
