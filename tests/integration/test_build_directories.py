"""A build directory for each interpreter, filled from what is compiled already, never serves what is stale."""

from __future__ import annotations

import dataclasses
import os
import shutil
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

pytestmark = [pytest.mark.cargo, pytest.mark.skipif(os.name == "nt", reason="no jobserver, and other paths")]

ASK = "from light_module import answer; print(answer())"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A copy of the light crate with a target directory of its own, built for two interpreters."""

    root: Path
    pythons: tuple[Path, Path]
    run: Cratewheel

    @property
    def target(self) -> Path:
        """Cargo's target directory."""
        return self.root.parent / "target"

    @property
    def env(self) -> dict[str, str]:
        """What is set besides."""
        return {"CARGO_TARGET_DIR": str(self.target)}

    def build(self, *words: str, pythons: tuple[Path, ...] | None = None, env: Mapping[str, str] | None = None) -> Run:
        """Build for the two interpreters, or for `pythons`."""
        named = (word for python in pythons or self.pythons for word in ("-i", str(python)))
        return self.run("build", "--no-sdist", *named, *words, cwd=self.root, env={**self.env, **(env or {})}).ok()

    def answers(self, run: Run, pythons: tuple[Path, ...] | None = None) -> list[str]:
        """Return what the module of each wheel says in the interpreter that it is for."""
        return [self.answer(wheel, python) for wheel, python in zip(run.wheels, pythons or self.pythons, strict=True)]

    def answer(self, wheel: Path, python: Path) -> str:
        """Import the module of a wheel, and ask it."""
        folder = wheel.with_suffix("")
        shutil.rmtree(folder, ignore_errors=True)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
        done = subprocess.run([python, "-c", ASK], cwd=folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text in a file of the crate."""
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        """Write a file of the crate."""
        (self.root / name).write_text(text, encoding="utf-8")


@pytest.fixture(name="project")
def project_fixture(run_cratewheel: Cratewheel, interpreters: Interpreters) -> Project:
    if len(interpreters.cpythons) < 2:
        pytest.skip("it takes two interpreters")
    one, other = (interpreters[version] for version in interpreters.cpythons[-2:])
    return Project(root=run_cratewheel.copy("light-module"), pythons=(one, other), run=run_cratewheel)


def compiled(run: Run) -> list[str]:
    """Return the crates that cargo compiled, with the label of the interpreter."""
    lines = [line.split() for line in run.stderr.splitlines()]
    return sorted(f"{words[0].strip('[]')} {words[2]}" for words in lines if words[1:2] == ["Compiling"])


def labels(project: Project) -> list[str]:
    return sorted(path.name for path in (project.target / "cratewheel" / "build").iterdir() if path.is_dir())


def test_each_interpreter_has_a_directory_and_a_second_build_compiles_nothing(project: Project) -> None:
    first = project.build()
    assert project.answers(first) == ["42", "42"]
    again = project.build()
    assert compiled(again) == []
    assert [wheel.read_bytes() for wheel in again.wheels] == [wheel.read_bytes() for wheel in first.wheels]
    assert len(labels(project)) == 2


def test_a_change_of_the_crate_compiles_the_crate_alone(project: Project) -> None:
    project.build()
    project.edit("src/lib.rs", "        42\n", "        43\n")
    run = project.build()
    assert project.answers(run) == ["43", "43"]
    assert compiled(run) == [f"{label} light-module" for label in labels(project)]


# -- one thing changes: how the crate is prepared for it, the words of the second build, and its variables


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that changes between two builds, and what the module answers before and after."""

    prepare: Callable[[Project], object] = lambda _: None
    change: Callable[[Project], object] = lambda _: None
    before: str = "42"
    after: str
    words: tuple[str, ...] = ()
    env: dict[str, str] = dataclasses.field(default_factory=dict)


def profile_tells(project: Project) -> None:
    project.edit("src/lib.rs", 'cfg!(feature = "answer")', "cfg!(debug_assertions)")


def dependency_tells(project: Project) -> None:
    with (project.root / "pyo3-ffi" / "src" / "lib.rs").open("a", encoding="utf-8") as source:
        source.write("\npub const EXTRA: i64 = 7;\n")
    project.edit("src/lib.rs", "        42\n", "        EXTRA as _\n")


def build_script_tells(project: Project) -> None:
    project.write("value.txt", "7")
    project.write(
        "build.rs",
        """
        fn main() {
            println!("cargo:rerun-if-changed=value.txt");
            println!("cargo:rerun-if-env-changed=ADDED");
            let value: i32 = std::fs::read_to_string("value.txt").unwrap().parse().unwrap();
            let added: i32 = std::env::var("ADDED").map_or(0, |text| text.parse().unwrap());
            let out = std::path::PathBuf::from(std::env::var_os("OUT_DIR").unwrap());
            std::fs::write(out.join("value.rs"), format!("{}", value + added)).unwrap();
        }
        """,
    )
    project.edit("src/lib.rs", "        42\n", '        include!(concat!(env!("OUT_DIR"), "/value.rs"))\n')


def lock_tells(project: Project) -> None:
    """Make the answer that of a dependency from git, of which the lock says which commit is meant."""
    source = project.root.parent / "dependency"
    (source / "src").mkdir(parents=True)
    (source / "Cargo.toml").write_text('[package]\nname = "dependency"\nversion = "1.0.0"\nedition = "2021"\n')
    (source / "src" / "lib.rs").write_text("pub const VALUE: i64 = 7;\n")
    git(source, "init", "-q", "-b", "main")
    git(source, "add", ".")
    git(source, "commit", "-q", "-m", "one")
    with (project.root / "Cargo.toml").open("a", encoding="utf-8") as manifest:
        manifest.write(f'\n[dependencies.dependency]\ngit = "file://{source}"\n')
    project.edit("src/lib.rs", "        42\n", "        dependency::VALUE as _\n")


def move_lock(project: Project) -> None:
    source = project.root.parent / "dependency"
    (source / "src" / "lib.rs").write_text("pub const VALUE: i64 = 8;\n")
    git(source, "commit", "-q", "-a", "-m", "two")
    subprocess.run(["cargo", "update", "-q", "-p", "dependency"], cwd=project.root, check=True)


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *words], cwd=folder, check=True)


CHANGES = {
    "feature": Change(words=("--features", "loud"), after="4200"),
    "profile": Change(prepare=profile_tells, words=("--release",), after="0"),
    "path dependency": Change(
        prepare=dependency_tells,
        before="7",
        change=lambda project: project.edit("pyo3-ffi/src/lib.rs", "EXTRA: i64 = 7", "EXTRA: i64 = 8"),
        after="8",
    ),
    "lock": Change(prepare=lock_tells, before="7", change=move_lock, after="8"),
    "build script's file": Change(
        prepare=build_script_tells, before="7", change=lambda project: project.write("value.txt", "8"), after="8"
    ),
    "build script's variable": Change(prepare=build_script_tells, before="7", env={"ADDED": "3"}, after="10"),
    "rustflags": Change(
        prepare=lambda project: project.edit("src/lib.rs", 'cfg!(feature = "loud")', "cfg!(noisy)"),
        env={"RUSTFLAGS": "--cfg noisy"},
        after="4200",
    ),
}


@pytest.mark.parametrize("case", CHANGES.values(), ids=CHANGES)
def test_whatever_changes_arrives_and_goes_again(project: Project, case: Change) -> None:
    case.prepare(project)
    assert project.answers(project.build()) == [case.before, case.before]
    case.change(project)
    assert project.answers(project.build(*case.words, env=case.env)) == [case.after, case.after]
    if case.words or case.env:  # what is back as it was
        assert project.answers(project.build()) == [case.before, case.before]


def test_an_interpreter_that_joins_gets_its_own_module(project: Project, interpreters: Interpreters) -> None:
    if len(interpreters.cpythons) < 3:
        pytest.skip("it takes three interpreters")
    three = tuple(interpreters[version] for version in interpreters.cpythons[-3:])
    project.build()
    project.edit("src/lib.rs", "        42\n", "        43\n")
    run = project.build(pythons=three)
    assert project.answers(run, three) == ["43", "43", "43"]
    assert "Copied" in run.stderr


def channel_tells(project: Project) -> None:
    """Make the answer that of a crate that is the same for every interpreter, and reads a variable."""
    (project.root / "common" / "src").mkdir(parents=True)
    project.write("common/Cargo.toml", '[package]\nname = "common"\nversion = "1.0.0"\nedition = "2021"\n')
    project.write(
        "common/src/lib.rs",
        'pub fn value() -> i64 { match option_env!("CHANNEL") { Some(text) => text.len() as i64, None => 0 } }\n',
    )
    with (project.root / "Cargo.toml").open("a", encoding="utf-8") as manifest:
        manifest.write('\n[dependencies.common]\npath = "common"\n')
    project.edit("src/lib.rs", "        42\n", "        common::value() as _\n")


def test_what_one_interpreter_has_compiled_never_takes_the_place_of_what_another_has(
    project: Project, interpreters: Interpreters
) -> None:
    if len(interpreters.cpythons) < 3:
        pytest.skip("it takes three interpreters")
    one, other, both = (interpreters[version] for version in interpreters.cpythons[-3:])
    channel_tells(project)
    short, long = {"CHANNEL": "abc"}, {"CHANNEL": "abcdefg"}
    project.build(pythons=(one, both), env=short)
    project.build(pythons=(other, both), env=short)
    assert project.answers(project.build(pythons=(other, both), env=long), (other, both)) == ["7", "7"]
    # what the first has is older than all that the last has: cargo would find nothing to do there
    assert project.answers(project.build(pythons=(one, both), env=short), (one, both)) == ["3", "3"]


def test_what_a_bare_cargo_left_is_taken_over_and_not_when_it_is_old(project: Project) -> None:
    subprocess.run(["cargo", "build", "-q"], cwd=project.root, env=project.run.environ | project.env, check=True)
    project.edit("src/lib.rs", "        42\n", "        43\n")
    run = project.build()
    assert "Copied" in run.stderr
    assert project.answers(run) == ["43", "43"]


def test_one_directory_for_all_is_never_stale_either(project: Project) -> None:
    project.build()
    project.edit("src/lib.rs", "        42\n", "        43\n")
    run = project.build("--shared-target-dir")
    assert project.answers(run) == ["43", "43"]
    project.edit("src/lib.rs", "        43\n", "        44\n")
    assert project.answers(project.build()) == ["44", "44"]


def test_two_builds_at_once_make_the_same_wheels(project: Project) -> None:
    words = [sys.executable, "-m", "cratewheel", "build", "--no-sdist"]
    words += [word for python in project.pythons for word in ("-i", str(python))]
    outs = [project.root.parent / name for name in ("one", "other")]
    running = [
        subprocess.Popen(
            [*words, "--out", out], cwd=project.root, env=project.run.environ | project.env, stderr=subprocess.PIPE
        )
        for out in outs
    ]
    for child in running:
        _, said = child.communicate(timeout=300)
        assert child.returncode == 0, said.decode()
    one, other = (sorted(out.glob("*.whl")) for out in outs)
    assert len(one) == 2
    assert [(wheel.name, wheel.read_bytes()) for wheel in one] == [(wheel.name, wheel.read_bytes()) for wheel in other]
    assert [project.answer(*pair) for pair in zip(one, project.pythons, strict=True)] == ["42", "42"]


def test_a_build_that_was_killed_leaves_nothing_wrong(project: Project) -> None:
    project.write("build.rs", "fn main() { std::thread::sleep(std::time::Duration::from_secs(2)) }")
    words = [sys.executable, "-m", "cratewheel", "build", "--no-sdist"]
    words += [word for python in project.pythons for word in ("-i", str(python))]
    with subprocess.Popen(
        words, cwd=project.root, env=project.run.environ | project.env, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as child:  # fmt: skip
        assert child.stderr is not None
        while "Compiling light-module" not in child.stderr.readline():
            assert child.poll() is None
        time.sleep(0.5)
        os.killpg(child.pid, signal.SIGKILL)
    project.edit("src/lib.rs", "        42\n", "        43\n")
    assert project.answers(project.build()) == ["43", "43"]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processors cannot be taken away here")
def test_wheels_are_the_same_whatever_the_processors_and_jobs(project: Project) -> None:
    with (project.root / "big.py").open("w") as stream:
        stream.writelines(f"number_{number} = {number * 7919 % 1000}\n" for number in range(200_000))
    project.write(
        "pyproject.toml", (project.root / "pyproject.toml").read_text() + '[tool.cratewheel]\ninclude = ["big.py"]\n'
    )
    project.build()
    found = []
    for processors in (1, 2):
        allowed = sorted(os.sched_getaffinity(0))
        if len(allowed) < 2:
            pytest.skip("it takes two processors")
        os.sched_setaffinity(0, allowed[:processors])
        try:
            run = project.build("--jobs", str(processors))
        finally:
            os.sched_setaffinity(0, allowed)
        assert run.stderr.count("Packed") == 2
        found.append([(wheel.name, wheel.read_bytes()) for wheel in run.wheels])
    assert found[0] == found[1]


@pytest.mark.xdist_group("pyo3")
def test_another_pyo3_is_told_of_the_interpreter_in_its_own_words(
    run_cratewheel: Cratewheel, interpreters: Interpreters
) -> None:
    if len(interpreters.cpythons) < 2:
        pytest.skip("it takes two interpreters")
    pythons = [interpreters[version] for version in interpreters.cpythons[-2:]]
    words = ["build", "--no-sdist", *(word for python in pythons for word in ("-i", str(python)))]
    root = run_cratewheel.copy("pyo3-ffi-pure")
    env = {"CARGO_TARGET_DIR": str(root.parent / "target")}
    run_cratewheel(*words, cwd=root, env=env).ok()
    manifest = root / "Cargo.toml"
    text = manifest.read_text(encoding="utf-8")
    assert '"=0.26.0"' in text
    manifest.write_text(text.replace('"=0.26.0"', '"=0.25.1"'), encoding="utf-8")
    (root / "Cargo.lock").unlink()
    run = run_cratewheel(*words, cwd=root, env=env).ok()
    assert sorted({words for words in compiled(run) if "pyo3-ffi" in words.split()}) != []
    for wheel, python in zip(run.wheels, pythons, strict=True):
        folder = wheel.with_suffix("")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
        name = wheel.name.split("-")[0]
        subprocess.run([python, "-c", f"import {name}"], cwd=folder, check=True)
