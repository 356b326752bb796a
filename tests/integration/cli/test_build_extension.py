"""`build-extension` writes what is compiled to a folder."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from integration.test_artifacts import FULL, workspace

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters

pytestmark = pytest.mark.cargo


def test_each_file_has_its_final_name(run_light: Cratewheel, interpreters: Interpreters) -> None:
    root, out = workspace(run_light, FULL.format("", "")), run_light.folder / "files"
    pythons = (interpreters["3.11"], interpreters["3.12"])
    run = run_light("build-extension", "-o", out, "-i", *pythons, cwd=root).ok()
    expected = [
        "bin/light-tool",
        *(f"px/_native.cpython-{tag}-x86_64-linux-gnu.so" for tag in ("311", "312")),
        "px/c/liblight.so",
        *(f"px/inner/_native.cpython-{tag}-x86_64-linux-gnu.so" for tag in ("311", "312")),
    ]
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()) == expected
    assert sorted(set(run.stdout.splitlines())) == [str(out / name) for name in expected]
    done = subprocess.run([out / "bin/light-tool"], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "tool\n"
    tags = [line.split("Tagged ")[1] for line in run.stderr.splitlines() if "Tagged " in line]
    assert [tag.partition("-manylinux")[0] for tag in tags] == ["cp311-cp311", "cp312-cp312"]
    assert [tag.partition(" for ")[2] for tag in tags] == ["CPython 3.11", "CPython 3.12"]


def test_the_folder_can_be_imported_from_and_json_names_the_files(
    run_light: Cratewheel, interpreters: Interpreters
) -> None:
    root, out = run_light.copy("light-module"), run_light.folder / "files"
    run = run_light(
        "build-extension", "-o", out, "-i", interpreters["3.12"], "-F", "stable", "--message-format", "json", cwd=root
    ).ok()
    events = [json.loads(line) for line in run.stdout.splitlines()]
    files = [event for event in events if event.get("kind") == "file"]
    assert [event["path"] for event in files] == [
        str(out / f"light_module/{name}") for name in ("__init__.py", "light_module.abi3.so")
    ]
    (tag,) = {event["tag"] for event in files}
    assert tag.startswith("cp38-abi3-manylinux_2_")
    code = "import light_module; print(light_module.answer())"
    words = (str(interpreters["3.12"]), "-c", code)
    assert subprocess.run(words, cwd=out, capture_output=True, text=True, check=True, timeout=60).stdout == "42\n"


def test_a_tag_and_an_audit_can_be_chosen(run_light: Cratewheel, interpreters: Interpreters) -> None:
    root, out = run_light.copy("light-module"), run_light.folder / "files"
    words = ("build-extension", "-o", out, "-i", interpreters["3.12"])
    run = run_light(*words, "--compatibility", "linux", cwd=root).ok()
    assert "Tagged cp312-cp312-linux_x86_64 for CPython 3.12\n" in run.stderr
    refused = run_light(*words, "--compatibility", "manylinux_2_99", cwd=root)
    assert refused.status == 2
    assert "manylinux_2_99" in refused.stderr


def test_a_prebuilt_file_has_the_name_of_the_module(run_light: Cratewheel, interpreters: Interpreters) -> None:
    root, out = run_light.copy("light-module"), run_light.folder
    words = ("-F", "stable", "-i", interpreters["3.12"])
    run_light("build-extension", "-o", out / "first", *words, cwd=root).ok()
    built = (out / "first/light_module/light_module.abi3.so").rename(out / "made.so")
    run_light("build-extension", "-o", out / "second", *words, "--prebuilt", built, cwd=root).ok()
    assert (out / "second/light_module/light_module.abi3.so").read_bytes() == built.read_bytes()


def test_a_folder_has_the_files_of_one_target(run_light: Cratewheel, interpreters: Interpreters) -> None:
    root, out = run_light.copy("light-module"), run_light.folder / "files"
    targets = ("x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl")
    words = (word for target in targets for word in ("--target", target))
    run = run_light("build-extension", "-o", out, "-i", interpreters["3.12"], *words, cwd=root)
    assert run.status == 2
    assert f"there are 2 targets: {', '.join(targets)}\n" in run.stderr
    assert not out.exists()


@pytest.mark.parametrize("variable", ["CRATEWHEEL_PGO", "MATURIN_PGO"])
def test_a_profile_cannot_be_made(run_light: Cratewheel, interpreters: Interpreters, variable: str) -> None:
    root, out = run_light.copy("light-module"), run_light.folder / "files"
    with (root / "pyproject.toml").open("a") as file:
        file.write('[tool.cratewheel]\npgo-command = "python -c pass"\n')
    run = run_light("build-extension", "-o", out, "-i", interpreters["3.12"], cwd=root, env={variable: "1"})
    assert run.status != 0
    assert f"remove `pgo`: it is from the variable {variable}" in run.stderr
    assert not out.exists()


def test_a_folder_that_is_a_file_is_told_before_compiling(run_light: Cratewheel, interpreters: Interpreters) -> None:
    root, out = run_light.copy("light-module"), run_light.folder / "files"
    out.touch()
    run = run_light("build-extension", "-o", out, "-i", interpreters["3.12"], cwd=root)
    assert f"{out} is not a folder" in run.stderr
    assert "Compiling" not in run.stderr
