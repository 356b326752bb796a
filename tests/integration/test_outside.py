"""What lies outside of a project is not read into its archives, whatever names it; and nothing waits for a pipe."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sdist_projects import LIB, crate, locked, pyproject

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Run

pytestmark = [
    pytest.mark.cargo,
    pytest.mark.skipif(os.name == "nt", reason="symbolic links and named pipes of POSIX"),
]

SECRET = "the key of somebody else"  # that is the point
REFUSED = re.compile(r"error: .*(outside (of )?the project|not a path (with)?in|out of the project by a symbolic link)")
WATCHDOG = 120.0  # seconds
TOOL = "[tool.maturin]\n"
TREE = {
    "project/pyproject.toml": pyproject(),
    "project/Cargo.toml": crate("demo", LIB),
    "project/Cargo.lock": locked("demo"),
    "project/src/lib.rs": "",
    "secret/x.md": SECRET,
    "secret/package/__init__.py": f"# {SECRET}",
    "secret/data/data/x": SECRET,
    "secret/Cargo.toml": crate("demo", LIB + f"# {SECRET}"),
    "secret/src/lib.rs": "",
    "secret/pyproject.toml": f"{pyproject()}# {SECRET}",
    "secret/Cargo.lock": f"# {SECRET}\n{locked('demo')}",
}

Change = Callable[[Path], object]


def lay_out(root: Path, tree: dict[str, str]) -> Path:
    """Write the files, and return the folder of the project."""
    for name, text in tree.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root / "project"


def put(name: str, text: str) -> Change:
    return lambda root: lay_out(root, {name: text.format(root=root)})


def link(name: str, target: str) -> Change:
    def change(root: Path) -> None:
        path = root / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(target)

    return change


def every_byte(run: Run) -> bytes:
    """Return all that a run printed, and all that is in its archives."""
    found = [run.stdout.encode(), run.stderr.encode()]
    for path in run.sdists:
        with tarfile.open(path) as archive:
            found += [file.read() for member in archive if (file := archive.extractfile(member))]
    for path in run.wheels:
        with zipfile.ZipFile(path) as wheel:
            found += [wheel.read(name) for name in wheel.namelist()]
    return b"\n".join(found)


KEYS = {
    "readme in Cargo.toml": [put("project/Cargo.toml", crate("demo", LIB, package='readme = "{root}/secret/x.md"\n'))],
    "readme above": [put("project/Cargo.toml", crate("demo", LIB, package='readme = "../secret/x.md"\n'))],
    "license-file above": [put("project/Cargo.toml", crate("demo", LIB, package='license-file = "../secret/x.md"\n'))],
    "readme behind a linked folder": [
        put("project/Cargo.toml", crate("demo", LIB, package='readme = "docs/x.md"\n')),
        link("docs", "../secret"),
    ],
    "license-file behind a linked folder": [
        put("project/Cargo.toml", crate("demo", LIB, package='license-file = "docs/x.md"\n')),
        link("docs", "../secret"),
    ],
    "readme of [project] behind a linked folder": [
        put("project/pyproject.toml", pyproject(project='readme = "docs/x.md"\n')),
        link("docs", "../secret"),
    ],
    "readme of [project] above": [put("project/pyproject.toml", pyproject(project='readme = "../secret/x.md"\n'))],
    "license of [project] behind a linked folder": [
        put("project/pyproject.toml", pyproject(project='license = {{ file = "docs/x.md" }}\n')),
        link("docs", "../secret"),
    ],
    "license-files behind a linked folder": [
        put("project/pyproject.toml", pyproject(project='license-files = ["docs/*.md"]\n')),
        link("docs", "../secret"),
    ],
    "a licence by its name": [link("LICENSE", "../secret/x.md")],
    "a readme by its name": [link("README.md", "../secret/x.md")],
    "python-source": [
        put("project/pyproject.toml", pyproject(f"{TOOL}python-source = '../secret'\nmodule-name = 'package'\n")),
    ],
    "python-source behind a link": [
        put("project/pyproject.toml", pyproject('[tool.maturin]\npython-source = "py"\nmodule-name = "package"\n')),
        link("py", "../secret"),
    ],
    "a linked package": [link("demo", "../secret/package")],
    "a linked file of a package": [put("project/demo/__init__.py", ""), link("demo/a.py", "../../secret/x.md")],
    "data": [put("project/pyproject.toml", pyproject('[tool.maturin]\ndata = "../secret/data"\n'))],
    "a linked data folder": [link("demo.data", "../secret/data")],
    "include behind a linked folder": [
        put("project/pyproject.toml", pyproject('[tool.maturin]\ninclude = ["docs/x.md"]\n')),
        link("docs", "../secret"),
    ],
    "an SBOM": [
        put("project/pyproject.toml", pyproject('[tool.maturin.sbom]\ninclude = ["docs/x.md"]\n')),
        link("docs", "../secret"),
    ],
    "Cargo.toml": [link("Cargo.toml", "../secret/Cargo.toml")],
    "pyproject.toml": [link("pyproject.toml", "../secret/pyproject.toml")],
    "Cargo.lock": [link("Cargo.lock", "../secret/Cargo.lock")],
    "manifest-path": [  # a crate beside the project is its own, one further up is not
        lambda root: shutil.copytree(root / "secret", root.parent / "outside"),
        put("project/pyproject.toml", pyproject(f"{TOOL}manifest-path = '../../outside/Cargo.toml'\n")),
    ],
    "a source file": [link("src/secret.rs", "../../secret/x.md")],
    "a folder of sources": [link("src/deep", "../../secret")],
    "readme of a path dependency": [
        put("project/Cargo.toml", crate("demo", LIB + '\n[dependencies]\nother = {{ path = "other" }}\n')),
        put("project/other/Cargo.toml", crate("other", package='readme = "{root}/secret/x.md"\n')),
        put("project/other/src/lib.rs", ""),
        lambda root: (root / "project" / "Cargo.lock").unlink(),
    ],
    "readme of the workspace": [
        put("project/Cargo.toml", '[workspace]\nmembers = ["py"]\n\n[workspace.package]\nreadme = "../secret/x.md"\n'),
        put("project/py/Cargo.toml", crate("demo", LIB, package="readme.workspace = true\n")),
        put("project/py/src/lib.rs", ""),
        put("project/pyproject.toml", pyproject('[tool.maturin]\nmanifest-path = "py/Cargo.toml"\n')),
    ],
}  # fmt: skip


@pytest.mark.parametrize("changes", KEYS.values(), ids=KEYS)
def test_nothing_outside_comes_into_an_sdist(run_light: Cratewheel, tmp_path: Path, changes: list[Change]) -> None:
    root = tmp_path / "tree"
    project = lay_out(root, TREE)
    for change in changes:
        change(root)
    run = run_light("sdist", cwd=project, timeout=WATCHDOG)
    assert SECRET.encode() not in every_byte(run)
    if changes != KEYS["a folder of sources"]:  # of which cargo lists no file
        assert (run.status, run.sdists) == (1, ())
        assert REFUSED.search(run.stderr)
    described = run_light("metadata", cwd=project, timeout=WATCHDOG)
    assert SECRET.encode() not in every_byte(described)


IN_WHEEL = {
    "stub": [link("light_module.pyi", "../secret/x.md")],
    "include": [
        lambda root: _add(root / "project" / "pyproject.toml", '\n[tool.cratewheel]\ninclude = ["docs/*"]\n'),
        link("docs", "../secret"),
    ],
    "package": [link("light_module", "../secret/package")],
    "SBOM": [
        lambda root: _add(root / "project" / "pyproject.toml", '\n[tool.cratewheel.sbom]\ninclude = ["docs/x.md"]\n'),
        link("docs", "../secret"),
    ],
}  # fmt: skip


def _add(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


@pytest.mark.parametrize("changes", IN_WHEEL.values(), ids=IN_WHEEL)
def test_nothing_outside_comes_into_a_wheel(run_light: Cratewheel, tmp_path: Path, changes: list[Change]) -> None:
    root = tmp_path / "tree"
    lay_out(root, {name: text for name, text in TREE.items() if name.startswith("secret")})
    run_light.copy("light-module").rename(root / "project")
    for change in changes:
        change(root)
    run = run_light("build", "--no-sdist", "-i", sys.executable, cwd=root / "project", timeout=WATCHDOG)
    assert (run.status, run.wheels) == (1, ())
    assert SECRET.encode() not in every_byte(run)
    assert "leads out of the project by a symbolic link" in run.stderr


def test_an_sbom_that_the_command_line_names_may_be_anywhere(run_light: Cratewheel, tmp_path: Path) -> None:
    lay_out(tmp_path, {"elsewhere/own.json": "{}"})
    flags = ("--no-sdist", "-i", sys.executable, "--sbom-include", str(tmp_path / "elsewhere" / "own.json"))
    with zipfile.ZipFile(run_light("build", *flags, crate="light-module").wheel) as wheel:
        assert wheel.read("light_module-1.2.3.dist-info/sboms/own.json") == b"{}"


def test_what_lies_in_the_repository_is_packed(run_light: Cratewheel, tmp_path: Path) -> None:
    tree = {
        name.replace("project/", "repository/project/"): text for name, text in TREE.items() if "secret" not in name
    }
    lay_out(
        tmp_path,
        {**tree, "repository/README.md": "# ours", "repository/LICENSE": "do", "repository/shared/a.py": "a = 1\n"},
    )
    subprocess.run(["git", "init", "-q"], cwd=tmp_path / "repository", check=True)
    project = tmp_path / "repository" / "project"
    (project / "demo").mkdir()
    (project / "demo" / "a.py").symlink_to("../../shared/a.py")
    (project / "LICENSE").symlink_to("../LICENSE")
    (project / "pyproject.toml").write_text(pyproject(project='readme = "../README.md"\n'), encoding="utf-8")
    run = run_light("sdist", cwd=project).ok()
    with tarfile.open(run.sdists[0]) as archive:
        texts = {
            name: archive.extractfile(f"demo-1.0.0/{name}").read()  # type: ignore[union-attr]  # each is a file
            for name in ("README.md", "LICENSE", "demo/a.py")
        }
    assert texts == {"README.md": b"# ours", "LICENSE": b"do", "demo/a.py": b"a = 1\n"}


PIPES = {
    "README.md": None,
    "LICENSE": None,
    "Cargo.lock": None,
    "Cargo.toml": None,
    "pyproject.toml": None,
    ".gitignore": None,
    "demo/.gitignore": None,
    ".cargo/config.toml": None,
    "rust-toolchain.toml": None,
    "src/lib.rs": None,
    "demo/a.py": None,
    "demo.data/data/a": None,
    "notes.txt": '[tool.maturin]\ninclude = ["*.txt"]\n',
    "own.json": '[tool.maturin.sbom]\ninclude = ["own.json"]\n',
}


@pytest.mark.parametrize("name", PIPES)
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_nothing_waits_for_a_pipe_or_reads_a_device(
    run_light: Cratewheel, tmp_path: Path, name: str, kind: str
) -> None:
    project = lay_out(tmp_path / "tree", {**TREE, "project/demo/__init__.py": ""})
    if settings := PIPES[name]:
        (project / "pyproject.toml").write_text(pyproject(settings), encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    run = run_light("sdist", cwd=project, timeout=WATCHDOG)
    assert (run.status, run.sdists) == (1, ())
    errors = [line for line in run.stderr.splitlines() if line.startswith("error: ")]
    named = f"error: {path} is not a regular file, but {'a named pipe' if kind == 'pipe' else 'a device'}"
    outside = f"error: {path} leads out of the project by a symbolic link, to /dev/zero"
    assert errors in ([named], [outside])
