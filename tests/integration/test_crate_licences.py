"""The licences of the crates that are linked into a wheel: their texts in it, and what is not allowed."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import wheels

if TYPE_CHECKING:
    from integration.conftest import Cratewheel

BUILD = ("build", "--no-sdist", "-i", sys.executable)
MIT_TEXT = "The licence of MIT\n"


def crate(project: Path, name: str, licence: str | None, texts: dict[str, str], dependencies: str = "") -> None:
    folder = project / "vendor" / name
    (folder / "src").mkdir(parents=True)
    words = f'license = "{licence}"\n' if licence else ""
    macro = "[lib]\nproc-macro = true\n" if name == "macros" else ""
    (folder / "Cargo.toml").write_text(
        f'[package]\nname = "{name}"\nversion = "0.2.0"\nedition = "2021"\n{words}{macro}\n'
        f"[dependencies]\n{dependencies}",
        encoding="utf-8",
    )
    (folder / "src" / "lib.rs").write_text("", encoding="utf-8")
    for path, text in texts.items():
        (folder / path).write_text(text, encoding="utf-8")


@pytest.fixture
def project(run_light: Cratewheel) -> Path:
    """A module with crates that are linked, one of them by a feature, and others that only run while compiling."""
    folder = run_light.copy("light-module")
    crate(folder, "outer", "mit/apache-2.0", {"LICENSE-MIT": MIT_TEXT}, 'inner = { path = "../inner" }\n')
    crate(folder, "inner", "MIT", {"COPYING": MIT_TEXT, "NOTICE": "of inner\n"})
    crate(folder, "textless", None, {})
    crate(folder, "copyleft", "GPL-3.0-only", {"LICENSE": "of copyleft\n"})
    for name in ("builder", "tester", "macros", "elsewhere"):
        crate(folder, name, "GPL-3.0-only", {"LICENSE": f"of {name}\n"})
    manifest = folder / "Cargo.toml"
    text = manifest.read_text(encoding="utf-8").replace(
        "[dependencies]\n",
        "[dependencies]\n"
        + "".join(f'{name} = {{ path = "vendor/{name}" }}\n' for name in ("outer", "textless", "macros"))
        + 'copyleft = { path = "vendor/copyleft", optional = true }\n',
    )
    text += '\n[build-dependencies]\nbuilder = { path = "vendor/builder" }\n'
    text += '\n[dev-dependencies]\ntester = { path = "vendor/tester" }\n'
    text += "\n[target.'cfg(windows)'.dependencies]\nelsewhere = { path = \"vendor/elsewhere\" }\n"
    manifest.write_text(text, encoding="utf-8")
    (folder / "build.rs").write_text("fn main() {}\n", encoding="utf-8")
    (folder / "LICENSE").write_text("of the project\n", encoding="utf-8")
    return folder


def settings(project: Path, text: str) -> None:
    file = project / "pyproject.toml"
    before = file.read_text(encoding="utf-8").partition("\n[tool.cratewheel")[0]
    file.write_text(f"{before}\n[tool.cratewheel.licenses]\n{text}\n", encoding="utf-8")


def licences(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return [name.partition("/licenses/")[2] for name in archive.namelist() if "/licenses/" in name]


def test_the_texts_of_what_is_linked_are_in_the_wheel(run_light: Cratewheel, project: Path) -> None:
    settings(project, 'crates = "include"')

    run = run_light(*BUILD, cwd=project, env={"SOURCE_DATE_EPOCH": "1700000000"}).ok()

    assert licences(run.wheel) == [
        "LICENSE", "crates/INDEX.txt", "crates/inner-0.2.0/COPYING", "crates/inner-0.2.0/NOTICE",
    ]  # fmt: skip
    folder = "light_module-1.2.3.dist-info"
    assert wheels.text(run.wheel, f"{folder}/licenses/crates/INDEX.txt").split("\n\n")[1:] == [
        "inner 0.2.0\n  licence: MIT\n  inner-0.2.0/COPYING\n  inner-0.2.0/NOTICE",
        "outer 0.2.0\n  licence: MIT OR Apache-2.0\n  inner-0.2.0/COPYING",
        "pyo3-ffi 0.26.0\n  licence: MIT\n  no text in the crate",
        "textless 0.2.0\n  licence: not given\n  no text in the crate\n",
    ]
    missing = "pyo3-ffi 0.26.0 (MIT), textless 0.2.0 (no licence named)"
    assert f"warning: 2 crates have no licence text to put into the wheel: {missing}" in run.stderr
    assert run.stderr.count("no licence text") == 1
    listed = run_light("list-files", "--wheel", cwd=project).ok().stdout.split()
    assert [name.partition("/licenses/")[2] for name in listed if "/licenses/" in name] == licences(run.wheel)


def test_metadata_is_what_it_is_without_rust_and_the_same_crates_give_the_same_bytes(
    run_light: Cratewheel, project: Path
) -> None:
    settings(project, 'crates = "include"')
    asked = run_light("metadata", cwd=project, env={"PATH": str(Path(sys.executable).parent)}).ok().stdout

    first, second = (
        run_light(*BUILD, cwd=project, env={"SOURCE_DATE_EPOCH": "1700000000"}).ok().wheel for _ in range(2)
    )

    metadata = wheels.text(first, "light_module-1.2.3.dist-info/METADATA")
    assert metadata.strip() == asked.strip()
    assert [line for line in metadata.splitlines() if line.startswith("License-File")] == ["License-File: LICENSE"]
    assert hashlib.sha256(first.read_bytes()).digest() == hashlib.sha256(second.read_bytes()).digest()
    target = run_light.folder / "installed"
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", target, first], check=True)
    assert (target / "light_module-1.2.3.dist-info" / "licenses" / "crates" / "inner-0.2.0" / "NOTICE").is_file()


def test_a_licence_that_is_not_allowed_ends_the_build_before_compiling(run_light: Cratewheel, project: Path) -> None:
    settings(project, 'check = ["MIT"]\nclarify = { textless = "MIT" }')
    run_light(*BUILD, cwd=project).ok()  # those of other systems, of tests and of the build do not count

    settings(project, 'check = ["Apache-2.0"]')
    run = run_light(*BUILD, "--features", "copyleft", cwd=project)

    assert (run.status, run.stdout, run.wheels) == (1, "", ())
    assert "Compiling" not in run.stderr
    place = "tool.cratewheel.licenses in pyproject.toml"
    assert f"error: 4 crates have licences that check of {place} does not allow: Apache-2.0" in run.stderr
    for line in (
        "copyleft 0.2.0 is under GPL-3.0-only, by light-module → copyleft",
        "inner 0.2.0 is under MIT, by light-module → outer → inner",
        "pyo3-ffi 0.26.0 is under MIT, by light-module → pyo3-ffi",
        "textless 0.2.0 names no licence, by light-module → textless",
    ):
        assert line in run.stderr


def test_an_editable_install_has_neither_texts_nor_a_check(run_light: Cratewheel, project: Path) -> None:
    settings(project, 'crates = "include"\ncheck = ["Zlib"]')
    environment = run_light.folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)

    run_light("develop", cwd=project, env={"VIRTUAL_ENV": str(environment)}).ok()

    assert not list(environment.rglob("INDEX.txt"))
