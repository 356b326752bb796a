"""What goes wrong is told once: what, where, and what to do; nothing is left under a final name."""

from __future__ import annotations

import dataclasses
import os
import re
import resource
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters, Run

pytestmark = [pytest.mark.cargo, pytest.mark.skipif(os.name == "nt", reason="shell scripts and signals of POSIX")]

BUILD_SYSTEM = '[build-system]\nrequires = ["cratewheel"]\nbuild-backend = "cratewheel"\n'
PROJECT = f'{BUILD_SYSTEM}[project]\nname = "light-module"\ndynamic = ["version"]\n'
SECONDS = 30.0

Change = Callable[[Path], object]


def put(name: str, text: str | bytes) -> Change:
    def change(root: Path) -> None:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    return change


def sub(name: str, old: str, new: str) -> Change:
    def change(root: Path) -> None:
        text = (root / name).read_text(encoding="utf-8")
        assert old in text
        (root / name).write_text(text.replace(old, new), encoding="utf-8")

    return change


def pyproject(text: str) -> Change:
    return put("pyproject.toml", PROJECT + text)


@dataclasses.dataclass(frozen=True, slots=True)
class Project:
    """A copy of the light crate, and the command over it with the interpreter that runs the tests."""

    run_light: Cratewheel
    root: Path
    python: Path

    def build(self, *words: str | Path, env: Mapping[str, str | None] | None = None) -> Run:
        return self.run_light("build", "--no-sdist", "-i", self.python, *words, cwd=self.root, env=env)


@pytest.fixture
def project(run_light: Cratewheel, interpreters: Interpreters) -> Project:
    return Project(run_light, run_light.copy("light-module"), interpreters.this)


def refused(run: Run, status: int = 1) -> str:
    """Return what the run said as its error, with `{root}` for the project's folder."""
    assert run.status == status, run.stderr
    assert "Traceback" not in run.stderr
    assert run.stdout == ""
    assert list(run.out.iterdir() if run.out.is_dir() else ()) == []
    at = run.stderr.rindex("error: ")
    return run.stderr[at:].replace(str(run.project), "{root}")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda root: (root / "Cargo.toml").unlink(),
            ("error: there is no Cargo.toml in {root}\n help: name the crate: `--manifest-path pyo3-ffi/Cargo.toml`\n"),
        ),
        (
            put("pyproject.toml", "[project\n"),
            (
                "error: {root}/pyproject.toml is not valid TOML: Expected ']' at the end of a table declaration "
                "(at line 1, column 9)\n"
                "       1 | [project\n"
                "         |         ^\n"
                " help: close the name of the table with `]`\n"
            ),
        ),
        (
            put("pyproject.toml", b"[project]\nname='\xff'\n"),
            "error: {root}/pyproject.toml is not UTF-8: invalid start byte in line 2\n help: save the file as UTF-8\n",
        ),
        (
            put("pyproject.toml", '[project]\nname = "x"\nversion = "1"\n'),
            (
                "error: {root}/pyproject.toml has no [build-system] table\n"
                ' help: add `[build-system]` with `requires = ["cratewheel"]` and `build-backend = "cratewheel"`\n'
            ),
        ),
        (
            pyproject('[tool.maturin]\nstrip = "perhaps"\n'),
            (
                "error: tool.maturin.strip must be true or false, found 'perhaps'\n"
                " help: correct `tool.maturin.strip` in pyproject.toml\n"
            ),
        ),
        (
            pyproject('[tool.cratewheel]\nmodul-name = "x"\n'),
            (
                "error: tool.cratewheel.modul-name in {root}/pyproject.toml is not a setting\n"
                " help: did you mean `module-name`?\n"
            ),
        ),
        (
            pyproject('readme = "NOPE.md"\n'),
            (
                "error: {root}/NOPE.md, the readme of project.readme in {root}/pyproject.toml, cannot be read: "
                "No such file or directory\n help: correct the path, or remove the key\n"
            ),
        ),
        (
            put("pyproject.toml", f'{BUILD_SYSTEM}[project]\nname = "a"\nversion = "one"\n'),
            (
                "error: 'one', project.version in {root}/pyproject.toml, is not a valid version "
                "(PEP 440)\n help: write numbers separated by dots, such as 1.0.0\n"
            ),
        ),
        (
            pyproject('[project.entry-points.console_scripts]\na = "b:c"\n'),
            (
                "error: project.entry-points in {root}/pyproject.toml cannot have console_scripts\n"
                " help: move it to [project.scripts]\n"
            ),
        ),
        (
            pyproject('[tool.maturin]\npython-source = "python"\n'),
            (
                "error: python-source is set to 'python', but there is no folder {root}/python\n"
                " help: create it, or remove `python-source`\n"
            ),
        ),
        (
            pyproject('[tool.maturin]\nmodule-name = "light-module"\n'),
            (
                "error: the module name 'light-module' could not be imported: 'light-module' is not a Python "
                "identifier\n"
                ' help: set `module-name = "light_module"` in [tool.maturin] of pyproject.toml, or `name` in [lib] '
                "of "
                "Cargo.toml\n"
            ),
        ),
        (
            sub("Cargo.toml", 'name = "light_module"', 'name = "class"'),
            (
                "error: the module name 'class' could not be imported: 'class' is a Python keyword\n"
                " help: set `module-name` in [tool.cratewheel] of pyproject.toml, or `name` in [lib] of Cargo.toml\n"
            ),
        ),
        (
            put("light_module.data/etc/x", ""),
            (
                "error: {root}/light_module.data/etc cannot be packed: a data folder may contain only the folders "
                "data, "
                "scripts, headers, purelib, platlib\n"
                " help: move it into one of them, for example {root}/light_module.data/data\n"
            ),
        ),
        (
            pyproject('[tool.maturin]\ninclude = ["../x"]\n'),
            (
                "error: the glob '../x' must not have '.' or '..' in it\n"
                " help: write it relative to the project's folder\n"
            ),
        ),
        (
            pyproject('[tool.maturin]\nbindings = "swig"\n'),
            (
                "error: tool.maturin.bindings must be one of pyo3, pyo3-ffi, rust-cpython, cffi, uniffi, bin, found "
                "'swig'\n"
            ),
        ),
        (
            sub("Cargo.toml", '[package]\nname = "light-module"', "[package]\nname = 3"),
            "error: package.name in {root}/Cargo.toml must be a string, found 3\n",
        ),
    ],
)
def test_a_broken_project_is_refused_before_anything_is_compiled(project: Project, change: Change, said: str) -> None:
    change(project.root)
    run = project.build()

    assert refused(run) == said
    assert "Compiling" not in run.stderr


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("-m", "nowhere/Cargo.toml"), 1, "there is no manifest at {root}/nowhere/Cargo.toml"),
        (("-m", "src"), 1, "{root}/src is a folder\n help: name a Cargo.toml"),
        (("-i", "3.99"), 1, "the interpreter `3.99` was not found"),
        (("-i", "/bin/ls"), 1, "/bin/ls is not a working Python interpreter: it ended with status 2"),
        (
            ("--target", "foo-bar-baz"),
            1,
            "wheels cannot be built for foo-bar-baz: its operating system is not supported",
        ),
        (("--compatibility", "manylinux_2_99"), 2, "manylinux_2_99 is not defined for "),
        (("--compatibility", "many"), 2, "'many' is not a compatibility tag"),
        (("--compatibility", "2_17", "2_28"), 2, "a wheel has one platform policy, and 2 were requested"),
        (("--compatibility", "linux", "pypi"), 2, "PyPI rejects wheels for linux_"),
        (("-o", "Cargo.toml"), 1, "{root}/Cargo.toml is not a folder\n help: choose another one with `--out`"),
    ],
)
def test_a_wrong_word_is_refused_before_anything_is_compiled(
    project: Project, words: tuple[str, ...], status: int, said: str
) -> None:
    run = project.build(*words)

    assert refused(run, status).startswith(f"error: {said}")
    assert "Compiling" not in run.stderr


def test_a_typing_error_in_the_peers_table_is_a_warning(project: Project) -> None:
    pyproject('[tool.maturin]\nmodul-name = "light_module"\n')(project.root)
    first = project.build().ok().stderr.splitlines()[0].replace(str(project.root), "{root}")
    assert first == (
        "warning: tool.maturin.modul-name in {root}/pyproject.toml is not a setting and has no effect; "
        "did you mean `module-name`?"
    )


@pytest.mark.parametrize("missing", ["cargo", "rustc", "both"])
def test_a_missing_compiler_is_an_error_that_says_how_to_get_one(
    project: Project, tmp_path: Path, missing: str
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    if missing in ("cargo", "rustc"):
        kept = "rustc" if missing == "cargo" else "cargo"
        real = subprocess.run(["rustup", "which", kept], capture_output=True, text=True, check=True).stdout.strip()
        (programs / kept).symlink_to(real)
    said = refused(project.build(env={"PATH": str(programs)}))
    assert "was not found" in said.splitlines()[0]
    assert "install Rust: https://rustup.rs" in said


def test_what_the_compiler_says_is_shown_and_the_first_place_last(project: Project) -> None:
    sub("src/lib.rs", "fn answer(", "fn answer((")(project.root)
    run = project.build()

    assert re.fullmatch(
        r"error: cargo could not build the crate for CPython 3\.\d+: 1 error in light-module, at src/lib.rs:\d+:\d+\n",
        refused(run),
    )
    assert "this file contains an unclosed delimiter" in run.stderr
    assert "cargo rustc" not in run.stderr


def test_the_command_of_a_failed_build_is_shown_with_v(project: Project) -> None:
    sub("src/lib.rs", "fn answer(", "fn answer((")(project.root)
    assert "cargo rustc" in project.build("-v").stderr


@pytest.mark.parametrize(
    ("words", "reason", "hint"),
    [
        (("--profile", "relase"), "cargo's profile `relase` is not defined", "did you mean `release`?"),
        (("--profile", "slwo"), "profile `slwo` is not defined", "did you mean `slow`?"),
        (
            ("--features", "luod"),
            "the package 'light-module' does not contain this feature: luod",
            "did you mean `loud`? the features are answer, default, loud, stable, stable-unpinned",
        ),
        (
            ("--target", "x86_64-unknown-linux-gun"),
            "rustc does not know the target x86_64-unknown-linux-gun",
            "did you mean `x86_64-unknown-linux-gnu`?",
        ),
    ],
)
def test_a_misspelt_name_has_a_suggestion(project: Project, words: tuple[str, ...], reason: str, hint: str) -> None:
    sub("Cargo.toml", "[dependencies]", '[profile.slow]\ninherits = "release"\n\n[dependencies]')(project.root)
    first, second = refused(project.build(*words)).splitlines()
    assert first.endswith(reason)
    assert second == f" help: {hint}"


@pytest.mark.parametrize(
    ("change", "words", "reason", "hint"),
    [
        (
            sub("pyo3-ffi/Cargo.toml", 'version = "0.26.0"', 'version = "0.27.0"'),
            ("--locked",),
            "cannot update the lock file {root}/Cargo.lock because --locked was passed to prevent this",
            "bring Cargo.lock up to date: `cargo update --workspace`",
        ),
        (
            sub("Cargo.toml", 'edition = "2021"', 'edition = "2021"\nrust-version = "1.199"'),
            (),
            "the following package: light-module@1.2.3 requires rustc 1.199",
            "update Rust to 1.199 or newer: `rustup update`; or choose an older light-module than 1.2.3",
        ),
    ],
)
def test_well_known_errors_of_cargo_have_a_hint(
    project: Project, change: Change, words: tuple[str, ...], reason: str, hint: str
) -> None:
    change(project.root)
    first, second = refused(project.build(*words)).splitlines()
    assert first.endswith(reason)
    assert second == f" help: {hint}"


def test_a_file_that_misses_the_policy_is_an_error_that_names_the_symbols(project: Project) -> None:
    said = refused(project.build("--compatibility", "manylinux_2_5"))
    assert said.startswith("error: liblight_module.so does not fit manylinux_2_5\n       it needs GLIBC_2.")
    assert said.count("it needs GLIBC_2.34") == 1
    assert "\n help: it fits manylinux_2_" in said


def test_an_unwritable_folder_is_an_error(project: Project) -> None:
    said = refused(project.build("-o", "/proc/nowhere"))
    assert said.startswith("error: /proc/nowhere/light_module-1.2.3-")
    assert said.endswith("help: make its folder writable, or choose another one with `--out`\n")


def test_a_full_disk_leaves_nothing_behind(project: Project) -> None:
    project.build().ok()
    out = project.root / "elsewhere"
    command = [sys.executable, "-m", "cratewheel", "build", "--no-sdist", "-i", str(project.python), "-o", str(out)]
    done = subprocess.run(
        command, cwd=project.root, env=project.run_light.environ, capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000)),
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert done.stderr.endswith(
        "/liblight_module.so: File too large\n help: check the free disk space and the permissions\n"
    )
    assert not out.exists() or list(out.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_build_that_is_stopped_ends_cargo_and_the_next_one_works(
    project: Project, tmp_path: Path, number: signal.Signals
) -> None:
    cargo = tmp_path / "cargo"
    pid_file = tmp_path / "pid"
    cargo.write_text(
        f'#!/bin/sh\n[ "$1" = rustc ] || exec cargo "$@"\necho $$ >"{pid_file}.new"\n'
        f'mv "{pid_file}.new" "{pid_file}"\nexec sleep 600\n',
        encoding="utf-8",
    )
    cargo.chmod(0o755)
    out = tmp_path / "out-of-it"
    child = subprocess.Popen(
        [sys.executable, "-m", "cratewheel", "build", "--no-sdist", "-i", project.python, "-o", out],
        cwd=project.root,
        env=project.run_light.environ | {"CARGO": str(cargo)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # which a shell in the background ignores
    )
    until = time.monotonic() + SECONDS
    while not pid_file.exists():
        assert time.monotonic() < until, "cargo was not started"
        time.sleep(0.02)
    child.send_signal(number)
    try:
        stdout, stderr = child.communicate(timeout=SECONDS)
    finally:
        child.kill()

    assert child.returncode == 128 + number
    assert stdout == ""
    assert stderr.endswith("warning: interrupted; no unfinished file was kept\n")
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text(encoding="utf-8")), 0)
    assert not out.exists() or list(out.iterdir()) == []
    project.build().ok()


def test_two_builds_at_once_do_not_disturb_each_other(project: Project) -> None:
    outs = [project.root / "first", project.root / "second"]
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "cratewheel", "build", "--no-sdist", "-i", project.python, "-o", out],
            cwd=project.root,
            env=project.run_light.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for out in outs
    ]
    for child in children:
        assert child.wait(SECONDS) == 0, child.communicate()[1]
        child.communicate()
    (first,), (second,) = (list(out.iterdir()) for out in outs)
    assert first.read_bytes() == second.read_bytes()


def test_a_reader_that_has_gone_is_not_a_traceback(project: Project) -> None:
    command = f"{sys.executable} -m cratewheel build --no-sdist -i {project.python} --dry-run --explain | head -c 1"
    done = subprocess.run(
        command, shell=True, cwd=project.root, env=project.run_light.environ, capture_output=True, text=True, check=True
    )
    assert "Traceback" not in done.stderr
    assert "Broken pipe" not in done.stderr


@pytest.mark.parametrize("name", ["with spaces", "größe-日本", "x" * 180])
def test_the_name_of_the_folder_does_not_matter(project: Project, name: str) -> None:
    folder = project.root.parent / name
    project.root.rename(folder)
    run = project.run_light("build", "-i", project.python, cwd=folder, env={"LC_ALL": "C"})
    assert [path.name for path in run.ok().sdists] == ["light_module-1.2.3.tar.gz"]
    assert run.wheel.name.startswith("light_module-1.2.3-cp3")


def test_a_home_is_not_needed(project: Project) -> None:
    home = Path.home()
    env = {
        "HOME": None,
        "XDG_CACHE_HOME": None,
        "CARGO_HOME": str(home / ".cargo"),
        "RUSTUP_HOME": str(home / ".rustup"),
    }
    project.build(env={name: os.environ.get(name, value) if value else None for name, value in env.items()}).ok()


def test_a_mistake_of_ours_is_told_as_such(project: Project) -> None:
    code = (
        "import sys; from cratewheel import cli; from cratewheel.cli import metadata\n"
        "metadata.run = lambda argv, environ: {}['gone']\n"
        "sys.exit(cli.main(['metadata']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=project.run_light.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 101
    assert done.stderr.startswith("error: internal error in cratewheel ")
    assert "0.1.0: KeyError: 'gone'\n" in done.stderr
    assert done.stderr.endswith(" help: please report this bug with the traceback; CRATEWHEEL_TRACEBACK=1 shows it\n")


@pytest.mark.parametrize(("closed", "told"), [("<&-", True), (">&-", False), ("2>&-", True), ("<&- >&- 2>&-", False)])
def test_a_build_needs_no_open_streams(project: Project, tmp_path: Path, closed: str, *, told: bool) -> None:
    out = tmp_path / "closed"
    (project.root / "src" / "lib.rs").touch()  # so that cargo has something to say
    done = subprocess.run(
        f'"{sys.executable}" -m cratewheel build --no-sdist -i "{project.python}" -o "{out}" {closed}',
        shell=True, cwd=project.root, env=project.run_light.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (wheel,) = out.iterdir()
    assert done.stdout == (f"{wheel}\n" if told else "")
    assert zipfile.ZipFile(wheel).testzip() is None


def test_a_build_that_is_killed_while_it_packs_leaves_no_wheel(project: Project, tmp_path: Path) -> None:
    package = project.root / "light_module"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "noise.bin").write_bytes(os.urandom(60_000_000))
    out = tmp_path / "killed"
    command = [sys.executable, "-m", "cratewheel", "build", "--no-sdist", "-i", str(project.python), "-o", str(out)]
    child = subprocess.Popen(
        command, cwd=project.root, env=project.run_light.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + SECONDS
    while not (out.is_dir() and any(out.iterdir())):
        assert time.monotonic() < until, "nothing was packed"
        time.sleep(0.002)
    child.kill()
    child.wait()

    assert [path.suffix for path in out.iterdir()] == [".tmp"]
    (package / "noise.bin").unlink()
    subprocess.run(command, cwd=project.root, env=project.run_light.environ, check=True, capture_output=True)
    (wheel,) = out.glob("*.whl")
    assert zipfile.ZipFile(wheel).testzip() is None


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            "echo 'pyenv: python3.7: command not found' >&2\nexit 127",
            (
                "error: none of the requested interpreters can be used\n"
                "       python3.7: no active pyenv version provides it\n"
                " help: `cratewheel list-python` lists all interpreters that were found\n"
            ),
        ),
        (
            "echo garbage",
            (
                "error: {bin}/python3.7 is not a working Python interpreter: it did not answer as a Python does\n"
                "       garbage\n"
                " help: name a Python with -i; `cratewheel list-python` shows those that are found\n"
            ),
        ),
        (
            "kill -9 $$",
            (
                "error: none of the requested interpreters can be used\n"
                "       python3.7: it was killed by SIGKILL without output\n"
                " help: `cratewheel list-python` lists all interpreters that were found\n"
            ),
        ),
        (
            None,
            (
                "error: {bin}/python3.7 cannot be used as a Python interpreter: `{bin}/python3.7` cannot be started: "
                "Exec format error\n"
                " help: name a Python with -i; `cratewheel list-python` shows those that are found\n"
            ),
        ),
    ],
)
def test_a_program_that_is_no_python_is_refused(
    project: Project, tmp_path: Path, script: str | None, said: str
) -> None:
    program = tmp_path / "bin" / "python3.7"
    put("bin/python3.7", "garbage" if script is None else f"#!/bin/sh\n{script}\n")(tmp_path)
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    run = project.run_light("build", "--no-sdist", "-i", "python3.7", cwd=project.root, env={"PATH": path})
    assert refused(run).replace(str(program.parent), "{bin}") == said


def link(name: str, target: str) -> Change:
    return lambda root: (root / name).symlink_to(target)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            link("light_module/loop", "loop"),
            (
                "error: {root}/light_module/loop is a symbolic link to loop, which is a loop: it leads back to itself\n"
                " help: restore what it points at, or remove the link\n"
            ),
        ),
        (
            link("light_module/hosts", "/etc/hosts"),
            (
                "error: {root}/light_module/hosts leads out of the project by a symbolic link, to /etc/hosts\n"
                " help: put a copy in place of the link; only what is in {root} is packed\n"
            ),
        ),
    ],
)
def test_a_link_that_cannot_be_followed_is_refused(project: Project, change: Change, said: str) -> None:
    put("light_module/__init__.py", "")(project.root)
    change(project.root)
    assert refused(project.build()) == said
    assert refused(project.run_light("sdist", cwd=project.root)) == said


def test_a_folder_that_links_to_itself_is_packed_once(project: Project) -> None:
    put("light_module/__init__.py", "")(project.root)
    link("light_module/self", ".")(project.root)
    names = zipfile.ZipFile(project.build().wheel).namelist()
    assert [name for name in names if name.endswith(".py")] == ["light_module/__init__.py"]


def test_a_missing_linker_is_what_the_compiler_says_and_programs_of_rust_are_enough_for_an_sdist(
    project: Project, tmp_path: Path
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("cargo", "rustc"):
        found = subprocess.run(["rustup", "which", name], capture_output=True, text=True, check=True).stdout.strip()
        (programs / name).symlink_to(found)
    put("build.rs", "fn main() {}")(project.root)  # linked before anything else, and not yet in the target folder
    env = {"PATH": str(programs), "CARGO_TARGET_DIR": str(tmp_path / "target")}
    run = project.build(env=env)
    assert "error: linker `cc` not found" in run.stderr
    assert re.match(
        r"error: cargo could not build the crate for CPython 3\.\d+: linker `cc` not found\n"
        r" help: install it: `apt install gcc` \(Debian, Ubuntu\) or `dnf install gcc` \(Fedora\)\n",
        refused(run),
    )
    assert [path.name for path in project.run_light("sdist", cwd=project.root, env=env).ok().sdists] == [
        "light_module-1.2.3.tar.gz"
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="families of processes are read from /proc")
def test_cargos_own_programs_end_with_sigterm(project: Project, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    put(
        "build.rs",
        f"""fn main() {{
    std::fs::write("{pid_file}.new", std::process::id().to_string()).unwrap();
    std::fs::rename("{pid_file}.new", "{pid_file}").unwrap();
    std::thread::sleep(std::time::Duration::from_secs(600));
}}""",
    )(project.root)
    child = subprocess.Popen(
        [sys.executable, "-m", "cratewheel", "build", "--no-sdist", "-i", project.python, "-o", tmp_path / "no"],
        cwd=project.root,
        env=project.run_light.environ,
        stderr=subprocess.PIPE,
    )
    until = time.monotonic() + SECONDS
    while not pid_file.exists():
        assert time.monotonic() < until, "the build script was not started"
        time.sleep(0.02)
    child.terminate()
    child.communicate(timeout=SECONDS)
    assert child.returncode == 143
    while _lives(pid_file.read_text(encoding="utf-8")):
        assert time.monotonic() < until, "the build script goes on"
        time.sleep(0.02)


def _lives(pid: str) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="root mounts the folder read-only on Linux")
def test_a_project_that_cannot_be_written_is_built_elsewhere(project: Project, tmp_path: Path) -> None:
    mount = tmp_path / "mount"
    mount.mkdir()
    if subprocess.run(["mount", "--bind", project.root, mount], capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", mount], check=True)
        cache = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "CARGO_TARGET_DIR": None}
        run = project.run_light("build", "-i", project.python, cwd=mount, env=cache).ok()
    finally:
        subprocess.run(["umount", mount], check=True)
    assert (
        f"warning: {mount} is not writable: compiling in {tmp_path / 'cache' / 'cratewheel' / 'target'}" in run.stderr
    )
    assert [path.name for path in run.sdists] == ["light_module-1.2.3.tar.gz"]
    assert not (project.root / "target").exists()
