"""The Python API: what a program calls in place of the command."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import cratewheel
from cratewheel import api
from cratewheel.errors import CompileError, ConfigError, UsageError
from cratewheel.events import BuiltArchive, Event, OutputEvent, StepEvent, WarningEvent

pytestmark = pytest.mark.cargo

MANIFEST = '[package]\nname = "demo"\nversion = "1.2.0"\nedition = "2021"\n'
PYPROJECT = '[build-system]\nrequires = ["cratewheel"]\nbuild-backend = "cratewheel"\n'
MAIN = 'fn main() { println!("hello"); }\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "demo"
    (folder / "src").mkdir(parents=True)
    (folder / "Cargo.toml").write_text(MANIFEST)
    (folder / "pyproject.toml").write_text(PYPROJECT + '[project]\nname = "demo"\ndynamic = ["version"]\n')
    (folder / "src" / "main.rs").write_text(MAIN)
    return folder


def test_a_build_returns_what_it_made_and_prints_nothing(
    project: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    events: list[Event] = []
    result = cratewheel.build(project, out=tmp_path / "dist", compatibility="linux", on_event=events.append)
    (wheel,) = result.wheels
    assert result.sdist is not None
    assert result.archives == (result.sdist, wheel)
    assert sorted(path.name for path in (tmp_path / "dist").iterdir()) == sorted(
        archive.path.name for archive in result.archives
    )
    assert (wheel.kind, wheel.tag, wheel.size) == (
        "wheel", "-".join(wheel.path.stem.split("-")[2:]), wheel.path.stat().st_size
    )  # fmt: skip
    assert [event for event in events if isinstance(event, BuiltArchive)] == [result.sdist, wheel]
    assert StepEvent(verb="Bindings", text="bin") in events
    assert any(isinstance(event, OutputEvent) and "Compiling demo" in event.text for event in events)
    assert capfd.readouterr() == ("", "")


def test_a_second_build_in_the_same_process_gives_the_same_and_compiles_nothing(project: Path) -> None:
    first = cratewheel.build(project, sdist=False, compatibility=["linux"])
    events: list[Event] = []
    assert cratewheel.build(project, sdist=False, compatibility=["linux"], on_event=events.append) == first
    assert [event.text for event in events if isinstance(event, OutputEvent) and "Compiling" in event.text] == []


def test_builds_run_in_threads_side_by_side(project: Path, tmp_path: Path) -> None:
    other = shutil.copytree(project, tmp_path / "other")
    results: dict[Path, cratewheel.BuildResult] = {}

    def work(folder: Path) -> None:
        results[folder] = cratewheel.build(folder, sdist=False, compatibility="linux")

    threads = [threading.Thread(target=work, args=(folder,)) for folder in (project, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {folder: result.wheels[0].path.parent for folder, result in results.items()} == {
        folder: folder / "target" / "wheels" for folder in (project, other)
    }


def test_what_the_compiler_refuses_is_an_error_and_its_words_are_events(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (project / "src" / "main.rs").write_text("fn main() { nothing() }\n")
    events: list[Event] = []
    with pytest.raises(CompileError, match="cargo could not build the crate"):
        cratewheel.build(project, sdist=False, on_event=events.append)
    assert any(isinstance(event, OutputEvent) and "E0425" in event.text for event in events)
    assert capfd.readouterr() == ("", "")
    (project / "src" / "main.rs").write_text(MAIN)
    assert len(cratewheel.build(project, sdist=False).wheels) == 1


def test_a_plan_compiles_nothing(project: Path) -> None:
    (plan,) = cratewheel.plan(project)
    assert (plan.name, plan.version, plan.sdist, len(plan.wheels)) == ("demo", "1.2.0", True, 1)
    assert not (project / "target").exists()


def test_an_sdist_is_written_and_reported(project: Path, tmp_path: Path) -> None:
    archive = api.build_sdist(project / "Cargo.toml", out=tmp_path)
    assert (archive.kind, archive.path) == ("sdist", tmp_path / "demo-1.2.0.tar.gz")
    assert archive.path.is_file()


def test_metadata_is_read_without_starting_a_program(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    metadata = cratewheel.read_metadata(project)
    assert (metadata.name, metadata.version) == ("demo", "1.2.0")


def test_warnings_are_events_and_part_of_the_result(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        PYPROJECT + '[project]\nname = "demo"\nversion = "1"\n[tool.maturin]\nodd = 1\n'
    )
    events: list[Event] = []
    result = cratewheel.build(project, sdist=False, on_event=events.append)
    (warning,) = [event for event in events if isinstance(event, WarningEvent)]
    assert result.warnings == (warning.text,)
    assert warning.text.startswith("tool.maturin.odd in ")


def test_mistakes_of_the_caller_are_errors_of_python_or_ours(project: Path, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="`relase` is not an option of `cratewheel build`"):
        cratewheel.build(project, relase=True)  # type: ignore[call-arg]  # what is tested
    with pytest.raises(UsageError, match="bindings must be one of"):
        cratewheel.build(project, bindings="none")  # type: ignore[arg-type]  # what is tested
    with pytest.raises(UsageError, match="jobs must be a whole number greater than 0, found 0"):
        cratewheel.build(project, jobs=0)
    with pytest.raises(ConfigError, match=r"there is no Cargo\.toml in"):
        cratewheel.read_metadata(tmp_path)


def test_every_interpreter_that_is_found_is_listed() -> None:
    found = cratewheel.list_interpreters()
    assert sys.version_info[:2] in {interpreter.version for interpreter in found}


SCRIPT = """
import cratewheel
from cratewheel.events import Event

def show(event: Event) -> None: ...

result = cratewheel.build(".", release=True, interpreter=["3.12"], jobs=2, on_event=show)
reveal_type(result.wheels[0].path)
reveal_type(cratewheel.read_metadata().version)
cratewheel.build(".", release="yes")
cratewheel.build(".", nonsense=True)
cratewheel.nonsense
"""


def test_a_type_checker_knows_the_api_and_refuses_what_is_not_there(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="the type checker comes with the group `lint`")
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "script.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    said = [line.partition(": ")[2] for line in done.stdout.splitlines()]
    assert said[:2] == ['note: Revealed type is "pathlib.Path"', 'note: Revealed type is "str"']
    assert 'error: Argument "release" to "build" has incompatible type "str"; expected "bool"  [arg-type]' in said
    assert 'error: Unexpected keyword argument "nonsense" for "build"  [call-arg]' in said
    assert 'error: Module has no attribute "nonsense"  [attr-defined]' in said
