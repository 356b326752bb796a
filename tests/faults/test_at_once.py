"""Builds at once that share a target directory, with `clean` between, and clocks that are wrong: the same wheels."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from faults.interruption import COMMAND
from faults.test_deaf_programs import MANIFEST, PYPROJECT, environ_of

pytestmark = pytest.mark.cargo


def project(folder: Path, name: str) -> Path:
    root = folder / name
    (root / "src").mkdir(parents=True)
    (root / "Cargo.toml").write_text(MANIFEST.replace("deaf", name), encoding="utf-8")
    (root / "pyproject.toml").write_text(PYPROJECT.replace("deaf", name), encoding="utf-8")
    (root / "src" / "main.rs").write_text("fn main() {}\n", encoding="utf-8")
    return root


def start(root: Path, *words: str | Path) -> subprocess.Popen[str]:
    environ = environ_of(root.parent, XDG_CACHE_HOME=str(root.parent / "cache"))
    return subprocess.Popen(
        [*COMMAND, *words], cwd=root, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def finish(program: subprocess.Popen[str]) -> None:
    said, _ = program.communicate()
    assert program.returncode == 0, said


def build(root: Path, out: Path) -> bytes:
    finish(start(root, "build", "--no-sdist", "--out", out))
    (wheel,) = out.iterdir()
    return wheel.read_bytes()


@pytest.mark.long
def test_builds_at_once_make_what_one_makes_alone(tmp_path: Path) -> None:
    roots = [project(tmp_path, name) for name in ("one", "two")]
    running = []
    for number in range(6):
        root = roots[number % 2]
        running.append(start(root, "build", "--no-sdist", "--out", tmp_path / f"out{number}"))
        if number % 3 == 1:
            running.append(start(root, "clean"))
    for program in running:
        finish(program)
    for number in range(6):
        (wheel,) = (tmp_path / f"out{number}").iterdir()
        assert wheel.read_bytes() == build(roots[number % 2], tmp_path / f"alone{number}")


def test_what_changes_is_compiled_whatever_the_clock_says(tmp_path: Path) -> None:
    root = project(tmp_path, "one")
    source = root / "src" / "main.rs"
    first = build(root, tmp_path / "first")
    for number, year in enumerate((0, 9, 140, 230)):  # 1970, 1979, 2110, 2200
        for path in (source, root / "pyproject.toml", root / "Cargo.toml"):
            os.utime(path, (year * 31_557_600,) * 2)
        assert build(root, tmp_path / f"same{number}") == first
    source.write_text('fn main() { println!("other"); }\n', encoding="utf-8")  # the clock is set back by 190 years
    assert build(root, tmp_path / "other") != first
