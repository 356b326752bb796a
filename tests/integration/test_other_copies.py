"""Several copies of a project in one target directory, as with CARGO_TARGET_DIR: each wheel has its own module."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import wheels

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters, Run

pytestmark = pytest.mark.cargo

OLD = 1_000_000_000  # seconds: the time of all files, as of those in a source distribution


def copied(run: Cratewheel, place: str, changes: dict[str, tuple[str, str]]) -> Path:
    """Return a copy of the light crate with files that are all old, and texts of some of them replaced."""
    root = run.folder / place
    run.copy("light-module").rename(root)
    run.copies.clear()  # how the tests have copies compiled is not what is tested
    for name, (before, after) in changes.items():
        text = (root / name).read_text(encoding="utf-8")
        assert before in text
        (root / name).write_text(text.replace(before, after), encoding="utf-8", newline="\n")
    for path in root.rglob("*"):
        os.utime(path, (OLD, OLD))
    return root


def built(run: Cratewheel, root: Path, *words: str | Path) -> Run:
    target = str(run.folder / "target")
    return run("build", "--no-sdist", *words, cwd=root, env={"CARGO_TARGET_DIR": target}).ok()


def answer(run: Run, folder: Path, at: int = 0, python: Path = Path(sys.executable)) -> str:
    code = "import light_module; print(light_module.answer())"
    return wheels.python(python, code, path=wheels.site(run.wheels[at], folder))


ANSWER = {"src/lib.rs": ("42", "77")}
THIS = ("-i", sys.executable)


def test_a_copy_with_another_module_is_compiled_though_its_files_are_old(run_light: Cratewheel, tmp_path: Path) -> None:
    one, two = copied(run_light, "one", {}), copied(run_light, "two", ANSWER)
    assert answer(built(run_light, one, *THIS), tmp_path / "1") == "42"
    second = built(run_light, two, *THIS)
    assert answer(second, tmp_path / "2") == "77"
    assert (
        f"Recompiling light-module, pyo3-ffi: {run_light.folder / 'target'} was filled by another copy of the project"
        in (second.stderr)
    )
    assert answer(built(run_light, one, *THIS), tmp_path / "3") == "42"
    again = built(run_light, one, *THIS)
    assert answer(again, tmp_path / "4") == "42"
    assert "Recompiling" not in again.stderr
    assert "Compiling" not in again.stderr


def test_an_equal_copy_compiles_nothing(run_light: Cratewheel, tmp_path: Path) -> None:
    one, two = copied(run_light, "one", {}), copied(run_light, "two", {"pyproject.toml": (">=3.7", ">=3.8")})
    built(run_light, one, *THIS)
    second = built(run_light, two, *THIS)
    assert "ompiling" not in second.stderr
    assert answer(second, tmp_path / "2") == "42"
    assert answer(built(run_light, copied(run_light, "three", ANSWER), *THIS), tmp_path / "3") == "77"


def test_a_crate_that_only_a_dependency_of_differs_in_is_compiled(run_light: Cratewheel, tmp_path: Path) -> None:
    used = {"src/lib.rs": (" 42\n", " pyo3_ffi::NUMBER\n")}
    one = copied(run_light, "one", used)
    two = copied(run_light, "two", used)
    for root, number in ((one, 1), (two, 2)):
        source = root / "pyo3-ffi" / "src" / "lib.rs"
        with source.open("a", encoding="utf-8") as file:
            file.write(f"\npub const NUMBER: std::os::raw::c_long = {number};\n")
        os.utime(source, (OLD, OLD))
    assert answer(built(run_light, one, *THIS), tmp_path / "1") == "1"
    assert answer(built(run_light, two, *THIS), tmp_path / "2") == "2"


@pytest.mark.long
def test_several_interpreters_each_get_the_module_of_the_copy(
    run_light: Cratewheel, interpreters: Interpreters, tmp_path: Path
) -> None:
    pythons = [interpreters[version] for version in ("3.11", "3.12")]
    one, two = copied(run_light, "one", {}), copied(run_light, "two", ANSWER)
    built(run_light, one, "-i", pythons[0])  # what is compiled for one Python fills the folder of another
    for root, expected in ((one, "42"), (two, "77"), (one, "42")):
        run = built(run_light, root, "-i", *pythons)
        found = [answer(run, tmp_path / f"{root.name}{at}", at, python) for at, python in enumerate(pythons)]
        assert found == [expected, expected]


def test_what_cargo_itself_compiled_of_another_copy_is_compiled_again(run_light: Cratewheel, tmp_path: Path) -> None:
    one, two = copied(run_light, "one", {}), copied(run_light, "two", ANSWER)
    built(run_light, two, *THIS)
    state = next((run_light.folder / "target" / "cratewheel" / "sources").iterdir())
    state.unlink()  # as where an older cratewheel, or cargo, has compiled it
    assert answer(built(run_light, one, *THIS), tmp_path / "1") == "42"


def test_pip_gets_the_module_of_each_source_distribution(run_light: Cratewheel, tmp_path: Path) -> None:
    found = []
    for place, changes in (("one", {}), ("two", ANSWER)):
        root = copied(run_light, place, changes)
        archive = run_light("sdist", cwd=root).ok().sdists[0]
        environ = run_light.environ | {"CARGO_TARGET_DIR": str(tmp_path / "target"), "PIP_NO_CACHE_DIR": "1"}
        words = ("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path / place, archive)
        subprocess.run([sys.executable, "-m", "pip", *words], check=True, env=environ)
        (wheel,) = (tmp_path / place).glob("*.whl")
        code = "import light_module; print(light_module.answer())"
        found.append(wheels.python(Path(sys.executable), code, path=wheels.site(wheel, tmp_path / f"site-{place}")))
    assert found == ["42", "77"]


def test_files_that_are_unpacked_over_those_before_are_compiled_though_they_are_old(
    run_light: Cratewheel, tmp_path: Path
) -> None:
    root = copied(run_light, "one", {})
    assert answer(built(run_light, root, *THIS), tmp_path / "1") == "42"
    again = built(run_light, root, *THIS)
    assert "ompiling" not in again.stderr
    source = root / "src" / "lib.rs"
    source.write_text(source.read_text(encoding="utf-8").replace("42", "77"), encoding="utf-8", newline="\n")
    os.utime(source, (OLD + 1, OLD + 1))
    changed = built(run_light, root, *THIS)
    assert answer(changed, tmp_path / "2") == "77"
    assert "Recompiling light-module, pyo3-ffi: files have changed, but not their times\n" in changed.stderr
    os.utime(source, (OLD + 2, OLD + 2))
    assert "ompiling" not in built(run_light, root, *THIS).stderr
