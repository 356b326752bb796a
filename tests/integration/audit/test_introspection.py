"""Where pyo3 describes a module in the files of every system."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cratewheel.audit.introspection import read_descriptions
from cratewheel.errors import AuditError

C = r"""
#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT
#endif
struct chunk { unsigned length; char text[32]; };
EXPORT const struct chunk PYO3_INTROSPECTION_1_7 = {27, "{\"type\":\"x\",\"name\":\"first\"}"};
EXPORT const struct chunk PYO3_INTROSPECTION_1_8 = {2, "{}"};
EXPORT const int other = 7;
EXPORT int function(void) { return other; }
"""
TARGETS = ("x86_64-linux-gnu", "s390x-linux-gnu", "x86-linux-gnu", "aarch64-macos", "x86_64-windows-gnu")


@pytest.mark.parametrize("target", TARGETS)
def test_descriptions_are_found_in_the_files_of_every_system(target: str, tmp_path: Path) -> None:
    pytest.importorskip("ziglang", reason="ziglang, which compiles for other systems, is not installed")
    (tmp_path / "library.c").write_text(C)
    command = [
        sys.executable,
        "-m",
        "ziglang",
        "cc",
        "-target",
        target,
        "-shared",
        "-nostdlib",
        "-o",
        "library",
        "library.c",
    ]
    if "windows" in target:
        command.insert(-1, "-Wl,--no-entry")
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    found = sorted(read_descriptions(tmp_path / "library"), key=len)
    assert found == [{}, {"type": "x", "name": "first"}]


def test_a_description_that_is_longer_than_its_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "library.c").write_text(C.replace("{2,", "{4000000000u,"))
    subprocess.run(["cc", "-shared", "-nostdlib", "-o", "library", "library.c"], cwd=tmp_path, check=True)
    with pytest.raises(AuditError, match="a description of PyO3 is longer than the file"):
        read_descriptions(tmp_path / "library")
