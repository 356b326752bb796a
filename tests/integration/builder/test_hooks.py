"""Hooks of a project: a generator of sources, and a file with the version."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import cratewheel
from cratewheel.errors import ProcessError
from cratewheel.events import Event, HookEvent, OutputEvent

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters, Run

pytestmark = [pytest.mark.cargo, pytest.mark.skipif(os.name == "nt", reason="scripts are written for POSIX")]

UV = Path(sys.executable).with_name("uv")
SECONDS = 60.0
CODEGEN = """\
import os, sys
from pathlib import Path
for path in sorted(Path("schema").glob("*.msg")):
    Path("python/app", f"{path.stem}_msg.py").write_text(f"FIELDS = {path.read_text().split()!r}\\n")
names = " ".join(sorted(path.stem for path in Path("schema").glob("*.msg")))
Path("src/messages.rs").write_text(f'pub const NAMES: &str = "{names}";\\n')
print("generated", names)
with open("log.txt", "a") as log:
    log.write(f"{os.environ['CRATEWHEEL_HOOK_WHEN']}\\n")
"""
VERSION = """\
def write(call):
    text = f"WHEN = {call.when!r}\\nPROFILE = {call.profile!r}\\nEDITABLE = {call.editable!r}\\n"
    (call.project / "python" / "app" / "_version.py").write_text(text)
"""
GENERATOR = """\
[[tool.cratewheel.hooks]]
run = ["python", "codegen.py"]
inputs = ["schema/*.msg"]
outputs = ["python/app/*_msg.py", "src/messages.rs"]
"""
STAMP = """\
[[tool.cratewheel.hooks]]
python = "stamp:write"
outputs = ["python/app/_version.py"]
"""
BASE = """\
[build-system]
requires = ["cratewheel"]
build-backend = "cratewheel"
[project]
name = "app"
version = "1.0"
[tool.cratewheel]
python-source = "python"
"""
MADE = ("python/app/user_msg.py", "src/messages.rs", "python/app/_version.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A program with a Python package, of which hooks make a part; git ignores what they make."""

    root: Path
    command: Cratewheel

    def configure(self, *hooks: str) -> None:
        (self.root / "pyproject.toml").write_text(BASE + "".join(hooks), encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text, encoding="utf-8")

    def run(self, *words: str | Path, **more: object) -> Run:
        return self.command(*words, cwd=self.root, **more)  # type: ignore[arg-type]

    def wheel(self, *words: str) -> dict[str, str]:
        """Build a wheel and return the files of its package."""
        return package(self.run("build", "--no-sdist", *words).wheel)

    @property
    def runs(self) -> int:
        """How often the generator has run."""
        log = self.root / "log.txt"
        return len(log.read_text(encoding="utf-8").splitlines()) if log.exists() else 0


def package(wheel: Path) -> dict[str, str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist() if name.startswith("app/")}


def names(sdist: Path) -> list[str]:
    with tarfile.open(sdist) as archive:
        return sorted(name.partition("/")[2] for name in archive.getnames())


def hook_lines(run: Run) -> list[str]:
    return [line.strip() for line in run.stderr.splitlines() if " hook `" in line]


@pytest.fixture
def project(cargo_target: Path, tmp_path: Path) -> Project:
    from integration.conftest import Cratewheel

    root = tmp_path / "app"
    for folder in ("src", "schema", "python/app"):
        (root / folder).mkdir(parents=True)
    command = Cratewheel(cargo_target=cargo_target, folder=tmp_path)
    command.environ["CARGO_TARGET_DIR"] = str(tmp_path / "target")
    made = Project(root=root, command=command)
    made.write("Cargo.toml", '[package]\nname = "app"\nversion = "1.0.0"\nedition = "2021"\n\n[workspace]\n')
    made.write("Cargo.lock", 'version = 3\n\n[[package]]\nname = "app"\nversion = "1.0.0"\n')
    made.write("src/main.rs", 'mod messages;\nfn main() {\n    println!("{}", messages::NAMES);\n}\n')
    made.write("schema/user.msg", "id name\n")
    made.write("python/app/__init__.py", "")
    made.write("codegen.py", CODEGEN)
    made.write("stamp.py", VERSION)
    made.write(".gitignore", "*_msg.py\n_version.py\nsrc/messages.rs\nlog.txt\n")
    made.configure(GENERATOR, STAMP)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    return made


def test_what_hooks_make_is_in_the_archives_though_git_ignores_it(project: Project) -> None:
    run = project.run("build").ok()
    assert package(run.wheel) == {
        "app/__init__.py": "",
        "app/_version.py": "WHEN = 'before-compile'\nPROFILE = 'dev'\nEDITABLE = False\n",
        "app/user_msg.py": "FIELDS = ['id', 'name']\n",
    }
    assert names(run.sdists[0]) == sorted(
        (".gitignore", "Cargo.lock", "Cargo.toml", "PKG-INFO", "codegen.py", "cratewheel-hooks.json",
         "pyproject.toml", "python/app/__init__.py", "schema/user.msg", "src/main.rs", "stamp.py", *MADE)
    )  # fmt: skip
    assert project.runs == 1
    assert "generated" not in run.stderr


def test_a_hook_runs_again_only_after_a_change(project: Project) -> None:
    project.wheel()
    again = project.run("build", "--no-sdist").ok()
    assert hook_lines(again) == [
        "Fresh hook `python codegen.py` (its inputs and outputs are unchanged)",
        "Running hook `stamp:write` (it names no inputs)",
    ]
    os.utime(project.root / "schema/user.msg")
    project.wheel()
    assert project.runs == 1
    project.write("schema/user.msg", "id name mail\n")
    assert project.wheel()["app/user_msg.py"] == "FIELDS = ['id', 'name', 'mail']\n"
    project.write("schema/order.msg", "id\n")
    assert "app/order_msg.py" in project.wheel()
    (project.root / MADE[1]).unlink()
    assert project.wheel()
    project.write("python/app/user_msg.py", "by hand\n")
    assert project.wheel()["app/user_msg.py"] == "FIELDS = ['id', 'name', 'mail']\n"
    project.write("codegen.py", CODEGEN.replace("FIELDS", "NAMES"))
    assert project.wheel()["app/user_msg.py"] == "NAMES = ['id', 'name', 'mail']\n"
    assert project.runs == 6
    forced = project.run("build", "--no-sdist", "--force-hooks").ok()
    assert hook_lines(forced)[0] == "Running hook `python codegen.py` (--force-hooks)"
    assert project.runs == 7


def test_another_profile_runs_a_hook_again_and_a_source_distribution_does_not(project: Project) -> None:
    project.wheel()
    assert hook_lines(project.run("sdist").ok())[0].startswith("Fresh hook `python codegen.py`")
    lines = hook_lines(project.run("build", "--release", "--no-sdist").ok())
    assert lines[0] == "Running hook `python codegen.py` (CRATEWHEEL_HOOK_PROFILE is release, and was dev)"


def test_a_dry_run_and_list_files_run_nothing_and_say_what_would(project: Project) -> None:
    run = project.run("build", "--dry-run").ok()
    assert [line for line in run.stdout.splitlines() if line.startswith("hook")] == [
        "hook python codegen.py (before-compile) runs: it has not run here, as it is defined now",
        "hook stamp:write (before-compile) runs: it has not run here, as it is defined now",
    ]
    (plan,) = (
        json.loads(line)
        for line in project.run("build", "--dry-run", "--message-format", "json").ok().stdout.splitlines()
    )
    assert plan["hooks"][0] == {
        "hook": "python codegen.py",
        "when": "before-compile",
        "per": "target",
        "runs": True,
        "why": "it has not run here, as it is defined now",
    }
    listed = project.run("list-files").ok()
    assert "not there yet: what the hook `python codegen.py` makes for 'python/app/*_msg.py'" in listed.stderr
    assert "not known before compiling: what the hook `stamp:write` makes for 'python/app/_version.py'" in listed.stderr
    assert project.runs == 0
    project.wheel()
    after = project.run("list-files", "--wheel").ok().stdout.splitlines()
    assert {"app/_version.py", "app/user_msg.py"} <= set(after)


def test_a_wheel_from_the_source_distribution_has_what_was_made_for_it(project: Project) -> None:
    run = project.run("build", "--sdist-first").ok()
    assert hook_lines(run)[2:] == [
        "Fresh hook `python codegen.py` (the source distribution has its outputs)",
        "Fresh hook `stamp:write` (the source distribution has its outputs)",
    ]
    assert package(run.wheel)["app/_version.py"] == "WHEN = 'before-compile'\nPROFILE = None\nEDITABLE = False\n"
    project.configure(GENERATOR)
    project.run("sdist", "--check").ok()


def test_a_source_distribution_makes_its_files_again_if_the_project_says_so(project: Project, tmp_path: Path) -> None:
    project.configure(GENERATOR, 'sdist = "regenerate"\n', STAMP)
    # neither cargo nor git would list them
    project.write(".gitignore", "*_msg.py\n_version.py\nsrc/messages.rs\nschema/\ncodegen.py\nlog.txt\n")
    subprocess.run(["git", "rm", "-q", "-r", "--cached", "schema", "codegen.py"], cwd=project.root, check=True)
    project.wheel()
    (sdist,) = project.run("sdist").ok().sdists
    assert {"schema/user.msg", "codegen.py", "python/app/_version.py"} <= set(names(sdist))
    assert not {"python/app/user_msg.py", "src/messages.rs"} & set(names(sdist))
    out = tmp_path / "wheels"
    words = ("--no-build-isolation", "--no-deps", "-q", "-w", out, sdist)
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *words],
        env=project.command.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = out.glob("*.whl")
    assert package(wheel)["app/user_msg.py"] == "FIELDS = ['id', 'name']\n"

    project.configure('exclude = ["schema/**"]\n', GENERATOR, 'sdist = "regenerate"\n')
    failed = project.run("sdist")
    assert failed.status == 1
    assert "schema/user.msg, which the hook `python codegen.py` needs there" in failed.stderr


def test_an_unpacked_source_distribution_makes_the_same_again(project: Project, tmp_path: Path) -> None:
    (sdist,) = project.run("sdist").ok().sdists
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    run = project.command("sdist", cwd=tmp_path / "unpacked" / "app-1.0").ok()
    assert hook_lines(run) == [
        "Fresh hook `python codegen.py` (the source distribution has its outputs)",
        "Fresh hook `stamp:write` (the source distribution has its outputs)",
    ]
    assert names(run.sdists[0]) == [name for name in names(sdist) if name != ".gitignore"]  # cargo lists it with git
    records = []
    for path in (sdist, run.sdists[0]):
        with tarfile.open(path) as archive:
            record = archive.extractfile("app-1.0/cratewheel-hooks.json")
            assert record is not None
            records.append(record.read())
    assert records[0] == records[1]


@pytest.mark.parametrize("frontend", ["pip", "uv", "build"])
def test_frontends_build_what_hooks_make(project: Project, tmp_path: Path, frontend: str) -> None:
    out = tmp_path / "wheels"
    commands: dict[str, tuple[str | Path, ...]] = {
        "pip": (sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "-q", "-w", out, "."),
        "uv": (UV, "build", "--offline", "--no-build-isolation", "-o", out),
        "build": (sys.executable, "-m", "build", "--no-isolation", "-o", out),
    }
    if frontend == "uv" and not UV.exists():
        pytest.skip("no uv beside this Python")
    environ = project.command.environ | {"VIRTUAL_ENV": sys.prefix}
    done = subprocess.run(
        [str(word) for word in commands[frontend]],
        cwd=project.root,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = out.glob("*.whl")
    assert set(package(wheel)) == {"app/__init__.py", "app/_version.py", "app/user_msg.py"}
    assert project.runs == 1


def test_an_editable_install_has_hooks_too(project: Project, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    project.run("develop", env={"VIRTUAL_ENV": str(tmp_path / "venv")}).ok()
    program = "import app._version, app.user_msg; print(app._version.EDITABLE, app.user_msg.FIELDS)"
    python = tmp_path / "venv/bin/python"
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == "True ['id', 'name']\n"


def test_a_hook_that_fails_ends_the_build_with_its_output_and_runs_again(project: Project) -> None:
    project.write("codegen.py", "import sys\nprint('line 3: no such type')\nsys.exit(7)\n")
    for _ in range(2):
        failed = project.run("build")
        assert (failed.status, failed.wheels, failed.sdists) == (1, (), ())
        assert "line 3: no such type\n" in failed.stderr
        assert "error: the hook `python codegen.py` failed (status 7)\n" in failed.stderr
    project.write("codegen.py", CODEGEN)
    project.wheel()
    project.write("stamp.py", "def write(call):\n    raise ValueError('no version')\n")
    failed = project.run("build", "--no-sdist")
    assert failed.status == 1
    assert failed.stderr.count("Traceback") == 1
    assert "hook_process" not in failed.stderr
    assert "ValueError: no version\n" in failed.stderr


@pytest.mark.parametrize(
    ("hook", "message"),
    [
        pytest.param(
            'run = ["no-such-generator", "x"]',
            "the hook `no-such-generator x` cannot run: `no-such-generator` was not found",
            id="missing program",
        ),
        pytest.param(
            'run = ["./data.txt"]', "cannot be started: Permission denied", id="program that is none"
        ),
        pytest.param(
            'python = "nowhere:f"', "there is no module nowhere in ", id="missing module"
        ),
        pytest.param('python = "stamp:nothing"', "has no attribute 'nothing'", id="missing function"),
        pytest.param(
            'run = ["true"]\noutputs = ["python/app/none_*.py"]',
            "the hook `true` has made no file that matches 'python/app/none_*.py' of its outputs",
            id="missing output",
        ),
        pytest.param(
            'run = ["sh", "-c", "echo >> Cargo.toml"]', "has changed ", id="changed manifest"
        ),
        pytest.param('run = ["sh", "-c", "kill -9 $$"]', "failed (ended by signal 9)", id="killed"),
    ],
)  # fmt: skip
def test_a_hook_that_cannot_be_is_an_error(project: Project, hook: str, message: str) -> None:
    project.write("data.txt", "no program")
    project.configure(f"[[tool.cratewheel.hooks]]\n{hook}\n")
    failed = project.run("build")
    assert (failed.status, failed.wheels, failed.sdists) == (1, (), ())
    assert message in failed.stderr
    assert "Traceback" not in failed.stderr


def test_a_hook_that_is_interrupted_is_ended_and_runs_again(project: Project, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    slow = f"import os, time\nopen({str(pid_file)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
    project.write("codegen.py", slow)
    child = subprocess.Popen(
        [sys.executable, "-m", "cratewheel", "build", "-o", tmp_path / "out"],
        cwd=project.root,
        env=project.command.environ,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # which a shell in the background ignores
    )
    until = time.monotonic() + SECONDS
    while not (pid_file.exists() and pid_file.read_text(encoding="utf-8")):
        assert time.monotonic() < until, "the hook was not started"
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    try:
        _, stderr = child.communicate(timeout=SECONDS)
    finally:
        child.kill()
    assert child.returncode == 128 + signal.SIGINT
    assert stderr.endswith("warning: interrupted; no unfinished file was kept\n")
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text(encoding="utf-8")), 0)
    project.write("codegen.py", CODEGEN)
    assert "app/user_msg.py" in project.wheel()


def test_a_hook_before_packing_sees_and_may_change_the_compiled_file(project: Project) -> None:
    project.write(
        "pack.py",
        "def pack(call):\n    (path,) = call.compiled\n    with path.open('ab') as file:\n"
        "        file.write(b'signed')\n"
        "    (call.project / 'python/app/size.py').write_text(f'SIZE = {path.stat().st_size}\\n')\n",
    )
    hook = '[[tool.cratewheel.hooks]]\npython = "pack:pack"\nwhen = "before-pack"\noutputs = ["python/app/size.py"]\n'
    project.configure(GENERATOR, hook)
    for _ in range(2):
        run = project.run("build").ok()
        with zipfile.ZipFile(run.wheel) as archive:
            program = archive.read("app-1.0.data/scripts/app")
        assert program.endswith(b"signed")
        assert package(run.wheel)["app/size.py"] == f"SIZE = {len(program)}\n"
        assert "python/app/size.py" not in names(run.sdists[0])
    project.write("pack.py", "def pack(call):\n    raise SystemExit('not signed')\n")
    failed = project.run("build", "--no-sdist")
    assert (failed.status, failed.wheels) == (1, ())
    assert "not signed" in failed.stderr


def test_a_hook_of_the_source_distribution_runs_for_it_alone(project: Project) -> None:
    project.write("notes.py", "def write(call):\n    (call.project / 'NOTES').write_text(f'{call.target}')\n")
    hook = '[[tool.cratewheel.hooks]]\npython = "notes:write"\nwhen = "sdist"\noutputs = ["NOTES"]\n'
    project.configure(GENERATOR, hook)
    project.wheel()
    assert not (project.root / "NOTES").exists()
    run = project.run("build").ok()
    assert "NOTES" in names(run.sdists[0])
    assert (project.root / "NOTES").read_text(encoding="utf-8") == "None"


def test_the_api_has_hooks_as_events_and_their_output_where_they_fail(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root)
    events: list[Event] = []
    cratewheel.build(project.root, sdist=False, on_event=events.append, environ=project.command.environ)
    assert [event for event in events if isinstance(event, HookEvent)] == [
        HookEvent(hook=hook, when="before-compile", runs=True, why="it has not run here, as it is defined now")
        for hook in ("python codegen.py", "stamp:write")
    ]
    project.write("codegen.py", "print('broken')\nraise SystemExit(3)\n")
    with pytest.raises(ProcessError):
        cratewheel.build(project.root, sdist=False, on_event=events.append, environ=project.command.environ)
    assert OutputEvent(text="broken\n") in events


def test_verbose_shows_what_hooks_say(project: Project) -> None:
    assert "generated user\n" in project.run("build", "--no-sdist", "-v").ok().stderr


def test_what_nothing_makes_any_more_is_said(project: Project) -> None:
    project.write("schema/order.msg", "id\n")
    project.wheel()
    (project.root / "schema/order.msg").unlink()
    run = project.run("build", "--no-sdist").ok()
    assert (
        "the hook `python codegen.py` has not written python/app/order_msg.py, which it made from other inputs before"
        in run.stderr
    )


def test_rust_is_not_compiled_again_for_a_file_that_has_become_the_same(project: Project) -> None:
    project.wheel()
    before = (project.root / "src/messages.rs").stat().st_mtime_ns
    run = project.run("build", "--no-sdist", "--force-hooks").ok()
    assert (project.root / "src/messages.rs").stat().st_mtime_ns == before
    assert "Compiling" not in run.stderr


@pytest.mark.parametrize("generator", ["cargo", "git"])
def test_an_sdist_of_either_generator_builds_with_a_package_that_a_hook_makes(project: Project, generator: str) -> None:
    """Nothing of the package is there before the hook runs, and git ignores all of it."""
    code = (
        "from pathlib import Path\nfolder = Path('python/app_pb')\nfolder.mkdir(exist_ok=True)\n"
        "(folder / '__init__.py').write_text('X = 1\\n')\n"
        "Path('src/messages.rs').write_text('pub const NAMES: &str = \"\";')"
    )  # fmt: skip
    project.write("codegen.py", code)
    project.write(".gitignore", "app_pb/\nsrc/messages.rs\n")
    hook = GENERATOR.replace("python/app/*_msg.py", "python/app_pb/**/*.py")
    project.configure(f'sdist-generator = "{generator}"\npython-packages = ["app_pb"]\n', hook)
    run = project.run("build", "--sdist-first").ok()
    assert {"python/app_pb/__init__.py", "src/messages.rs"} <= set(names(run.sdists[0]))
    assert hook_lines(run)[-1] == "Fresh hook `python codegen.py` (the source distribution has its outputs)"
    with zipfile.ZipFile(run.wheel) as archive:
        assert archive.read("app_pb/__init__.py") == b"X = 1\n"


def test_a_crate_in_a_workspace_has_its_generated_sources_in_the_sdist(project: Project) -> None:
    crate = project.root / "crates" / "app"
    crate.mkdir(parents=True)
    for name in ("src", "schema", "python", "codegen.py", "stamp.py", "pyproject.toml"):
        (project.root / name).rename(crate / name)
    project.write("Cargo.toml", '[workspace]\nmembers = ["crates/app"]\nresolver = "2"\n')
    project.write("crates/app/Cargo.toml", '[package]\nname = "app"\nversion = "1.0.0"\nedition = "2021"\n')
    project.write(".gitignore", "*_msg.py\n_version.py\nmessages.rs\nlog.txt\n")
    inner = Project(root=crate, command=project.command)
    run = inner.run("build", "--sdist-first").ok()
    assert {"crates/app/src/messages.rs", "python/app/user_msg.py"} <= set(names(run.sdists[0]))
    assert "app/user_msg.py" in package(run.wheel)
    inner.configure(GENERATOR, 'sdist = "regenerate"\n')
    failed = inner.run("sdist")
    assert failed.status == 1
    assert "which has the crate in crates/app and pyproject.toml at its top" in failed.stderr


def test_a_hook_for_each_wheel_makes_another_file_for_each(run_light: Cratewheel, interpreters: Interpreters) -> None:
    root = run_light.copy("light-module")
    (root / "light_module").mkdir()
    (root / "light_module/__init__.py").write_text("", encoding="utf-8")
    (root / "gen.py").write_text(
        "import os\nopen('light_module/made.py', 'w').write(repr(os.environ['CRATEWHEEL_HOOK_PYTHON']))\n",
        encoding="utf-8",
    )
    with (root / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(
            '[tool.cratewheel]\nmodule-name = "light_module._native"\n[[tool.cratewheel.hooks]]\n'
            'run = ["python3", "gen.py"]\nper = "wheel"\ninputs = ["gen.py"]\noutputs = ["light_module/made.py"]\n'
        )
    versions = [str(interpreters["3.10"]), str(interpreters["3.12"])]
    run = run_light("build", "--no-sdist", "-i", *versions, cwd=root).ok()
    made = []
    for wheel in run.wheels:
        with zipfile.ZipFile(wheel) as archive:
            made.append(Path(archive.read("light_module/made.py").decode().strip("'")).name)
    assert made == [Path(version).name for version in versions]


def test_builds_at_the_same_time_run_a_hook_once(project: Project, tmp_path: Path) -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "cratewheel", "build", "--no-sdist", "-o", tmp_path / str(number)],
            cwd=project.root, env=project.command.environ, stderr=subprocess.PIPE, text=True,
        )
        for number in range(2)
    ]  # fmt: skip
    for child in children:
        _, stderr = child.communicate(timeout=SECONDS)
        assert child.returncode == 0, stderr
    assert project.runs == 1
    assert package(next((tmp_path / "0").glob("*.whl"))) == package(next((tmp_path / "1").glob("*.whl")))


def test_a_program_that_a_hook_leaves_running_is_not_waited_for(project: Project) -> None:
    command = "sleep 600 & echo $! > pid; echo out; echo err >&2; exit 3"
    project.configure(f"[[tool.cratewheel.hooks]]\nrun = {json.dumps(['sh', '-c', command])}\n")
    failed = project.run("build", timeout=SECONDS)
    os.kill(int((project.root / "pid").read_text(encoding="utf-8")), signal.SIGKILL)  # it still runs
    assert failed.status == 1
    assert "out\nerr\nerror: the hook `sh -c" in failed.stderr
