"""develop: installed into an environment, live, and gone without a trace."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import environments

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Run

pytestmark = [pytest.mark.cargo, pytest.mark.skipif(os.name == "nt", reason="folders are named as on POSIX")]

UV = Path(sys.executable).with_name("uv")
BUILD_SYSTEM = '[build-system]\nrequires = ["cratewheel"]\nbuild-backend = "cratewheel"\n'
MIXED = (
    f'{BUILD_SYSTEM}[project]\nname = "light-module"\ndynamic = ["version"]\n'
    '[project.scripts]\nlightly = "lightly:main"\n'
    '[tool.cratewheel]\nmodule-name = "lightly._native"\npython-source = "python"\n'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DevelopProject:
    """A project beside a virtual environment of its own."""

    command: Cratewheel
    root: Path
    environment: Path

    @property
    def python(self) -> Path:
        return self.environment / "bin" / "python"

    def develop(self, *words: str | Path, env: Mapping[str, str | None] | None = None) -> Run:
        active = {"VIRTUAL_ENV": str(self.environment), **(env or {})}
        return self.command("develop", *words, cwd=self.root, env=active)

    def says(self, code: str, env: Mapping[str, str] | None = None) -> str:
        return self.run(self.python, "-c", code, env=env)

    def run(self, *words: str | Path, env: Mapping[str, str] | None = None) -> str:
        environ = {**self.command.environ, "PYTHONDONTWRITEBYTECODE": "1", **(env or {})}
        done = subprocess.run(
            [str(word) for word in words],
            cwd=self.environment,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def files(self) -> list[str]:
        found = (path.relative_to(self.environment).as_posix() for path in self.environment.rglob("*"))
        return sorted(name for name in found if "__pycache__" not in name and not name.endswith(".lock"))


def develop_project(command: Cratewheel, crate: str, *, uv: bool = False, pip: bool = True) -> DevelopProject:
    environment = command.folder / "venv"
    uv_venv = (UV, "venv", "--quiet", "--python", sys.executable)
    make = uv_venv if uv else (sys.executable, "-m", "venv", "--without-pip")
    subprocess.run([*make, environment], check=True)
    if pip and not uv:
        environments.link(environment / "bin" / "python", ["pip"])  # to install it takes seconds
    return DevelopProject(command=command, root=command.copy(crate), environment=environment)


def make_mixed(root: Path, extra: str = "") -> Path:
    (root / "pyproject.toml").write_text(MIXED + extra, encoding="utf-8")
    package = root / "python" / "lightly"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(
        "from lightly._native import answer\ndef main():\n    print('main', answer())\n", encoding="utf-8"
    )
    return package


def site(environment: Path) -> Path:
    return environment / "lib" / f"python3.{sys.version_info[1]}" / "site-packages"


def test_the_last_line_says_what_was_installed_where_and_how_long_it_took(run_light: Cratewheel) -> None:
    here = develop_project(run_light, "light-module", pip=False)
    last = here.develop().ok().stderr.splitlines()[-1]
    assert re.fullmatch(
        rf"   Installed light-module 1\.2\.3 into {re.escape(str(here.environment))} in [\d.]+ s "
        r"\(not editable: run develop again after a change\)",
        last,
    )
    make_mixed(here.root)
    beside = here.root / ".venv"
    here.environment.rename(beside)
    last = run_light("develop", cwd=here.root).ok().stderr.splitlines()[-1]
    assert re.fullmatch(r"   Installed light-module 1\.2\.3 into \.venv in [\d.]+ s \(editable\)", last)
    last = run_light("develop", "--skip-install", cwd=here.root).ok().stderr.splitlines()[-1]
    assert re.fullmatch(r"    Compiled light-module 1\.2\.3 in [\d.]+ s", last)


@pytest.mark.parametrize("uv", [False, True], ids=["venv", "uv"])
def test_a_mixed_project_is_live_and_goes_without_a_trace(run_light: Cratewheel, uv: bool) -> None:
    here = develop_project(run_light, "light-module", uv=uv)
    package = make_mixed(here.root)
    before = here.files()
    in_tree = sorted(path.name for path in package.iterdir())

    run = here.develop().ok()
    assert run.stdout == ""
    assert here.says("import lightly; lightly.main()") == "main 42\n"
    assert here.run(here.environment / "bin" / "lightly") == "main 42\n"
    assert sorted(path.name for path in package.iterdir()) == in_tree

    (package / "more.py").write_text("from lightly import answer\nWORD = 'new'\n", encoding="utf-8")
    (package / "data.txt").write_text("text", encoding="utf-8")
    code = (
        "import importlib.resources as r, lightly.more; "
        "print(lightly.more.WORD, r.files('lightly').joinpath('data.txt').read_text())"
    )
    assert here.says(code) == "new text\n"

    info = site(here.environment) / "light_module-1.2.3.dist-info"
    direct = json.loads((info / "direct_url.json").read_text(encoding="utf-8"))
    assert direct == {"url": here.root.as_uri(), "dir_info": {"editable": True}}
    if uv:
        assert "light-module" in here.run(UV, "pip", "list", "--editable", "--python", here.python)
        here.run(UV, "pip", "uninstall", "--quiet", "--python", here.python, "light-module")
    else:
        assert "light-module" in here.run(here.python, "-m", "pip", "list", "--editable")
        assert here.run(here.python, "-m", "pip", "check") == "No broken requirements found.\n"
        here.run(here.python, "-m", "pip", "uninstall", "--quiet", "--yes", "light-module")
    assert here.files() == before


def test_a_second_develop_replaces_the_first_with_all_its_files(run_light: Cratewheel) -> None:
    here = develop_project(run_light, "light-module", pip=False)
    here.develop().ok()
    assert here.says("import light_module; print(light_module.answer())") == "42\n"
    pure = here.files()
    make_mixed(here.root)
    here.develop("-F", "loud").ok()
    assert here.says("import lightly; lightly.main()") == "main 4200\n"
    assert [name for name in here.files() if "site-packages/light_module/" in name] == []
    (here.root / "pyproject.toml").write_text(
        f'{BUILD_SYSTEM}[project]\nname = "light-module"\nversion = "1.2.3"\n', "utf-8"
    )
    here.develop().ok()
    assert here.files() == pure


def test_programs_are_installed(run_light: Cratewheel) -> None:
    here = develop_project(run_light, "bin-mixed", pip=False)
    here.develop().ok()
    assert here.run(here.environment / "bin" / "bin-mixed") == "one\n"
    assert here.says("import bin_mixed; print(bin_mixed.__file__)") == (
        f"{here.root / 'python' / 'bin_mixed' / '__init__.py'}\n"
    )


def test_cffi_in_a_mixed_project(run_light: Cratewheel) -> None:
    here = develop_project(run_light, "cffi-mixed", pip=False)
    target = {"CARGO_TARGET_DIR": str(run_light.folder / "target")}
    fake = site(here.environment) / "cffi-99.dist-info"
    fake.mkdir()
    (fake / "METADATA").write_text("Metadata-Version: 2.1\nName: cffi\nVersion: 99\n", encoding="utf-8")
    here.develop(env=target).ok()
    # the bindings are imported by the Python of the tests, which has the real cffi
    path = os.pathsep.join((str(here.root), str(site(here.environment))))
    code = (
        "import _cffi_mixed_editable as e; e.install(); from cffi_mixed._native import ffi, lib; print(lib.add(40, 2))"
    )
    assert here.run(sys.executable, "-c", code, env={"PYTHONPATH": path}) == "42\n"


def test_in_place_the_module_lies_in_the_package(run_light: Cratewheel) -> None:
    here = develop_project(run_light, "light-module", pip=False)
    package = make_mixed(here.root, 'editable-mode = "inplace"\n')
    here.develop().ok()
    assert [path.name.partition(".")[0] for path in sorted(package.iterdir())] == ["__init__", "_native"]
    assert here.says("import lightly; lightly.main()") == "main 42\n"


def test_in_place_the_module_of_an_earlier_build_goes_and_that_of_others_is_told(run_light: Cratewheel) -> None:
    here = develop_project(run_light, "light-module", pip=False)
    package = make_mixed(here.root, 'editable-mode = "inplace"\n')
    here.develop().ok()
    (first,) = package.glob("_native.*.so")
    renamed = here.root / "pyproject.toml"
    text = renamed.read_text(encoding="utf-8")
    renamed.write_text(text.replace("lightly._native", "lightly._other"), encoding="utf-8")
    foreign = package / "_other.so"
    foreign.touch()
    done = here.develop().ok()
    assert not first.exists()
    assert sorted(path.name.partition(".")[0] for path in package.glob("*.so")) == ["_other", "_other"]
    assert "may import it" not in done.stderr  # Python tries the file without a tag last


@pytest.mark.long
def test_in_place_a_change_of_the_abi_leaves_one_module_of_pyo3(run_cratewheel: Cratewheel) -> None:
    here = develop_project(run_cratewheel, "pyo3-mixed", pip=False)
    project = here.root / "pyproject.toml"
    text = project.read_text(encoding="utf-8").replace("[tool.maturin]", "[tool.cratewheel]")
    project.write_text(f'{text}editable-mode = "inplace"\n', encoding="utf-8")
    source = here.root / "src" / "lib.rs"
    code = source.read_text(encoding="utf-8")
    folder = here.root / "python" / "pyo3_mixed" / "inner"
    tagged = f"_native.cpython-3{sys.version_info[1]}-"
    for number, (features, beginning) in enumerate([("", tagged), ("pyo3/abi3-py39", "_native.abi3."), ("", tagged)]):
        source.write_text(code.replace("left + right", f"left + right + {number}"), encoding="utf-8")
        done = here.develop(*(("--features", features) if features else ())).ok()
        (module,) = folder.glob("*.so")
        assert module.name.startswith(beginning)
        assert "may import it" not in done.stderr
        imported = "from pyo3_mixed import add; from pyo3_mixed.inner import _native as n; print(add(1, 1), n.__file__)"
        assert here.says(imported) == f"{2 + number} {module}\n"


MADE = """
fn main() {
    let out = std::path::PathBuf::from(std::env::var_os("OUT_DIR").unwrap());
    std::fs::write(out.join("data.txt"), "made").unwrap();
}
"""


@pytest.mark.parametrize("mode", ["redirect", "inplace"])
def test_a_file_out_of_the_out_dir_is_found_in_the_live_package(run_light: Cratewheel, mode: str) -> None:
    here = develop_project(run_light, "light-module", pip=False)
    include = 'include = [{ path = "data.txt", from = "out-dir", to = "lightly/data/" }]\n'
    make_mixed(here.root, f'editable-mode = "{mode}"\n{include}')
    (here.root / "build.rs").write_text(MADE, encoding="utf-8")
    here.develop().ok()
    code = "; ".join(
        (
            "import importlib.resources as r, pkgutil",
            "print(r.files('lightly').joinpath('data', 'data.txt').read_text())",
            "print(pkgutil.get_data('lightly', 'data/data.txt').decode())",
        )
    )
    assert here.says(code) == "made\nmade\n"


def test_skip_install_compiles_into_the_package(run_light: Cratewheel) -> None:
    here = develop_project(run_light, "light-module", pip=False)
    package = make_mixed(here.root)
    before = here.files()
    here.develop("--skip-install").ok()
    assert [path.name.partition(".")[0] for path in sorted(package.iterdir())] == ["__init__", "_native"]
    assert here.files() == before


BUILD_SCRIPT = """
fn main() {
    println!("cargo::rerun-if-changed=answer.txt");
    println!("cargo::rerun-if-env-changed=ANSWER");
    let answer = std::env::var("ANSWER").unwrap_or_else(|_| std::fs::read_to_string("answer.txt").unwrap());
    std::fs::write(format!("{}/answer.rs", std::env::var("OUT_DIR").unwrap()), format!("{answer}")).unwrap();
}
"""


def test_a_changed_source_is_compiled_again_on_import(run_light: Cratewheel) -> None:
    here = develop_project(run_light, "light-module", pip=False)
    make_mixed(here.root, "editable-rebuild = true\n")
    source = here.root / "src" / "lib.rs"
    here.develop("-F", "loud").ok()
    assert here.says("import lightly; lightly.main()") == "main 4200\n"
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("4200", "4300"), encoding="utf-8")
    assert here.says("import lightly; lightly.main()", env={"CRATEWHEEL_NO_REBUILD": "1"}) == "main 4200\n"
    assert here.says("import lightly; lightly.main()") == "main 4300\n"
    (module,) = site(here.environment).glob("_light_module_editable/lightly/_native*.so")
    before = module.stat()
    assert here.says("import lightly; lightly.main()") == "main 4300\n"
    assert (module.stat().st_mtime_ns, module.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    source.write_text(text + "oops", encoding="utf-8")
    code = "try:\n    import lightly\nexcept ImportError as error:\n    print(error.name, 'src/lib.rs' in str(error))"
    assert here.says(code) == "lightly._native True\n"


def test_what_else_a_crate_depends_on_is_compiled_again_on_import(run_light: Cratewheel) -> None:
    here = develop_project(run_light, "light-module", pip=False)
    make_mixed(here.root, "editable-rebuild = true\n")
    manifest, source = here.root / "Cargo.toml", here.root / "src" / "lib.rs"
    text = source.read_text(encoding="utf-8").replace("4200", 'include!(concat!(env!("OUT_DIR"), "/answer.rs"))')
    source.write_text(text, encoding="utf-8")
    (here.root / "answer.txt").write_text("1", encoding="utf-8")
    (here.root / "build.rs").write_text(BUILD_SCRIPT, encoding="utf-8")
    here.develop("-F", "loud").ok()
    code = "import lightly; lightly.main()"
    assert here.says(code) == "main 1\n"
    (here.root / "answer.txt").write_text("2", encoding="utf-8")  # what the build script reads
    assert here.says(code) == "main 2\n"
    assert here.says(code, env={"ANSWER": "3"}) == "main 3\n"
    (here.root / ".cargo").mkdir()
    (here.root / ".cargo" / "config.toml").write_text('[env]\nANSWER = "4"\n', encoding="utf-8")
    assert here.says(code) == "main 4\n"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"1.2.3"', '"1.2.4"'), encoding="utf-8")
    (here.root / "build.rs").write_text(BUILD_SCRIPT.replace("answer}", "answer}0"), encoding="utf-8")
    assert here.says(code) == "main 40\n"


def test_missing_dependencies_are_installed_and_those_that_fit_are_not(run_light: Cratewheel) -> None:
    here = develop_project(run_light, "light-module")
    text = (
        f'{BUILD_SYSTEM}[project]\nname = "light-module"\nversion = "1.2.3"\ndependencies = ["pip>=1"]\n'
        '[project.optional-dependencies]\nmore = ["no-such-distribution-of-the-tests"]\n'
        '[dependency-groups]\nlint = ["pip", {include-group = "more"}]\nmore = ["another-that-is-not-there"]\n'
    )
    (here.root / "pyproject.toml").write_text(text, encoding="utf-8")
    offline = {"PIP_NO_INDEX": "1"}
    assert "Installing" not in here.develop(env=offline).ok().stderr
    for words, name in (
        (("-E", "more"), "no-such-distribution-of-the-tests"),
        (("-G", "lint"), "another-that-is-not-there"),
    ):
        run = here.develop(*words, env=offline)
        assert run.status == 1
        assert f"  Installing {name}\n" in run.stderr
        assert "error: cannot install the dependencies (exit status 1)" in run.stderr
    assert "error: the project has no extra `x`\n help: the extras are: more\n" in here.develop("-E", "x").stderr
    where = here.root / "pyproject.toml"
    said = f"error: there is no dependency group `x` in {where}\n help: the groups are: lint, more\n"
    assert said in here.develop("-G", "x").stderr


RECORD_UV = '#!/bin/sh\necho "$0 $*" >> "$LOG"\n'
NEEDS = f'{BUILD_SYSTEM}[project]\nname = "light-module"\nversion = "1.2.3"\ndependencies = ["absent-of-the-tests"]\n'


def shell_script(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("place", ["environment", "module", "path"])
@pytest.mark.parametrize("asked", [True, False], ids=["--uv", "pixi"])
def test_uv_is_found_as_a_program_or_a_module(run_light: Cratewheel, place: str, asked: bool) -> None:
    here = develop_project(run_light, "light-module", pip=False)
    (here.root / "pyproject.toml").write_text(NEEDS, encoding="utf-8")
    log = run_light.folder / "uv.log"
    on_path = shell_script(run_light.folder / "programs" / "uv", RECORD_UV)
    environ = {"LOG": str(log), "PATH": f"{on_path.parent}{os.pathsep}{os.environ['PATH']}"}
    expected = str(on_path)
    if place == "module":
        (site,) = (here.environment / "lib").glob("python3*/site-packages")
        (site / "uv").mkdir()
        code = "import os, sys\nprint('module', *sys.argv[1:], file=open(os.environ['LOG'], 'a'))\n"
        (site / "uv" / "__main__.py").write_text(code, encoding="utf-8")
        expected = "module"
    if place == "environment":
        expected = str(shell_script(here.environment / "bin" / "uv", RECORD_UV))
    if not asked:
        (here.environment / "conda-meta").mkdir()
        (here.environment / "conda-meta" / "pixi_env_prefix").touch()
    here.develop(*(["--uv"] if asked else []), env=environ).ok()
    installed = f"{expected} pip install --python {here.python} absent-of-the-tests\n"
    assert log.read_text(encoding="utf-8") == installed


def test_a_target_is_compiled_for_if_the_environment_can_load_it(run_light: Cratewheel) -> None:
    here = develop_project(run_light, "light-module", pip=False)
    (host,) = (
        line.partition(": ")[2]
        for line in subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout.splitlines()
        if line.startswith("host: ")
    )
    words = ("--target", host, "--compression-level", "9", "--compression-method", "deflated")
    here.develop(*words).ok()
    assert here.says("import light_module; print(light_module.answer())") == "42\n"
    run = here.develop("--target", "aarch64-apple-darwin")
    assert (run.status, run.stdout) == (2, "")
    assert (
        f"an environment of this machine ({host}) cannot load what is compiled for aarch64-apple-darwin" in run.stderr
    )
    assert here.develop("--compression-level", "10").status == 2


def test_a_damaged_environment_is_not_installed_through(run_light: Cratewheel) -> None:
    here = develop_project(run_light, "light-module", pip=False)
    (here.environment / "pyvenv.cfg").unlink()
    run = here.develop()
    assert (run.status, run.stdout) == (1, "")
    assert f"error: the environment {here.environment} is damaged: it has no pyvenv.cfg" in run.stderr
    assert "Compiling" not in run.stderr


def test_what_somebody_else_installed_is_left_alone(run_light: Cratewheel) -> None:
    here = develop_project(run_light, "light-module", pip=False)
    foreign = site(here.environment) / "light_module-9.dist-info"
    foreign.mkdir()
    (foreign / "METADATA").write_text("Metadata-Version: 2.1\nName: light-module\nVersion: 9\n", encoding="utf-8")
    before = here.files()
    run = here.develop()
    assert run.status == 1
    assert f"error: light-module is installed in {foreign} without a RECORD file\n" in run.stderr
    assert here.files() == before

    (foreign / "RECORD").write_text("../../../../../escape.py,,\nlight_module-9.dist-info/RECORD,,\n", encoding="utf-8")
    run = here.develop()
    assert run.status == 1
    assert "which is outside of the environment" in run.stderr


def test_an_install_that_fails_half_way_leaves_what_was_there(run_light: Cratewheel) -> None:
    here = develop_project(run_light, "light-module", pip=False)
    make_mixed(here.root)
    here.develop().ok()
    (site(here.environment) / "in-the-way").touch()
    before = here.files()
    data = here.root / "lightly._native.data" / "platlib" / "in-the-way"
    data.mkdir(parents=True)
    (data / "file").touch()
    run = here.develop()
    assert run.status == 1
    assert "in-the-way" in run.stderr
    assert "Traceback" not in run.stderr
    assert here.files() == before
    assert here.says("import lightly; lightly.main()") == "main 42\n"


def test_a_module_that_cannot_be_imported_is_said_last(run_light: Cratewheel) -> None:
    here = develop_project(run_light, "light-module", pip=False)
    with (here.root / "pyproject.toml").open("a", encoding="utf-8") as stream:
        stream.write('\n[tool.cratewheel]\nmodule-name = "other"\n')
    said = here.develop().ok().stderr.splitlines()
    assert said[-1] == "warning: `import other` will fail, as the warning above explains"
    assert any(
        line.startswith("warning: the compiled library does not export PyInit_other or PyModExport_other")
        for line in said
    )


def test_without_an_environment_there_is_an_error(run_light: Cratewheel, tmp_path: Path) -> None:
    root = run_light.copy("light-module")
    run = run_light("develop", cwd=root)
    assert (run.status, run.stdout) == (1, "")
    assert run.stderr.startswith("error: no environment to install into")
    two = run_light("develop", cwd=root, env={"VIRTUAL_ENV": str(tmp_path / "a"), "CONDA_PREFIX": str(tmp_path / "b")})
    assert two.stderr.startswith("error: two environments are active: VIRTUAL_ENV (")


def test_the_nearest_dot_venv_is_the_environment(run_light: Cratewheel) -> None:
    root = run_light.copy("light-module")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", root / ".venv"], check=True)
    run_light("dev", cwd=root).ok()
    assert (site(root / ".venv") / "light_module" / "__init__.py").is_file()


def conda_prefix(folder: Path) -> Path:
    """Return an environment as conda makes them: whole, without a pyvenv.cfg, known by its folder `conda-meta`."""
    base = Path(sys.base_prefix)
    version = f"python3.{sys.version_info[1]}"
    library = folder / "lib" / version
    (folder / "conda-meta").mkdir(parents=True)
    (library / "site-packages").mkdir(parents=True)
    for part in (base / "lib" / version).iterdir():
        if part.name != "site-packages":
            (library / part.name).symlink_to(part)
    (folder / "bin").mkdir()
    shutil.copy2(base / "bin" / version, folder / "bin" / "python")
    return folder


def test_a_conda_environment_is_installed_into(run_light: Cratewheel) -> None:
    environment = conda_prefix(run_light.folder / "conda")
    here = DevelopProject(command=run_light, root=run_light.copy("light-module"), environment=environment)
    make_mixed(here.root)
    before = here.files()
    here.develop(env={"VIRTUAL_ENV": None, "CONDA_PREFIX": str(environment)}).ok()
    assert here.says("import sys, lightly; print(sys.prefix); lightly.main()") == f"{environment}\nmain 42\n"
    here.run(UV, "pip", "uninstall", "--quiet", "--python", here.python, "light-module")
    assert here.files() == before


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ('[project.scripts]\n"{folder}/victim" = "a:b"\n', "a file name cannot have /"),
        ('[project.scripts]\n"../../evil" = "a:b"\n', "a file name cannot have /"),
        ('[project.gui-scripts]\n"python3" = "a:b"\n', "every environment has a program of its own with that name"),
    ],
    ids=["absolute", "upward", "python"],
)
@pytest.mark.parametrize("command", ["develop", "build", "sdist", "pip"])
def test_a_command_that_is_no_file_of_its_own_is_refused_before_compiling(
    run_light: Cratewheel, command: str, keys: str, message: str
) -> None:
    here = develop_project(run_light, "light-module", pip=False)
    victim = run_light.folder / "victim"
    victim.write_text("precious", encoding="utf-8")
    text = f'{BUILD_SYSTEM}[project]\nname = "light-module"\nversion = "1"\n{keys.format(folder=run_light.folder)}'
    (here.root / "pyproject.toml").write_text(text, encoding="utf-8")
    before = here.files()
    if command == "pip":
        hook = "import cratewheel; cratewheel.build_editable('.')"
        done = subprocess.run(
            [sys.executable, "-c", hook],
            cwd=here.root,
            env=run_light.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        status, stderr = done.returncode, done.stderr
    else:
        run = run_light(command, cwd=here.root, env={"VIRTUAL_ENV": str(here.environment)})
        status, stderr = run.status, run.stderr
    assert (status, "Building" in stderr, "Traceback" in stderr) == (1, False, False)
    assert f"cannot be the name of a command: {message} (project." in stderr
    assert victim.read_text(encoding="utf-8") == "precious"
    assert here.files() == before
    assert here.says("print(1)") == "1\n"


def test_a_script_and_a_program_cannot_have_one_name(run_light: Cratewheel) -> None:
    here = develop_project(run_light, "bin-mixed", pip=False)
    script = here.root / "bin-mixed.data" / "scripts" / "Bin-Mixed"
    script.parent.mkdir(parents=True)
    script.write_text("#!python\n", encoding="utf-8")
    with (here.root / "pyproject.toml").open("a", encoding="utf-8") as stream:
        stream.write('[tool.cratewheel]\ndata = "bin-mixed.data"\n')
    for command in ("develop", "build"):
        run = run_light(command, cwd=here.root, env={"VIRTUAL_ENV": str(here.environment)})
        assert run.status == 1
        assert f"as Bin-Mixed: the program 'bin-mixed', and the script {script}\n" in run.stderr
        assert "Building" not in run.stderr


@pytest.mark.parametrize("end", ["\n", "\r", "\u2028"], ids=ascii)
def test_a_folder_with_a_line_end_in_its_name_is_not_installed_live(run_light: Cratewheel, end: str) -> None:
    here = develop_project(run_light, "light-module", pip=False)
    root = run_light.folder / f"a{end}import sys; print('ran')"
    here.root.rename(root)
    make_mixed(root)
    before = here.files()
    run = run_light("develop", cwd=root, env={"VIRTUAL_ENV": str(here.environment)})
    assert run.status == 1
    assert "error: an editable install cannot lead to the folder " in run.stderr
    assert "Building" not in run.stderr
    assert here.files() == before
    assert here.says("print(1)") == "1\n"
