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


def test_the_folder_can_be_imported_from_and_json_names_the_files(
    run_light: Cratewheel, interpreters: Interpreters
) -> None:
    root, out = run_light.copy("light-module"), run_light.folder / "files"
    run = run_light(
        "build-extension", "-o", out, "-i", interpreters["3.12"], "-F", "stable", "--message-format", "json", cwd=root
    ).ok()
    files = [event["path"] for line in run.stdout.splitlines() if (event := json.loads(line)).get("kind") == "file"]
    assert str(out / "light_module/light_module.abi3.so") in files
    code = "import light_module; print(light_module.answer())"
    words = (str(interpreters["3.12"]), "-c", code)
    assert subprocess.run(words, cwd=out, capture_output=True, text=True, check=True, timeout=60).stdout == "42\n"
