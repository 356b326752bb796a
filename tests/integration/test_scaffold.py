"""New projects are built, installed, tested and type-checked; after `ide` nothing is compiled twice."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import environments
from cratewheel.system import toml

if TYPE_CHECKING:
    from integration.conftest import Cratewheel

pytestmark = [pytest.mark.cargo, pytest.mark.network, pytest.mark.xdist_group("scaffold")]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment that has what the projects' tests need."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, "pytest", "cffi"], check=True)
    return folder


def run(*words: str | Path, cwd: Path, env: dict[str, str]) -> str:
    done = subprocess.run([str(word) for word in words], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["bin", "cffi"])
@pytest.mark.parametrize("layout", [(), ("--mixed",), ("--mixed", "--src")], ids=" ".join)
def test_a_new_project_passes_its_tests(
    run_light: Cratewheel, environment: Path, kind: str, layout: tuple[str, ...]
) -> None:
    name = "-".join(("demo", kind, *(word.strip("-") for word in layout)))
    run_light("new", name, "-b", kind, *layout).ok()
    root = run_light.folder / name
    env = {"VIRTUAL_ENV": str(environment), "CARGO_TARGET_DIR": str(run_light.folder / "target")}
    run_light("develop", cwd=root, env=env).ok()
    assert "1 passed" in run(environment / "bin" / "python", "-m", "pytest", "-q", cwd=root, env=run_light.environ)
    crate = root / "rust" if "--src" in layout else root
    said = run("cargo", "test", "--quiet", cwd=crate, env=run_light.environ | env)
    assert "test result: ok. 1 passed" in said
    assert (root / ".git").is_dir()


@pytest.mark.long
def test_a_module_of_pyo3_is_typed_and_compiled_once_for_cargo_the_editor_and_us(
    run_cratewheel: Cratewheel, environment: Path
) -> None:
    run_cratewheel("new", "demo-typed", "-b", "pyo3", "--mixed").ok()
    root = run_cratewheel.folder / "demo-typed"
    env = {"VIRTUAL_ENV": str(environment)}
    run_cratewheel("develop", cwd=root, env=env).ok()
    python = environment / "bin" / "python"
    assert "1 passed" in run(python, "-m", "pytest", "-q", cwd=root, env=run_cratewheel.environ)
    mypy = (sys.executable, "-m", "mypy", "--strict", "--python-executable", python, "tests")
    if subprocess.run([sys.executable, "-c", "import mypy"], capture_output=True, check=False).returncode == 0:
        assert "Success" in run(*mypy, cwd=root, env=run_cratewheel.environ)

    run_cratewheel("ide", cwd=root, env=env).ok()
    commands = (
        ("cargo", "check"),
        (sys.executable, "-m", "cratewheel", "develop"),
        ("cargo", "check"),
        (
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--no-build-isolation",
            "--no-deps",
            "-v",
            "-Cprofile=dev",
            "-w",
            "w",
            ".",
        ),
        ("cargo", "check"),
        (sys.executable, "-m", "cratewheel", "develop"),
    )
    said = [run(*words, cwd=root, env=run_cratewheel.environ | env) for words in commands]
    compiled = [re.findall(r"(?:Compiling|Checking) (\S+)", text) for text in said]
    assert [names for names in compiled[2:] if names] == []

    run_cratewheel("ide", "--remove", cwd=root).ok()
    assert list((root / ".cargo").iterdir()) == []


def test_a_project_that_is_there_is_not_written_over(run_light: Cratewheel) -> None:
    run_light("new", "there", "-b", "bin").ok()
    again = run_light("new", "there", "-b", "bin")
    assert again.stderr == (
        f"error: {run_light.folder / 'there'} already exists\n"
        " help: to create the project in it, run `cratewheel init there`\n"
    )
    before = {path: path.read_bytes() for path in (run_light.folder / "there").rglob("*") if path.is_file()}
    inside = run_light("init", cwd=run_light.folder / "there").ok()
    assert f"Unchanged {run_light.folder / 'there'} has all that it needs" in inside.stderr
    assert {path: path.read_bytes() for path in (run_light.folder / "there").rglob("*") if path.is_file()} == before


def test_without_a_kind_and_without_a_person_there_is_an_error(run_light: Cratewheel) -> None:
    asked = run_light("new", "demo")
    assert (asked.status, asked.stderr) == (
        2,
        "error: no kind of bindings given\n help: add -b pyo3 (or cffi, bin, uniffi)\n",
    )
    assert not (run_light.folder / "demo").exists()


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals on Windows")
def test_a_person_is_asked_until_the_answer_is_understood(run_light: Cratewheel) -> None:
    import pty

    leader, follower = pty.openpty()
    os.write(leader, b"9\nbim\nBi\n")
    done = subprocess.run(
        [sys.executable, "-m", "cratewheel", "new", "asked"], cwd=run_light.folder, env=run_light.environ,
        stdin=follower, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    os.close(leader)
    os.close(follower)
    question = "Which kind of project? A number or a name [1, pyo3]:"
    assert done.stderr.splitlines()[4:6] == [
        f"{question} '9' is none of these: type a number from 1 to 4, or a name",
        f"{question} 'bim' is none of these: did you mean `bin`?",
    ]
    assert (run_light.folder / "asked" / "src" / "main.rs").is_file()


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals on Windows")
@pytest.mark.parametrize(
    ("keys", "status", "made"),
    [
        (b"\x1b[B\x1b[B\x1b[B\x1b[A\r", 0, "src/main.rs"),
        (b"nope\nbin\n", 0, "src/main.rs"),
        (b"3\n", 0, "src/main.rs"),
        (b"\x04", 2, None),
        (b"\x1b", 2, None),
        (b"\x03", 130, None),
    ],
    ids=["arrows", "name", "number", "Ctrl-D", "Esc", "Ctrl-C"],
)
def test_at_a_terminal_there_is_a_menu(run_light: Cratewheel, keys: bytes, status: int, made: str | None) -> None:
    import fcntl
    import pty
    import termios

    leader, follower = pty.openpty()
    before = termios.tcgetattr(follower)
    environ = {name: value for name, value in run_light.environ.items() if name != "CI"}
    with subprocess.Popen(
        [sys.executable, "-m", "cratewheel", "new", "asked"], cwd=run_light.folder, env={**environ, "TERM": "xterm"},
        stdin=follower, stdout=follower, stderr=follower, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  # for Ctrl-C; no threads run
    ) as child:  # fmt: skip
        shown = b""
        while b"uniffi" not in shown:
            shown += os.read(leader, 1000)
        os.write(leader, keys)
        while b"\x1b[?25h" not in shown:
            shown += os.read(leader, 1000)
        assert child.wait(timeout=60) == status
    assert termios.tcgetattr(follower) == before
    os.close(leader)
    os.close(follower)
    assert b"> 1  pyo3" in shown
    assert (b"'nope' is none of these" in shown) == keys.startswith(b"nope")
    project = run_light.folder / "asked"
    assert (project / made).is_file() if made else not project.exists()


@pytest.mark.parametrize(
    ("table", "path", "members"),
    [
        ('members = ["crates/*"]\n', "crates/shout", ["crates/*"]),
        ('members = ["crates/*"]\n', "python/shout", ["crates/*", "python/shout"]),
        ("", "shout", ["shout"]),
        ('members = []\nexclude = ["python"]\n', "python/shout", []),
    ],
)
def test_a_crate_in_a_workspace_leaves_the_others_in_order(
    run_light: Cratewheel, table: str, path: str, members: list[str]
) -> None:
    workspace = run_light.folder / "workspace"
    (workspace / "crates" / "a" / "src").mkdir(parents=True)
    (workspace / "crates" / "a" / "Cargo.toml").write_text('[package]\nname = "a"\n', encoding="utf-8")
    (workspace / "crates" / "a" / "src" / "lib.rs").touch()
    (workspace / "Cargo.toml").write_text(f'[workspace]\nresolver = "3"\n{table}', encoding="utf-8")
    made = run_light("new", path, "-b", "bin", cwd=workspace).ok()
    source = run_light("new", f"{path}-2", "-b", "bin", "--src", cwd=workspace)
    if path.startswith("crates"):
        where = f'members = ["crates/*"] in {workspace / "Cargo.toml"}'
        expected = f"error: {where} means the crate {path}-2, but with --src it would be {path}-2/rust"
        assert (source.status, source.stderr.splitlines()[-2]) == (1, expected)
    else:
        source.ok()
    found = toml.load_file(workspace / "Cargo.toml")["workspace"].get("members", [])
    # the second one's crate is in its folder rust
    assert [member for member in found if not member.endswith("rust")] == members
    assert ("to the workspace members in" in made.stderr) == (members not in ([], ["crates/*"]))
    excluded = "exclude" in table
    for folder in (workspace / path, *workspace.glob(f"{path}-2/rust")):
        said = run(
            "cargo", "locate-project", "--workspace", "--message-format", "plain", cwd=folder, env=run_light.environ
        )
        assert said == f"{(folder if excluded else workspace) / 'Cargo.toml'}\n"
        run("cargo", "metadata", "--format-version", "1", "--no-deps", cwd=folder, env=run_light.environ)
    run("cargo", "fmt", "--check", cwd=workspace / path, env=run_light.environ)


def test_in_a_repository_there_is_no_workflow_that_github_would_not_read(run_light: Cratewheel) -> None:
    top = run_light.folder / "top"
    top.mkdir()
    run("git", "init", "--quiet", cwd=top, env=run_light.environ)
    run("git", "remote", "add", "origin", "git@github.com:you/top.git", cwd=top, env=run_light.environ)
    run("git", "config", "user.name", "Jo", cwd=top, env=run_light.environ)
    made = run_light("new", "py/shout", "-b", "bin", cwd=top).ok()
    shout = top / "py" / "shout"
    assert not (shout / ".git").exists()
    assert not (shout / ".github").exists()
    command = "cratewheel generate-ci github -m py/shout/Cargo.toml -o .github/workflows/shout.yml"
    assert f"GitHub reads it in {top}: run `{command}` there" in made.stderr
    assert toml.load_file(shout / "pyproject.toml")["project"]["urls"] == {"Repository": "https://github.com/you/top"}
    assert (shout / "LICENSE").read_text(encoding="utf-8").splitlines()[2].endswith(" Jo")
    run_light(*command.split()[1:], cwd=top).ok()
    assert (top / ".github" / "workflows" / "shout.yml").is_file()


@pytest.mark.parametrize(
    ("words", "status", "error"),
    [
        (("new", ""), 2, "the path of the project is empty"),
        (("new", "x", "--name", ""), 2, "the name of the project is empty"),
        (("new", "core"), 2, "'core' cannot be the name of a project: it is a crate of Rust's standard library"),
        (("new", "file"), 1, "{folder}/file already exists, as a file"),
        (("new", "file/x"), 1, "{folder}/file is not a folder"),
        (("new", "dangling"), 1, "{folder}/dangling already exists, as a dangling link"),
        (("new", "."), 1, "{folder} already exists"),
        (("init", "file"), 1, "{folder}/file is not a folder"),
        (("new", "x", "--license", "GPL"), 2, "'GPL' is not an SPDX licence expression"),
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_path_or_name_is_an_error_and_nothing_is_made(
    run_light: Cratewheel, words: tuple[str, ...], status: int, error: str
) -> None:
    folder = run_light.folder / "here"
    folder.mkdir()
    (folder / "file").touch()
    (folder / "dangling").symlink_to("gone")
    done = run_light(*words, "-b", "bin", cwd=folder)
    assert (done.status, done.stderr.splitlines()[0]) == (status, f"error: {error.format(folder=folder)}")
    assert sorted(path.name for path in folder.iterdir()) == ["dangling", "file"]


def test_src_alone_means_mixed_and_says_so(run_light: Cratewheel) -> None:
    made = run_light("new", "shout/", "-b", "bin", "--src").ok()
    assert "Using --mixed, because --src says where its Python package is" in made.stderr
    assert (run_light.folder / "shout" / "src" / "shout" / "__init__.py").is_file()


CARGO = '[package]\nname = "there"\nversion = "1.0.0" # one\n'
DIFF = """\
--- a/Cargo.toml
+++ b/Cargo.toml
@@ -1,3 +1,6 @@
 [package]
 name = "there"
 version = "1.0.0" # one
+
+[lib]
+crate-type = ["cdylib", "rlib"]
"""


@pytest.fixture
def crate(tmp_path: Path) -> Path:
    """A library as `cargo init` makes it, with a function for C."""
    root = tmp_path / "there"
    (root / "src").mkdir(parents=True)
    (root / "Cargo.toml").write_text(CARGO, encoding="utf-8")
    code = '#[no_mangle]\npub extern "C" fn add(left: i64, right: i64) -> i64 {\n    left + right\n}\n'
    (root / "src" / "lib.rs").write_text(code, encoding="utf-8")
    return root


def test_files_change_only_when_that_is_agreed_to(run_light: Cratewheel, crate: Path, environment: Path) -> None:
    refused = run_light("init", "-b", "cffi", cwd=crate)
    assert refused.status == 1
    assert refused.stderr == (
        f"{DIFF}error: Cargo.toml in {crate} would change as shown; nothing was written\n"
        " help: to agree, run the same command with --yes\n"
    )
    assert sorted(path.name for path in crate.iterdir()) == ["Cargo.toml", "src"]

    made = run_light("init", "-b", "cffi", "--yes", cwd=crate).ok()
    assert made.stderr.removeprefix(DIFF).splitlines() == [
        "     Changed Cargo.toml",
        "     Created .gitignore",
        "     Created README.md",
        "     Created pyproject.toml",
        "  No CI file to write one, run `cratewheel generate-ci github -o .github/workflows/ci.yml`",
        "        Next cratewheel develop",
    ]
    assert (crate / "Cargo.toml").read_text(encoding="utf-8") == f'{CARGO}\n[lib]\ncrate-type = ["cdylib", "rlib"]\n'
    header = "int64_t add(int64_t left, int64_t right);\n"
    target = run_light.folder / "target"
    target.mkdir()
    (target / "header.h").write_text(header, encoding="utf-8")
    env = {"VIRTUAL_ENV": str(environment), "CARGO_TARGET_DIR": str(target)}
    run_light("develop", cwd=crate, env=env).ok()
    program = "import there; print(there.lib.add(40, 2))"
    assert run(environment / "bin" / "python", "-c", program, cwd=crate, env=run_light.environ) == "42\n"


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals on Windows")
@pytest.mark.parametrize(("answer", "status"), [("y", 0), ("", 1), ("n", 1)])
def test_a_person_is_asked_whether_files_may_change(
    run_light: Cratewheel, crate: Path, answer: str, status: int
) -> None:
    import pty

    leader, follower = pty.openpty()
    os.write(leader, f"{answer}\n".encode())
    done = subprocess.run(
        [sys.executable, "-m", "cratewheel", "init", "-b", "cffi"], cwd=crate, env=run_light.environ,
        stdin=follower, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    os.close(leader)
    os.close(follower)
    assert f"{DIFF}Change Cargo.toml like this? [y/N] " in done.stderr
    assert done.returncode == status
    assert ("cdylib" in (crate / "Cargo.toml").read_text(encoding="utf-8")) == (status == 0)
    assert (crate / "pyproject.toml").exists() == (status == 0)


def test_a_file_that_is_not_writable_leaves_all_as_it_was(run_light: Cratewheel, crate: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everything")
    (crate / "Cargo.toml").chmod(0o444)
    done = run_light("init", "-b", "cffi", "--yes", cwd=crate)
    assert done.stderr.splitlines()[-1] == f"error: {crate / 'Cargo.toml'} is not writable; nothing was written"
    assert not (crate / "pyproject.toml").exists()


def test_the_tutorial_does_what_it_says(run_cratewheel: Cratewheel, environment: Path) -> None:
    page = (ROOT / "docs" / "tutorial" / "first-wheel.md").read_text(encoding="utf-8")
    blocks = re.findall(r"<!-- tutorial -->\n```sh\n(.*?)```", page, flags=re.DOTALL)
    assert len(blocks) == 3
    command = environment / "bin" / "cratewheel"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cratewheel "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    env = {
        **run_cratewheel.environ, "VIRTUAL_ENV": str(environment), "CARGO_BUILD_JOBS": "2",
        "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0",  # pyo3 would take twice as long
        "PATH": f"{environment / 'bin'}{os.pathsep}{run_cratewheel.environ['PATH']}",
    }  # fmt: skip
    del env["CARGO_TARGET_DIR"]
    environments.link(environment / "bin" / "python", ["pip"])
    said = run("sh", "-e", "-c", "".join(blocks), cwd=run_cratewheel.folder, env=env)
    assert said.startswith("42\n")
    assert "1 passed" in said
    assert "Successfully installed shout-0.1.0\n" in said
