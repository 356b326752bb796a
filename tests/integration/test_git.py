"""git is asked, and nothing but git runs, whatever a checkout's configuration or our caller's variables say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cratewheel.system.git import git as git_command
from git_projects import committed, git, write

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the programs that must not run are shell commands")

CARGO = '[package]\nname = "demo"\nversion = "1.0.0"\nedition = "2021"\n\n[lib]\ncrate-type = ["cdylib"]\n'
PYPROJECT = (
    '[build-system]\nrequires = ["cratewheel"]\nbuild-backend = "cratewheel"\n\n[project]\nname = "demo"\n'
    'version = "1.0.0"\n\n[tool.cratewheel]\nsdist-generator = "git"\n'
)
TREE = {
    "Cargo.toml": CARGO, "Cargo.lock": 'version = 4\n\n[[package]]\nname = "demo"\nversion = "1.0.0"\n',
    "pyproject.toml": PYPROJECT, "src/lib.rs": "", "data/deep/a.txt": "a",
}  # fmt: skip
FILES = ["PKG-INFO", "Cargo.lock", "Cargo.toml", "data/deep/a.txt", "pyproject.toml", "src/lib.rs"]


@pytest.fixture(name="project")
def project_fixture(tmp_path: Path) -> Path:
    return committed(tmp_path / "project", TREE)


@pytest.fixture(name="other")
def other_fixture(tmp_path: Path) -> Path:
    return committed(tmp_path / "other", {"unrelated": "1"})


def members(run: Run) -> list[str]:
    with tarfile.open(run.ok().sdists[0]) as archive:
        return [name.partition("/")[2] for name in archive.getnames()]


def test_programs_that_the_configuration_of_a_checkout_names_do_not_run(
    project: Path, other: Path, run_light: Cratewheel, tmp_path: Path
) -> None:
    git(project, "submodule", "add", "-q", str(other), "module")
    git(project, "commit", "-q", "-m", "module")
    ran = tmp_path / "ran"
    ran.mkdir()
    hooks = write(tmp_path / "hooks", {"post-index-change": f"#!/bin/sh\ntouch {ran}/hook\n"})
    (hooks / "post-index-change").chmod(0o755)
    for folder in (project, project / "module"):
        git(folder, "config", "core.fsmonitor", f"touch {ran}/fsmonitor-{folder.name}; false")
        git(folder, "config", "core.hooksPath", str(hooks))
        git(folder, "config", "core.untrackedCache", "true")
    subprocess.run(["git", "ls-files", "--recurse-submodules"], cwd=project, check=True, stdout=subprocess.DEVNULL)
    assert {path.name for path in ran.iterdir()} >= {"fsmonitor-project", "fsmonitor-module"}
    for path in ran.iterdir():
        path.unlink()
    assert members(run_light("sdist", cwd=project)) == [
        *("PKG-INFO", ".gitmodules", "Cargo.lock", "Cargo.toml", "data/deep/a.txt", "module/unrelated"),
        *("pyproject.toml", "src/lib.rs"),
    ]
    assert list(ran.iterdir()) == []


def test_what_a_partial_clone_lacks_is_not_fetched_and_git_is_quoted(project: Path, tmp_path: Path) -> None:
    """Else git starts the program that the checkout names for ssh."""
    ran = tmp_path / "ran"
    clone = tmp_path / "clone"
    git(project, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--no-local", "--filter=tree:0", "--sparse", f"file://{project}", str(clone))
    git(clone, "sparse-checkout", "init", "--cone", "--sparse-index")
    git(clone, "sparse-checkout", "set", "src")
    packs = clone / ".git" / "objects" / "pack"
    packs.rename(tmp_path / "packs")
    packs.mkdir()
    for pack in (tmp_path / "packs").glob("*.pack"):
        with pack.open("rb") as stream:
            subprocess.run(["git", "unpack-objects", "-q"], cwd=clone, stdin=stream, check=True)
    tree = git(clone, "rev-parse", "HEAD:data").strip()
    (clone / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    git(clone, "config", "remote.origin.url", "ssh://example.org/x")
    git(clone, "config", "core.sshCommand", f"touch {ran}; false")
    git(clone, "config", "protocol.ssh.allow", "always")
    subprocess.run(["git", "ls-files"], cwd=clone, check=False, capture_output=True)
    if not ran.exists():
        pytest.skip("this git does not fetch for `ls-files`")
    ran.unlink()
    command = git_command("ls-files", "-z", "--recurse-submodules", cwd=clone)
    done = subprocess.run(
        command.argv, cwd=clone, env=command.environment(os.environ), check=False, capture_output=True, text=True
    )
    assert not ran.exists()
    assert "not allowed" in done.stderr or "lazy fetching disabled" in done.stderr


@pytest.mark.parametrize(
    "names",
    [("GIT_DIR",), ("GIT_INDEX_FILE",), ("GIT_DIR", "GIT_WORK_TREE"), ("GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY")],
)
def test_a_repository_that_a_variable_names_is_not_asked(
    names: tuple[str, ...], project: Path, other: Path, run_light: Cratewheel
) -> None:
    values = {
        "GIT_DIR": other / ".git",
        "GIT_INDEX_FILE": other / ".git" / "index",
        "GIT_WORK_TREE": other,
        "GIT_OBJECT_DIRECTORY": other / ".git" / "objects",
    }
    env = {name: str(values[name]) for name in names}
    assert members(run_light("sdist", cwd=project, env=env)) == FILES


def test_a_new_project_gets_a_repository_of_its_own_whatever_a_variable_names(
    other: Path, run_light: Cratewheel, tmp_path: Path
) -> None:
    before = (other / ".git" / "config").read_bytes()
    env = {"GIT_DIR": str(other / ".git"), "GIT_WORK_TREE": str(other)}
    run_light("new", "--bindings", "cffi", "fresh", cwd=tmp_path, env=env).ok()
    assert (tmp_path / "fresh" / ".git" / "HEAD").is_file()
    assert (other / ".git" / "config").read_bytes() == before


@pytest.mark.parametrize("which", ["of another repository", "where nothing was added", "where exclude names it"])
def test_an_sdist_that_nobody_can_build_is_an_error(
    which: str, project: Path, other: Path, run_light: Cratewheel
) -> None:
    missing = ["Cargo.toml", "src/lib.rs"]
    match which:
        case "of another repository":
            shutil.rmtree(project / ".git")
            (project / ".git").write_text(f"gitdir: {other / '.git'}\n")
        case "where nothing was added":
            shutil.rmtree(project / ".git")
            git(project, "init", "-q")
        case _:
            missing = ["src/lib.rs"]
            (project / "pyproject.toml").write_text(f'{PYPROJECT}exclude = ["src/*"]\n')
    run = run_light("sdist", cwd=project)
    assert run.status == 1
    assert run.sdists == ()
    assert (
        f"error: the source distribution cannot be built without {project / missing[0]}, which git does not track\n"
    ) in run.stderr
    assert all(f"       the same for {project / name}\n" in run.stderr for name in missing[1:])
    if which == "of another repository":
        assert f"warning: missing files that git tracks: {project / 'unrelated'}\n" in run.stderr


ABOVE = {
    "a readme": 'readme = "../README.md"\n',
    "a licence": 'license-file = "../LICENSE"\n',
    "a member's readme": "",
    "a readme that git does not track": 'readme = "NEW.md"\n',
}


@pytest.mark.parametrize("name", ABOVE)
def test_a_text_that_cargo_toml_takes_from_elsewhere_is_an_error(
    name: str, run_light: Cratewheel, tmp_path: Path
) -> None:
    manifest = CARGO.replace("\n\n", f"\n{ABOVE[name]}\n", 1)
    tree = {f"project/{path}": text for path, text in {**TREE, "Cargo.toml": manifest}.items()}
    tree |= {"README.md": "# demo\n", "LICENSE": "do\n"}
    crate = "project"
    if name == "a member's readme":
        crate = "project/dep"
        tree["project/Cargo.toml"] += '\n[dependencies]\ndep = { path = "dep" }\n'
        tree["project/Cargo.lock"] = TREE["Cargo.lock"] + (
            'dependencies = ["dep"]\n\n[[package]]\nname = "dep"\nversion = "1.0.0"\n'
        )
        tree["project/dep/Cargo.toml"] = (
            '[package]\nname = "dep"\nversion = "1.0.0"\nedition = "2021"\nreadme = "../../README.md"\n'
        )
        tree["project/dep/src/lib.rs"] = ""
    root = committed(tmp_path / "root", tree)
    (root / "project/NEW.md").write_text("# new\n")
    run = run_light("sdist", cwd=root / "project")
    assert run.status == 1
    assert run.sdists == ()
    path, key = (root / "README.md", "readme") if name != "a licence" else (root / "LICENSE", "licence file")
    lines = {
        "a licence": f"error: {path}, the {key}, is not below {root / 'project'}, and git lists only files there\n",
        "a readme that git does not track": (
            f"error: {root / 'project/NEW.md'}, the readme in {root / crate / 'Cargo.toml'}, "
            "would be missing in the archive\n"
        ),
    }
    above = f"error: {path}, the {key} in {root / crate / 'Cargo.toml'}, is not below {root / 'project'}, "
    assert lines.get(name, f"{above}and git lists only files there\n") in run.stderr


def test_files_and_submodules_that_are_not_there_are_named(
    project: Path, other: Path, run_light: Cratewheel, tmp_path: Path
) -> None:
    git(project, "submodule", "add", "-q", str(other), "module")
    git(project, "commit", "-q", "-m", "module")
    git(tmp_path, "clone", "-q", str(project), "clone")
    clone = tmp_path / "clone"
    shutil.rmtree(clone / "data")
    run = run_light("sdist", cwd=clone)
    assert members(run) == ["PKG-INFO", ".gitmodules", "Cargo.lock", "Cargo.toml", "pyproject.toml", "src/lib.rs"]
    assert f"warning: missing submodules in the sdist: {clone / 'module'}\n" in run.stderr
    assert f"warning: missing files that git tracks: {clone / 'data/deep/a.txt'}\n" in run.stderr


@pytest.mark.cargo
@pytest.mark.parametrize(
    ("names", "repository"),
    [
        (("data/a\nb.txt",), True),
        (("x\ny", "x", "y"), False),
        (("a\n\nb",), False),
        (("data/\u2028a",), True),
        (("a\rb",), False),
    ],
)
def test_cargo_lists_lines_and_a_name_over_several_of_them_is_an_error_as_well(
    names: tuple[str, ...], repository: bool, project: Path, run_light: Cratewheel
) -> None:
    (project / "pyproject.toml").write_text(PYPROJECT.replace("git", "cargo"))
    for name in names:
        (project / name).touch()
    if not repository:
        shutil.rmtree(project / ".git")
    run = run_light("sdist", cwd=project)
    assert run.status == 1
    assert f"error: the name {names[0]!r} has a control character or a line end in it" in run.stderr
    pattern = names[0].replace("\n", "?").replace("\r", "?")
    (project / "pyproject.toml").write_text(f'{PYPROJECT.replace("git", "cargo")}exclude = ["{pattern}"]\n')
    assert sorted(members(run_light("sdist", cwd=project))) == sorted([*FILES, *names[1:]])


@pytest.mark.parametrize("name", [b"data/a\nb.txt", b"data/\xff.txt", b"a\rb"], ids=["line end", "not UTF-8", "return"])
def test_a_name_that_no_archive_can_hold_is_an_error_and_not_left_out(
    name: bytes, project: Path, run_light: Cratewheel
) -> None:
    with open(os.path.join(os.fsencode(project), name), "wb"):  # noqa: PTH118, PTH123  # a Path has no bytes
        pass
    git(project, "add", "--all")
    run = run_light("sdist", cwd=project)
    assert run.status == 1
    assert repr(os.fsdecode(name)) in run.stderr
    (project / "pyproject.toml").write_text(f'{PYPROJECT}exclude = ["data/*.txt", "a?b"]\n')
    assert members(run_light("sdist", cwd=project)) == FILES


@pytest.mark.parametrize("include", ["", 'include = [{ path = "Cargo.lock", format = "sdist" }]\n'])
def test_a_lock_file_that_git_ignores_is_missed(include: str, run_light: Cratewheel, tmp_path: Path) -> None:
    tree = {**TREE, "pyproject.toml": f"{PYPROJECT}{include}", ".gitignore": "Cargo.lock\n"}
    project = committed(tmp_path / "ignoring", tree)
    run = run_light("sdist", cwd=project)
    lock = project / "Cargo.lock"
    warning = f"warning: {lock} is not in the sdist: builds from it choose the versions of crates anew\n"
    hint = '   help: `include = [{ path = "Cargo.lock", format = "sdist" }]` adds it\n'
    assert ("Cargo.lock" in members(run), warning + hint in run.stderr) == (bool(include), not include)
