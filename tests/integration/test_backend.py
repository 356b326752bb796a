"""The build backend in the hands of pip, uv and build."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import wheels
from cratewheel.system import toml
from fork_server import SERVER

if TYPE_CHECKING:
    from integration.conftest import Cratewheel

pytestmark = [pytest.mark.cargo, pytest.mark.skipif(os.name == "nt", reason="folders are named as on POSIX")]

UV = Path(sys.executable).with_name("uv")
ROOT = Path(__file__).parents[2]
NO_RUST = "/usr/bin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A copy of the light crate whose backend is cratewheel, and frontends to call over it."""

    root: Path
    environ: Mapping[str, str]
    python: str | Path = sys.executable

    def run(self, *words: str | Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(word) for word in words], cwd=self.root, env={**self.environ, **(env or {})}, text=True,
            capture_output=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def pip(self, *words: str | Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return self.run(self.python, "-m", "pip", "--disable-pip-version-check", *words, env=env)

    def hook(self, code: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        words = ["-c", f"import cratewheel\n{code}"]
        return SERVER.run(words, cwd=self.root, env={**self.environ, **(env or {})}, timeout=900)


def ok(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def project(run_light: Cratewheel) -> Project:
    return Project(root=run_light.copy("light-module"), environ=run_light.environ)


TAG = f"cp3{sys.version_info[1]}-cp3{sys.version_info[1]}"


def test_pip_makes_a_wheel_for_this_machine_optimised(project: Project) -> None:
    ok(project.pip("wheel", "--quiet", "--no-build-isolation", "--no-deps", "-w", "out", "."))
    (wheel,) = (project.root / "out").iterdir()
    assert wheel.name.startswith(f"light_module-1.2.3-{TAG}-linux_")
    assert (Path(project.environ["CARGO_TARGET_DIR"]) / "release" / "liblight_module.so").is_file()


def test_build_makes_an_sdist_and_a_wheel_of_it(project: Project) -> None:
    ok(project.run(sys.executable, "-m", "build", "--no-isolation", "--outdir", "out"))
    assert [path.name.partition("-linux")[0] for path in sorted((project.root / "out").iterdir())] == [
        f"light_module-1.2.3-{TAG}",
        "light_module-1.2.3.tar.gz",
    ]


def test_uv_builds_with_the_backend_installed_here(project: Project) -> None:
    done = project.run(UV, "build", "--no-build-isolation", "--python", sys.executable, "--out-dir", "out")
    ok(done)
    assert sorted(path.suffix for path in (project.root / "out").iterdir() if path.name[0] != ".") == [".gz", ".whl"]


def test_the_metadata_is_prepared_without_rust_and_that_of_the_wheel(project: Project, tmp_path: Path) -> None:
    name = ok(
        project.hook(f"print(cratewheel.prepare_metadata_for_build_wheel({str(tmp_path)!r}))", env={"PATH": NO_RUST})
    ).strip()
    assert name == "light_module-1.2.3.dist-info"
    prepared = (tmp_path / name / "METADATA").read_text(encoding="utf-8")
    call = f"print(cratewheel.build_wheel('out', None, {str(tmp_path / name)!r}))"
    wheel = project.root / "out" / ok(project.hook(call)).strip()
    assert wheels.text(wheel, ".dist-info/METADATA") == prepared
    assert sorted(path.name for path in (tmp_path / name).iterdir()) == ["METADATA", "WHEEL"]


def test_metadata_that_has_changed_since_is_refused(project: Project, tmp_path: Path) -> None:
    ok(project.hook(f"cratewheel.prepare_metadata_for_build_wheel({str(tmp_path)!r})"))
    (tmp_path / "light_module-1.2.3.dist-info" / "METADATA").write_text("Name: other\n", encoding="utf-8")
    done = project.hook(f"cratewheel.build_wheel('out', None, {str(tmp_path)!r})")
    assert done.returncode == 1
    assert "METADATA differs from the project's metadata" in done.stderr
    assert not (project.root / "out").exists()


def test_pip_and_uv_know_what_would_be_installed_without_rust(project: Project, tmp_path: Path) -> None:
    said = ok(project.pip("install", "--no-build-isolation", "--dry-run", "--no-index", ".", env={"PATH": NO_RUST}))
    assert "Would install light-module-1.2.3" in said
    uv = str(UV)
    words = (uv, "pip", "compile", "--no-build-isolation", "--python", sys.executable, "--offline", "pyproject.toml")
    assert "Traceback" not in ok(project.run(*words, env={"PATH": NO_RUST, "UV_CACHE_DIR": str(tmp_path / "uv")}))


def test_without_cargo_a_wheel_is_an_error_that_says_how_to_get_rust(project: Project) -> None:
    done = project.hook("cratewheel.build_wheel('out')", env={"PATH": NO_RUST})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: cargo not found; it is needed to build the project\n"
        " help: install Rust: your system's packages rustc and cargo, or https://rustup.rs\n"
    )


@pytest.mark.parametrize(
    ("settings", "environ", "feature"),
    [
        ({}, {}, "42"),
        ({"features": "loud"}, {}, "4200"),
        ({"features": ["loud"], "profile": "dev"}, {}, "4200"),
        ({"no-default-features": "true"}, {}, "0"),
        ({"build-args": "--no-default-features --profile dev"}, {}, "0"),
        ({"maturin.build-args": "--features loud"}, {}, "4200"),
        ({"build-args": ["--features loud", "--profile 'dev'"]}, {}, "4200"),
        ({}, {"MATURIN_PEP517_ARGS": "--no-default-features"}, "0"),
        ({"features": "loud"}, {"CRATEWHEEL_ARGS": "--no-default-features"}, "4200"),
        ({"--global-option": "x", "strip": "true"}, {}, "42"),
    ],
)
def test_options_come_from_settings_and_variables_together(
    project: Project, tmp_path: Path, settings: dict[str, object], environ: dict[str, str], feature: str
) -> None:
    wheel = (
        project.root
        / "out"
        / ok(project.hook(f"print(cratewheel.build_wheel('out', {settings!r}))", env=environ)).strip()
    )
    site = wheels.site(wheel, tmp_path / "site")
    assert (
        wheels.python(Path(sys.executable), "import light_module; print(light_module.answer())", path=site) == feature
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"featurs": "x"}, "error: `featurs` is not a config setting\n help: did you mean `features`?\n"),
        ({"release": "perhaps"}, "error: the config setting release must be true or false, found 'perhaps'\n"),
        (
            {"build-args": "'"},
            "error: the config setting build-args cannot be split into arguments: No closing quotation\n",
        ),
        ({"interpreter": "3.8 3.9"}, "error: "),
    ],
)
def test_a_wrong_setting_is_told(project: Project, settings: dict[str, str], said: str) -> None:
    done = project.hook(f"cratewheel.build_wheel('out', {settings!r})")
    assert done.returncode in (1, 2)
    assert done.stdout == ""
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_requirements_are_those_of_the_project(run_light: Cratewheel) -> None:
    calls = "print(cratewheel.get_requires_for_build_wheel(), cratewheel.get_requires_for_build_sdist())"
    for crate, expected in (("light-module", "[] []\n"), ("cffi-pure", "['cffi'] []\n"), ("bin-two", "[] []\n")):
        project = Project(root=run_light.copy(crate), environ=run_light.environ)
        assert ok(project.hook(calls)) == expected
        opted = {"PATH": NO_RUST, "CRATEWHEEL_BOOTSTRAP_RUST": "1"}
        assert "puccinialin" in ok(project.hook(calls, env=opted))
        assert "puccinialin" not in ok(project.hook(calls, env={"PATH": NO_RUST}))


def test_an_editable_install_by_pip_is_live(run_cratewheel: Cratewheel, tmp_path: Path) -> None:
    root = light_mixed(run_cratewheel)
    project = Project(root=root, environ=run_cratewheel.environ)
    ok(project.pip("install", "--quiet", "--no-build-isolation", "--no-deps", "--target", tmp_path / "x", "-e", "."))
    found = sorted(path.name for path in (tmp_path / "x").iterdir())
    assert found == [
        "_light_module_editable",
        "_light_module_editable.pth",
        "_light_module_editable.start",
        "light_module-1.2.3.dist-info",
        "light_module.pth",
    ]


def light_mixed(command: Cratewheel) -> Path:
    """Return a mixed project around the light crate: the package `lightly` with the module `_native` in it."""
    root = command.copy("light-module")
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["cratewheel"]\nbuild-backend = "cratewheel"\n'
        '[project]\nname = "light-module"\ndynamic = ["version"]\n'
        '[tool.cratewheel]\nmodule-name = "lightly._native"\npython-source = "python"\neditable-profile = "dev"\n',
        encoding="utf-8",
    )
    package = root / "python" / "lightly"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from lightly._native import answer\n", encoding="utf-8")
    return root


def test_two_frontends_at_once_do_not_disturb_each_other(project: Project) -> None:
    words = [sys.executable, "-c", "import cratewheel, sys; cratewheel.build_wheel(sys.argv[1])"]
    children = [
        subprocess.Popen([*words, out], cwd=project.root, env=dict(project.environ), stderr=subprocess.DEVNULL)
        for out in ("a", "b")
    ]
    assert [child.wait(120) for child in children] == [0, 0]
    digests = {
        hashlib.sha256(path.read_bytes()).hexdigest() for out in ("a", "b") for path in (project.root / out).iterdir()
    }
    assert len(digests) == 1


def test_the_sdist_of_the_hook_holds_what_it_needs(project: Project) -> None:
    name = ok(project.hook("print(cratewheel.build_sdist('out'))")).strip()
    with tarfile.open(project.root / "out" / name) as archive:
        assert f"{name.removesuffix('.tar.gz')}/PKG-INFO" in archive.getnames()


def test_nothing_is_imported_that_a_hook_does_not_need() -> None:
    code = (
        "import sys, cratewheel\ncratewheel.build_wheel\n"
        "print(*sorted(name for name in sys.modules if name.startswith('cratewheel.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = ("backend", "errors", "events", "live", "system", "system.frontend",
             "system.redaction", "system.signals", "system.utf8", "ui")  # fmt: skip
    assert done.stdout.split() == [f"cratewheel.{name}" for name in names]


def test_a_wheel_of_the_backend_is_a_zip(project: Project) -> None:
    name = ok(project.hook("print(cratewheel.build_wheel('out'))")).strip()
    assert zipfile.ZipFile(project.root / "out" / name).testzip() is None


@pytest.mark.network
def test_a_project_of_maturins_builds_unchanged_with_the_drop_in(
    project: Project, own_wheels: Path, tmp_path: Path
) -> None:
    file = project.root / "pyproject.toml"
    text = file.read_text(encoding="utf-8").replace('requires = ["cratewheel"]', 'requires = ["maturin>=1,<2"]')
    file.write_text(text.replace('build-backend = "cratewheel"', 'build-backend = "maturin"'), encoding="utf-8")
    assert "maturin" in file.read_text(encoding="utf-8")

    environment = tmp_path / "environment"
    ok(project.run(UV, "venv", "--quiet", "--python", sys.executable, environment))
    python = environment / "bin" / "python"
    install = (UV, "pip", "install", "--quiet", "--python", python, "--find-links", own_wheels)
    ok(project.run(*install, "."))
    assert ok(project.run(python, "-c", "import light_module; print(light_module.answer())")) == "42\n"
    assert ok(project.run(UV, "pip", "freeze", "--python", python)).startswith("light-module @ file://")

    ok(project.run(*install, "maturin==1.16.0+cratewheel.1"))
    command = environment / "bin" / "maturin"
    assert ok(project.run(command, "pep517", "write-dist-info", "--metadata-directory", "info")) == (
        "light_module-1.2.3.dist-info\n"
    )
    assert (
        ok(project.run(command, "pep517", "write-sdist", "--sdist-directory", "out")) == "light_module-1.2.3.tar.gz\n"
    )
    made = ok(project.run(command, "pep517", "build-wheel", "-i", python, "--compatibility", "off", "-o", "out"))
    assert (project.root / made.strip()).is_file()


MIXED = """
[build-system]
requires = ["maturin"]
build-backend = "maturin"
[project]
name = "light-module"
dynamic = ["version"]
[tool.maturin]
module-name = "light_module._native"
python-source = "python"
[tool.cratewheel]
editable-mode = "{mode}"
"""
IMPORT = """
import maturin_import_hook
maturin_import_hook.install()
import light_module
print(light_module.answer())
"""


@pytest.mark.network
def test_what_other_programs_read_of_maturin(run_light: Cratewheel, own_wheels: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    here = Project(root=tmp_path, environ=run_light.environ | {"VIRTUAL_ENV": str(environment)})
    ok(here.run(UV, "venv", "--quiet", "--python", sys.executable, environment))
    python, maturin = environment / "bin" / "python", environment / "bin" / "maturin"
    packages = ("maturin==1.16.0+cratewheel.1", "maturin-import-hook")
    ok(here.run(UV, "pip", "install", "--quiet", "--python", python, "--find-links", own_wheels, *packages))
    assert ok(here.run(maturin, "--version")) == "maturin 1.16.0\n"

    ok(here.run(maturin, "new", "fresh", "-b", "cffi", "--mixed"))
    made = toml.load_file(tmp_path / "fresh" / "pyproject.toml")
    assert made["build-system"] == {"requires": ["maturin>=1.16,<2"], "build-backend": "maturin"}
    assert made["tool"]["maturin"] == {
        "module-name": "fresh._native",
        "bindings": "cffi",
        "python-source": "python",
        "generate-ci": {"github": {"pytest": True}},
    }
    assert "\nmaturin develop\n" in (tmp_path / "fresh" / "README.md").read_text(encoding="utf-8")

    root = run_light.copy("light-module")
    package, source = root / "python" / "light_module", root / "src" / "lib.rs"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from ._native import answer\n", encoding="utf-8")
    code = source.read_text(encoding="utf-8")
    project = dataclasses.replace(
        here, root=root, environ={**here.environ, "PATH": f"{maturin.parent}:{os.environ['PATH']}"}
    )
    for mode, answer in (("redirect", "43"), ("inplace", "44")):
        (root / "pyproject.toml").write_text(MIXED.format(mode=mode), encoding="utf-8")
        ok(project.run(maturin, "develop"))
        source.write_text(code.replace("42", answer), encoding="utf-8")
        assert ok(project.run(python, "-c", IMPORT)) == f"{answer}\n"
        (way,) = environment.glob("lib/python*/site-packages/light_module.pth")
        assert way.read_text(encoding="utf-8") == f"{root / 'python'}\n"


@pytest.mark.network
def test_an_isolated_build_takes_nothing_but_cratewheel(project: Project, own_wheels: Path, tmp_path: Path) -> None:
    env = {"PIP_FIND_LINKS": str(own_wheels), "UV_FIND_LINKS": str(own_wheels), "UV_CACHE_DIR": str(tmp_path / "cache")}
    ok(project.pip("wheel", "--quiet", "--no-deps", "-w", "by-pip", ".", env=env))
    ok(project.run(UV, "build", "--quiet", "--wheel", "--python", sys.executable, "--out-dir", "by-uv", env=env))
    (by_pip,) = (project.root / "by-pip").glob("*.whl")
    (made_by_uv,) = (project.root / "by-uv").glob("*.whl")
    assert by_pip.read_bytes() == made_by_uv.read_bytes()


def test_options_that_a_frontend_decides_are_told_to_have_no_effect(project: Project, tmp_path: Path) -> None:
    code = (
        f"cratewheel.prepare_metadata_for_build_wheel({str(tmp_path)!r}, {{'build-args': '--out x --dry-run --strip'}})"
    )
    done = project.hook(code, env={"MATURIN_PEP517_ARGS": "--sdist"})
    ok(done)
    assert [line for line in done.stderr.splitlines() if line.startswith("warning")] == [
        f"warning: {flag} has no effect in a build by a frontend, which says what is made, and where"
        for flag in ("--out", "--sdist", "--dry-run")
    ]
