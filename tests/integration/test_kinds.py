"""Each kind of bindings, from the crate to an import in a real interpreter."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import wheels

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters, Run

# one worker compiles pyo3: two would wait for each other
pytestmark = [pytest.mark.cargo, pytest.mark.xdist_group("pyo3")]

PLATFORM = r"manylinux_\d+_\d+_x86_64" if sys.platform == "linux" else r"\w+"


def built(run: Run, tag: str) -> list[str]:
    """Return the names in the only wheel, whose tags must be `tag` and a platform."""
    assert re.fullmatch(rf"{tag}-{PLATFORM}", wheels.tags(run.wheel)), run.wheel.name
    return wheels.names(run.wheel)


@pytest.fixture
def answer(tmp_path: Path) -> Answer:
    return Answer(tmp_path / "site")


class Answer:
    """What a Python prints that imports from a wheel."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, python: Path, wheel: Path, code: str) -> str:
        shutil.rmtree(self.folder, ignore_errors=True)
        return wheels.python(python, code, path=wheels.site(wheel, self.folder))


def test_pyo3_alone(run_cratewheel: Cratewheel, interpreters: Interpreters, answer: Answer) -> None:
    run = run_cratewheel("build", "--no-sdist", "-i", interpreters["3.11"], crate="pyo3-pure")
    assert built(run, "cp311-cp311") == [
        "pyo3_pure/__init__.py",
        "pyo3_pure/__init__.pyi",
        "pyo3_pure/py.typed",
        "pyo3_pure/pyo3_pure.cpython-311-x86_64-linux-gnu.so",
    ]
    code = "import pyo3_pure as m; print(m.__doc__, m.add(40, 2), m.__all__)"
    assert answer(interpreters["3.11"], run.wheel, code) == "Sums, from Rust. 42 ['add']"


def test_pyo3_among_python_files(run_cratewheel: Cratewheel, interpreters: Interpreters, answer: Answer) -> None:
    run = run_cratewheel("build", "--no-sdist", "-i", interpreters["3.11"], crate="pyo3-mixed")
    assert built(run, "cp311-cp311") == [
        "pyo3_mixed/__init__.py",
        "pyo3_mixed/cli.py",
        "pyo3_mixed/inner/__init__.py",
        "pyo3_mixed/inner/_native.cpython-311-x86_64-linux-gnu.so",
        "pyo3_mixed/inner/_native.pyi",
        "pyo3_mixed/py.typed",
    ]
    assert (
        wheels.text(run.wheel, ".dist-info/entry_points.txt") == "[console_scripts]\npyo3-mixed = pyo3_mixed.cli:main\n"
    )
    assert answer(interpreters["3.11"], run.wheel, "from pyo3_mixed.cli import main; main()") == "42"


def test_pyo3_for_several_interpreters(run_cratewheel: Cratewheel, interpreters: Interpreters, answer: Answer) -> None:
    pythons = [interpreters[version] for version in ("3.8", "3.13", "pypy3.9")]
    run = run_cratewheel("build", "--no-sdist", "-i", *pythons, crate="pyo3-mixed").ok()
    found = {wheels.tags(path).rsplit("-", 1)[0]: path for path in run.wheels}
    assert sorted(found) == ["cp313-cp313", "cp38-cp38", "pp39-pypy39_pp73"]
    for python, tag in zip(pythons, ("cp38-cp38", "cp313-cp313", "pp39-pypy39_pp73"), strict=True):
        assert answer(python, found[tag], "import pyo3_mixed; print(pyo3_mixed.add(40, 2))") == "42"
    assert "pyo3_mixed/inner/_native.pypy39-pp73-x86_64-linux-gnu.so" in wheels.names(found["pp39-pypy39_pp73"])


def test_a_pinned_stable_abi_is_one_wheel_for_all(
    run_cratewheel: Cratewheel, interpreters: Interpreters, answer: Answer
) -> None:
    run = run_cratewheel("build", "--no-sdist", "-i", "3.8", "3.11", "3.13", crate="pyo3-abi3")
    assert built(run, "cp38-abi3")[-1] == "pyo3_abi3/pyo3_abi3.abi3.so"
    for version in ("3.8", "3.9", "3.13"):
        assert answer(interpreters[version], run.wheel, "import pyo3_abi3; print(pyo3_abi3.add(40, 2))") == "42"


@pytest.mark.long
def test_a_python_before_a_pinned_stable_abi_gets_a_module_that_it_can_load(
    run_cratewheel: Cratewheel, interpreters: Interpreters, answer: Answer
) -> None:
    project = run_cratewheel.copy("pyo3-abi3")
    manifest = project / "Cargo.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("abi3-py38", "abi3-py312"), encoding="utf-8")
    code = "import pyo3_abi3; print(pyo3_abi3.add(40, 2))"

    run = run_cratewheel("build", "--no-sdist", "-i", interpreters["3.11"], cwd=project)
    assert built(run, "cp311-cp311")[-1] == "pyo3_abi3/pyo3_abi3.cpython-311-x86_64-linux-gnu.so"
    assert "warning: CPython 3.11 was requested, but these bindings support CPython 3.12 to 3.15" in run.stderr
    assert answer(interpreters["3.11"], run.wheel, code) == "42"

    environment = run_cratewheel.folder / "environment"
    subprocess.run([interpreters["3.11"], "-m", "venv", "--without-pip", environment], check=True)
    run_cratewheel("develop", cwd=project, env={"VIRTUAL_ENV": str(environment)}).ok()
    done = subprocess.run([environment / "bin" / "python", "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("42\n", "")


def test_pypy_gets_a_wheel_of_its_own_beside_the_stable_abi(
    run_cratewheel: Cratewheel, interpreters: Interpreters, answer: Answer
) -> None:
    run = run_cratewheel("build", "--no-sdist", "-i", "3.11", interpreters["pypy3.9"], crate="pyo3-abi3").ok()
    assert [wheels.tags(path).rsplit("-", 1)[0] for path in run.wheels] == ["cp38-abi3", "pp39-pypy39_pp73"]
    assert answer(interpreters["pypy3.9"], run.wheels[1], "import pyo3_abi3; print(pyo3_abi3.add(40, 2))") == "42"


@pytest.mark.long
def test_an_unpinned_stable_abi_is_of_the_oldest_interpreter(
    run_cratewheel: Cratewheel, interpreters: Interpreters, answer: Answer
) -> None:
    project = run_cratewheel.copy("pyo3-abi3")
    manifest = project / "Cargo.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("abi3-py38", "abi3"), encoding="utf-8")
    run = run_cratewheel("build", "--no-sdist", "-i", "3.12", "3.9", cwd=project)
    assert built(run, "cp39-abi3")[-1] == "pyo3_abi3/pyo3_abi3.abi3.so"
    for version in ("3.9", "3.13"):
        assert answer(interpreters[version], run.wheel, "import pyo3_abi3; print(pyo3_abi3.add(40, 2))") == "42"


def test_pyo3_ffi_alone(run_cratewheel: Cratewheel, interpreters: Interpreters, answer: Answer) -> None:
    run = run_cratewheel("build", "--no-sdist", "-i", interpreters["3.11"], crate="pyo3-ffi-pure")
    assert built(run, "cp311-cp311") == [
        "pyo3_ffi_pure/__init__.py",
        "pyo3_ffi_pure/pyo3_ffi_pure.cpython-311-x86_64-linux-gnu.so",
    ]
    code = "import pyo3_ffi_pure; print(pyo3_ffi_pure.answer())"
    assert answer(interpreters["3.11"], run.wheel, code) == "42"


def test_rust_cpython(run_cratewheel: Cratewheel, interpreters: Interpreters, answer: Answer) -> None:
    run = run_cratewheel("build", "--no-sdist", "-i", "3.11", crate="rust-cpython")
    assert built(run, "cp311-cp311") == [
        "rust_cpython/__init__.py",
        "rust_cpython/rust_cpython.cpython-311-x86_64-linux-gnu.so",
    ]
    code = "import rust_cpython as m; print(m.__doc__, m.add(40, 2))"
    assert answer(interpreters["3.11"], run.wheel, code) == "Sums, from Rust. 42"


@pytest.mark.parametrize(
    ("crate", "module", "files"),
    [
        ("cffi-pure", "cffi_pure", ["cffi_pure/__init__.py", "cffi_pure/ffi.py", "cffi_pure/libcffi_pure.so"]),
        (
            "cffi-mixed",
            "cffi_mixed._native",
            [
                "cffi_mixed/__init__.py",
                "cffi_mixed/_native/__init__.py",
                "cffi_mixed/_native/ffi.py",
                "cffi_mixed/_native/lib_native.so",
            ],
        ),
    ],
)
def test_cffi(run_cratewheel: Cratewheel, answer: Answer, crate: str, module: str, files: list[str]) -> None:
    if crate == "cffi-pure" and shutil.which("cbindgen") is None:
        pytest.skip("cbindgen is not installed")
    # `header.h` has but one place in a target directory
    target = run_cratewheel.folder / "target"
    run = run_cratewheel(
        "build", "--no-sdist", "-i", sys.executable, crate=crate, env={"CARGO_TARGET_DIR": str(target)}
    )
    assert built(run, "py3-none") == files
    code = f"from {module} import ffi, lib; p = lib.midpoint((0, 2), (4, 6)); print(p.x, p.y, lib.add(40, 2))"
    assert answer(Path(sys.executable), run.wheel, code) == "2 4 42"


def test_cffi_made_by_one_python_is_for_all(
    run_cratewheel: Cratewheel, interpreters: Interpreters, answer: Answer
) -> None:
    target = run_cratewheel.folder / "target"
    words = ("build", "--no-sdist", "-i", interpreters["pypy3.9"])
    run = run_cratewheel(*words, crate="cffi-mixed", env={"CARGO_TARGET_DIR": str(target)})
    built(run, "py3-none")
    code = "from cffi_mixed._native import lib; print(lib.add(40, 2))"
    assert [answer(python, run.wheel, code) for python in (interpreters["pypy3.9"], Path(sys.executable))] == ["42"] * 2


@pytest.mark.long
def test_uniffi(run_cratewheel: Cratewheel, interpreters: Interpreters, answer: Answer) -> None:
    run = run_cratewheel("build", "--no-sdist", crate="uniffi-pure")
    assert built(run, "py3-none") == [
        "uniffi_pure/__init__.py",
        "uniffi_pure/libuniffi_pure.so",
        "uniffi_pure/uniffi_pure.py",
    ]
    code = "from uniffi_pure import *; print(midpoint(Point(x=0, y=2), Point(x=4, y=6)).x, add(1, 2))"
    assert answer(interpreters["3.11"], run.wheel, code) == "2 3"


def test_every_program_of_a_crate(run_light: Cratewheel, tmp_path: Path) -> None:
    run = run_light("build", "--no-sdist", "--all-features", crate="bin-two")
    assert built(run, "py3-none") == [
        "bin_two-1.2.3.data/scripts/bin-two",
        "bin_two-1.2.3.data/scripts/bin-two-extra",
        "bin_two-1.2.3.data/scripts/bin-two-more",
    ]
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    scripts = tmp_path / "venv" / "bin"
    pip = (sys.executable, "-m", "pip", "--python", tmp_path / "venv", "install", "--quiet", "--no-index")
    subprocess.run([*pip, run.wheel], check=True)
    said = [
        subprocess.run([scripts / name], capture_output=True, text=True, check=True).stdout
        for name in ("bin-two", "bin-two-more", "bin-two-extra")
    ]
    assert sorted(said) == ["one\n", "three\n", "two\n"]


def test_a_program_beside_a_python_package(run_light: Cratewheel) -> None:
    run = run_light("build", "--no-sdist", crate="bin-mixed")
    assert built(run, "py3-none") == ["bin_mixed/__init__.py", "bin_mixed-1.2.3.data/scripts/bin-mixed"]


def test_the_features_of_a_sibling_do_not_decide_the_tag(
    run_cratewheel: Cratewheel, interpreters: Interpreters
) -> None:
    project = run_cratewheel.copy("workspace-leak")
    run = run_cratewheel("build", "--no-sdist", "-i", interpreters["3.11"], cwd=project / "app")
    built(run, "cp311-cp311")
