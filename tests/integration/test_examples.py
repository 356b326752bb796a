"""The crates of examples/ build, and do what their pages say."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters

EXAMPLES = Path(__file__).parents[2] / "examples"

pytestmark = pytest.mark.cargo


def run_in(wheel: Path, folder: Path, *words: str) -> str:
    """Return what a Python prints that finds the unpacked `wheel`; `words` begin with the interpreter."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True, timeout=60).stdout


def test_hello_pyo3_is_one_wheel_for_every_cpython_from_3_10(
    run_cratewheel: Cratewheel, interpreters: Interpreters, tmp_path: Path
) -> None:
    run = run_cratewheel("build", "-i", interpreters.this, crate=EXAMPLES / "hello-pyo3")
    assert run.wheel.name.startswith("hello_pyo3-0.1.0-cp310-abi3-")
    assert [path.name for path in run.sdists] == ["hello_pyo3-0.1.0.tar.gz"]
    program = "import hello_pyo3; print(hello_pyo3.greet('world'))"
    assert run_in(run.wheel, tmp_path / "site", str(interpreters.this), "-c", program) == "Hello, world, from Rust\n"


def test_hello_mixed_has_python_and_rust_in_one_package(
    run_cratewheel: Cratewheel, interpreters: Interpreters, tmp_path: Path
) -> None:
    run = run_cratewheel("build", "--no-sdist", "-i", interpreters.this, crate=EXAMPLES / "hello-mixed")
    sentence = "the quick brown fox jumps over the lazy dog"
    assert (
        run_in(run.wheel, tmp_path / "site", str(interpreters.this), "-m", "hello_mixed", sentence) == "4 o\n3 e\n2 h\n"
    )
    assert run.stdout == f"{run.wheel}\n"


def test_build_hooks_has_one_message_for_python_and_rust_and_its_sdist_makes_it_again(
    run_cratewheel: Cratewheel, interpreters: Interpreters, tmp_path: Path
) -> None:
    run = run_cratewheel("build", "--sdist-first", "-i", interpreters.this, crate=EXAMPLES / "build-hooks")
    program = "from build_hooks import COMMIT, Person, greet; print(greet(Person('Ada', 36)), bool(COMMIT))"
    assert run_in(run.wheel, tmp_path / "site", str(interpreters.this), "-c", program) == "Hello, Ada (36) True\n"
    lines = [line.strip() for line in run.stderr.splitlines() if " hook `" in line]
    assert lines == [
        "Running hook `version_file:write` (it has not run here, as it is defined now)",
        "Running hook `python codegen.py schema` (it has not run here, as it is defined now)",
        "Fresh hook `version_file:write` (the source distribution has its outputs)",
    ]


def test_several_artifacts_has_two_modules_a_program_and_a_library_with_its_header(
    run_cratewheel: Cratewheel, interpreters: Interpreters, tmp_path: Path
) -> None:
    run = run_cratewheel("build", "-i", interpreters.this, crate=EXAMPLES / "several-artifacts")
    assert run.wheel.name.startswith("several_artifacts-0.1.0-cp310-abi3-")
    site, python = tmp_path / "site", str(interpreters.this)
    program = (
        "import ctypes, textkit; print(textkit.count_words('a b 12'), textkit.count_digits('a b 12')); "
        "library = ctypes.CDLL(str(textkit.c_folder() / 'libtextkit.so')); print(library.textkit_words(b'one two')); "
        "print((textkit.c_folder() / 'textkit.h').is_file())"
    )
    assert run_in(run.wheel, site, python, "-c", program) == "3 2\n2\nTrue\n"
    script = site / "several_artifacts-0.1.0.data" / "scripts" / "textkit"
    script.chmod(0o755)
    done = subprocess.run([script, "three words 42"], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "3 words, 2 digits\n"


def test_optional_rust_has_a_wheel_with_rust_and_one_without(
    run_cratewheel: Cratewheel, interpreters: Interpreters, tmp_path: Path
) -> None:
    program = "import optional_rust; print(optional_rust.count_words('a b c'), optional_rust.count_words.__module__)"
    words = ("-i", interpreters.this)
    native = run_cratewheel("build", "--no-sdist", "--require-rust", *words, crate=EXAMPLES / "optional-rust")
    assert native.ok().wheel.name.startswith("optional_rust-0.1.0-cp310-abi3-")
    found = run_in(native.wheel, tmp_path / "native", str(interpreters.this), "-c", program)
    assert found in ("3 None\n", "3 optional_rust._native\n", "3 _native\n")
    for run in (
        run_cratewheel("build", "--pure", crate=EXAMPLES / "optional-rust"),
        run_cratewheel("build", crate=EXAMPLES / "optional-rust", env={"PATH": "/usr/bin:/bin"}),
    ):
        assert run.ok().wheel.name == "optional_rust-0.1.0-py3-none-any.whl"
        site = tmp_path / run.out.name
        assert run_in(run.wheel, site, str(interpreters.this), "-c", program) == "3 optional_rust._fallback\n"


def test_abi_families_is_three_wheels_for_every_cpython_from_3_10(
    run_cratewheel: Cratewheel, interpreters: Interpreters, tmp_path: Path
) -> None:
    project = run_cratewheel.copy(EXAMPLES / "abi-families")
    rows = json.loads(run_cratewheel("build", "--dry-run", "--matrix", cwd=project).ok().stdout)
    assert [(row["abi"], row["wheel"]) for row in rows] == [
        ("abi3-py310", "abi_families-0.1.0-cp310-abi3-*linux_*x86_64.whl"),
        ("abi3t-py315", "abi_families-0.1.0-cp315-abi3.abi3t-*linux_*x86_64.whl"),
        ("cp314t", "abi_families-0.1.0-cp314-cp314t-*linux_*x86_64.whl"),
    ]

    run = run_cratewheel("build", "--no-sdist", cwd=project).ok()

    assert [wheel.name.rpartition("-")[0] for wheel in run.wheels] == [
        "abi_families-0.1.0-cp310-abi3", "abi_families-0.1.0-cp314-cp314t", "abi_families-0.1.0-cp315-abi3.abi3t",
    ]  # fmt: skip
    program = "import abi_families; print(abi_families.square(12))"
    assert run_in(run.wheels[0], tmp_path / "site", str(interpreters.this), "-c", program) == "144\n"


def test_crate_licences_has_the_texts_of_its_crates_and_refuses_what_nobody_has_read(
    run_cratewheel: Cratewheel, interpreters: Interpreters, tmp_path: Path
) -> None:
    run = run_cratewheel("build", "-i", interpreters.this, crate=EXAMPLES / "crate-licences").ok()
    site = tmp_path / "site"
    program = "import crate_licences; print(crate_licences.lines('a\\nb\\nc\\nd\\n'))"
    assert run_in(run.wheel, site, str(interpreters.this), "-c", program) == "IV\n"
    texts = site / "crate_licences-0.1.0.dist-info" / "licenses" / "crates"
    index = (texts / "INDEX.txt").read_text(encoding="utf-8")
    assert "\nroman 0.3.0\n  licence: Zlib\n  roman-0.3.0/COPYING.txt\n" in index
    assert "  no text" not in index
    assert "warning" not in run.stderr

    pyproject = run.project / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    pyproject.write_text(text.replace("clarify", "# clarify"), encoding="utf-8")
    refused = run_cratewheel("build", "--no-sdist", cwd=run.project)
    assert (refused.status, refused.wheels) == (1, ())
    assert "roman 0.3.0 names no licence, but the file COPYING.txt, by crate-licences → roman" in refused.stderr
