"""Versions of real git repositories, through the command line and the hooks of the backend."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import wheels
from git_projects import committed, git, write

if TYPE_CHECKING:
    from integration.conftest import Cratewheel

NO_RUST = "/usr/bin:/bin"
CARGO = '[package]\nname = "demo"\nversion = "0.0.0"\nedition = "2021"\n\n[lib]\ncrate-type = ["cdylib"]\n'
PYPROJECT = """\
[build-system]
requires = ["cratewheel"]
build-backend = "cratewheel"

[project]
name = "demo"
dynamic = ["version"]

[[tool.dynamic-metadata]]
provider = "cratewheel.vcs"
"""
LIBRARY = '#[no_mangle]\npub extern "C" fn answer() -> i32 { 42 }\n'
TREE = {
    "Cargo.toml": CARGO, "Cargo.lock": 'version = 4\n\n[[package]]\nname = "demo"\nversion = "0.0.0"\n',
    "pyproject.toml": PYPROJECT, "src/lib.rs": LIBRARY, ".gitignore": "target\nout\n",
}  # fmt: skip

needs_library = pytest.mark.skipif(
    importlib.util.find_spec("vcs_versioning") is None, reason="vcs-versioning is not installed"
)
pytestmark = pytest.mark.skipif(os.name == "nt", reason="folders are named as on POSIX")


@pytest.fixture(name="project")
def project_fixture(tmp_path: Path) -> Path:
    project = committed(tmp_path / "project", TREE)
    git(project, "tag", "v1.2.0")
    return project


def version(run_light: Cratewheel, folder: Path, **env: str) -> str:
    done = run_light("metadata", cwd=folder, env={"PATH": NO_RUST, **env}).ok()
    return next(line for line in done.stdout.splitlines() if line.startswith("Version: ")).removeprefix("Version: ")


@needs_library
def test_the_version_is_that_of_the_tag_with_distance_and_changes(run_light: Cratewheel, project: Path) -> None:
    assert version(run_light, project) == "1.2.0"
    (project / "new.txt").touch()
    assert version(run_light, project) == "1.2.0", "files that git does not track change nothing"
    git(project, "add", "--all")
    git(project, "commit", "-q", "-m", "second")
    commit = git(project, "rev-parse", "--short=9", "HEAD")
    assert version(run_light, project) == f"1.2.1.dev1+g{commit}"
    (project / "new.txt").write_text("changed")
    assert version(run_light, project).startswith(f"1.2.1.dev1+g{commit}.d20")
    assert version(run_light, project, SETUPTOOLS_SCM_PRETEND_VERSION_FOR_DEMO="5.6") == "5.6"


@needs_library
def test_no_program_runs_that_the_configuration_of_the_checkout_names(
    run_light: Cratewheel, project: Path, tmp_path: Path
) -> None:
    git(project, "config", "core.fsmonitor", f"touch {tmp_path}/ran; false")
    (project / "new.txt").touch()
    git(project, "add", "--all")
    (tmp_path / "ran").unlink()
    assert version(run_light, project).startswith("1.2.1.dev0+")
    assert not (tmp_path / "ran").exists()


@needs_library
def test_settings_are_those_of_setuptools_scm(run_light: Cratewheel, project: Path) -> None:
    settings = 'tag = { prefix = "demo-" }\nlocal-scheme = "no-local-version"\nversion-scheme = "no-guess-dev"\n'
    (project / "pyproject.toml").write_text(PYPROJECT + settings)
    git(project, "tag", "demo-3.0")
    git(project, "tag", "v9.0")
    git(project, "commit", "-q", "-a", "-m", "second")
    assert version(run_light, project) == "3.0.post1.dev1"
    table = '\n[tool.setuptools_scm]\nlocal_scheme = "no-local-version"\nversion_file = "src/version.py"\n'
    (project / "pyproject.toml").write_text(PYPROJECT + table)
    assert "+" not in version(run_light, project)
    assert not (project / "src" / "version.py").exists(), "a build writes nothing into the project"


@needs_library
def test_an_archive_of_git_knows_its_version(run_light: Cratewheel, project: Path, tmp_path: Path) -> None:
    archival = "node: $Format:%H$\nnode-date: $Format:%cI$\ndescribe-name: $Format:%(describe:tags=true)$\n"
    write(project, {".git_archival.txt": archival, ".gitattributes": ".git_archival.txt export-subst\n"})
    git(project, "add", "--all")
    git(project, "commit", "-q", "-m", "second")
    git(project, "tag", "v1.4.0")
    git(project, "archive", "-o", str(tmp_path / "a.tar"), "HEAD")
    with tarfile.open(tmp_path / "a.tar") as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    assert version(run_light, tmp_path / "unpacked") == "1.4.0"


@needs_library
def test_a_project_below_its_repository_is_told_which_root_to_name(run_light: Cratewheel, tmp_path: Path) -> None:
    write(tmp_path / "p", {f"python/demo/{name}": text for name, text in TREE.items()})
    committed(tmp_path / "p", {"README": ""})
    git(tmp_path / "p", "tag", "v2.0")
    project = tmp_path / "p" / "python" / "demo"
    done = run_light("metadata", cwd=project)
    assert (done.status, done.stdout) == (1, "")
    assert f"error: no version found for {project} in its version control\n" in done.stderr
    assert f' help: the repository is {tmp_path / "p"}: add `root = "../.."` to the entry\n' in done.stderr
    (project / "pyproject.toml").write_text(f'{PYPROJECT}root = "../.."\n')
    assert version(run_light, project).startswith("2.1.dev0+g")


@needs_library
def test_a_folder_without_a_repository_or_with_wrong_settings(run_light: Cratewheel, tmp_path: Path) -> None:
    project = write(tmp_path / "p", TREE)
    done = run_light("metadata", cwd=project)
    assert (done.status, done.stdout) == (1, "")
    assert f"error: no version found for {project} in its version control\n" in done.stderr
    assert " help: tag a commit: `git tag v0.1.0`; in CI, fetch the tags: " in done.stderr
    (project / "pyproject.toml").write_text(f'{PYPROJECT}fallback-version = "0.7"\n')
    assert version(run_light, project) == "0.7"


@needs_library
def test_a_scheme_that_does_not_exist_is_an_error(run_light: Cratewheel, project: Path) -> None:
    (project / "pyproject.toml").write_text(f'{PYPROJECT}local-scheme = "no-such"\n')
    done = run_light("metadata", cwd=project)
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: no version found for {project}: ")
    assert done.stderr.endswith(" help: correct the settings of cratewheel.vcs, or the tag\n")


@needs_library
def test_without_git_the_error_says_so(run_light: Cratewheel, project: Path, tmp_path: Path) -> None:
    done = run_light("metadata", cwd=project, env={"PATH": str(tmp_path)})
    assert (done.status, done.stdout) == (1, "")
    where = f"tool.dynamic-metadata[0] in {project / 'pyproject.toml'}"
    assert done.stderr == (
        f"error: git was not found, with which {where} reads the version\n"
        " help: install git, or build from a source distribution\n"
    )


def test_without_the_library_the_error_names_the_command_that_installs_it(run_light: Cratewheel, project: Path) -> None:
    for name in ("vcs_versioning", "setuptools_scm"):
        (project / f"{name}.py").write_text("raise ImportError\n")
    done = run_light(
        "metadata", cwd=project, env={"PYTHONPATH": f"{project}:{run_light.environ.get('PYTHONPATH', '')}"}
    )
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr == (
        "error: vcs-versioning, which reads the version from git, is not installed\n"
        ' help: pip install "vcs-versioning>=2"\n'
    )


def test_the_backend_asks_for_the_library_only_where_the_provider_needs_it(
    run_light: Cratewheel, project: Path
) -> None:
    code = (
        "import cratewheel as c; print(*c.get_requires_for_build_sdist(), *c.get_requires_for_build_wheel(), "
        "*c.get_requires_for_build_editable())"
    )

    def requirements() -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=project,
            env=run_light.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [word for word in done.stdout.split() if word != "cffi"]

    assert requirements() == ["vcs-versioning>=2"] * 3
    (project / "pyproject.toml").write_text(PYPROJECT.partition("[[")[0])
    assert requirements() == []


@needs_library
@pytest.mark.cargo
def test_an_sdist_and_the_wheel_made_of_it_have_the_version_of_git(
    run_light: Cratewheel, project: Path, tmp_path: Path
) -> None:
    git(project, "commit", "-q", "--allow-empty", "-m", "second")
    git(project, "tag", "v1.3.0rc1")
    made = run_light("sdist", "--out", tmp_path / "out", cwd=project).ok()
    sdist = tmp_path / "out" / "demo-1.3.0rc1.tar.gz"
    assert sdist.is_file(), made.stderr
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    unpacked = tmp_path / "demo-1.3.0rc1"
    git(tmp_path, "init", "-q")  # a repository around it changes nothing
    code = "import cratewheel as c; print(*c.get_requires_for_build_wheel()); print(c.build_wheel('out'))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=unpacked, env=run_light.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    requirements, wheel = done.stdout.splitlines()
    assert "vcs" not in requirements
    assert wheel.startswith("demo-1.3.0rc1-py3-none-")


def test_a_local_provider_its_files_and_dynamic_headers_are_in_the_sdist(run_light: Cratewheel, tmp_path: Path) -> None:
    local = PYPROJECT.replace('"cratewheel.vcs"', '{ path = "tools", module = "fill" }').replace(
        '["version"]', '["version", "dependencies", "description"]'
    )
    regex = (
        '[[tool.dynamic-metadata]]\nprovider = "cratewheel.regex"\nfield = "description"\ninput = "TEXT"\n'
        'regex = "(?P<value>.*)"\n'
    )
    fill = (
        "def dynamic_metadata(settings, project):\n    return {'version': '4', 'dependencies': ['a']}\n"
        "def dynamic_wheel(settings):\n    return {'dependencies': True}\n"
    )
    tree = {**TREE, "pyproject.toml": local + regex, "tools/fill.py": fill, "TEXT": "words\n"}
    project = write(tmp_path / "p", tree)
    (project / "Cargo.toml").write_text(CARGO.replace("edition", 'include = ["src"]\nedition'))
    run_light("sdist", "--out", tmp_path / "out", cwd=project).ok()
    with tarfile.open(tmp_path / "out" / "demo-4.tar.gz") as archive:
        names = sorted(archive.getnames())
        stream = archive.extractfile("demo-4/PKG-INFO")
        assert stream is not None
        info = stream.read().decode()
    assert names == [
        f"demo-4/{name}"
        for name in ("Cargo.lock", "Cargo.toml", "PKG-INFO", "TEXT", "pyproject.toml", "src/lib.rs", "tools/fill.py")
    ]
    assert info == (
        "Metadata-Version: 2.4\nName: demo\nVersion: 4\nDynamic: Requires-Dist\nRequires-Dist: a\nSummary: words\n"
    )
    assert "Dynamic" not in run_light("metadata", cwd=project).ok().stdout


@needs_library
@pytest.mark.cargo
def test_the_version_reaches_rust_and_only_a_new_one_compiles_again(run_light: Cratewheel, tmp_path: Path) -> None:
    project = run_light.copy("vcs-version")
    (project / ".gitignore").write_text("target\nout\n")
    committed(project, {})
    git(project, "tag", "v1.1")
    first = run_light("build", "--no-sdist", "--out", tmp_path / "out", cwd=project).ok()
    assert first.wheel.name.startswith("vcs_version-1.1-py3-none-")
    assert program(first.wheel, tmp_path / "first") == "1.1 0.0.0"
    again = run_light("build", "-v", "--no-sdist", "--out", tmp_path / "out", cwd=project).ok()
    assert "Fresh vcs-version" in again.stderr
    git(project, "commit", "-q", "--allow-empty", "-m", "second")
    git(project, "tag", "v1.2rc1")
    second = run_light("build", "--no-sdist", "--out", tmp_path / "second", cwd=project).ok()
    assert program(second.wheel, tmp_path / "program") == "1.2rc1 0.0.0"
    assert wheels.text(second.wheel, ".dist-info/METADATA") == (
        "Metadata-Version: 2.4\nName: vcs-version\nVersion: 1.2rc1\n"
        'Requires-Dist: rich>=13; extra == "all"\nRequires-Dist: rich>=13; extra == "colour"\n'
        "Provides-Extra: all\nProvides-Extra: colour\n"
        "Requires-Python: >=3.7\n"
        "Description-Content-Type: text/markdown; charset=UTF-8; variant=GFM\n\n"
        "# vcs-version\n\nPrints its version.\n\n# News\n\n## 1.1\n\nIt prints more.\n"
    )


@needs_library
@pytest.mark.cargo
def test_a_build_has_the_same_version_in_sdist_and_wheel_and_checks_the_sdist(
    run_light: Cratewheel, tmp_path: Path
) -> None:
    project = run_light.copy("vcs-version")
    (project / ".gitignore").write_text("target\nout\n")
    committed(project, {})
    git(project, "tag", "v2.0")
    (project / "README.md").write_text("changed <!-- for developers -->")
    made = run_light("build", "--sdist-first", "--out", tmp_path / "out", cwd=project).ok()
    (wheel,), (sdist,) = made.wheels, made.sdists
    version = wheel.name.split("-")[1]
    assert version.startswith("2.1.dev0+g")
    assert sdist.name == f"vcs_version-{version}.tar.gz"
    checked = run_light("sdist", "--check", "--out", tmp_path / "checked", cwd=project).ok()
    assert [path.name for path in (tmp_path / "checked").iterdir()] == [sdist.name], checked.stderr


@needs_library
@pytest.mark.cargo
@pytest.mark.parametrize("words", [(), ("--sdist-first",), ("-m", "Cargo.toml")], ids=" ".join)
def test_a_lock_file_that_cargo_writes_again_changes_no_version(
    run_light: Cratewheel, tmp_path: Path, words: tuple[str, ...]
) -> None:
    project = run_light.copy("vcs-version")
    manifest, lock = project / "Cargo.toml", project / "Cargo.lock"
    (project / ".gitignore").write_text("target\nout\n")
    manifest.write_text(manifest.read_text().replace('version = "0.0.0"', 'version = "0.0.1"'))
    committed(project, {})
    git(project, "tag", "v2.0")
    made = run_light("build", *words, "--out", tmp_path / "out", cwd=project).ok()
    assert 'version = "0.0.1"' in lock.read_text()
    assert [path.name.split("-")[1].removesuffix(".tar.gz") for path in (*made.wheels, *made.sdists)] == ["2.0", "2.0"]


def program(wheel: Path, folder: Path) -> str:
    """Return what the program in a wheel prints."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if "/scripts/" in name)
        path = Path(archive.extract(name, folder))
    path.chmod(0o755)
    return subprocess.run([path], check=True, capture_output=True, text=True).stdout.strip()
