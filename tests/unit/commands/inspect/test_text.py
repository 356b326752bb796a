"""Inspections as text."""

from __future__ import annotations

import json
from pathlib import Path

from compiled_files import elf, wheel
from cratewheel.commands.inspect.examine import examine
from cratewheel.commands.inspect.text import lines

COMPONENTS = [
    {"name": "a", "version": "1.0.0", "purl": "pkg:cargo/a", "licenses": [{"expression": "MIT OR Apache-2.0"}]},
    {"name": "b", "version": "2.0.0", "purl": "pkg:cargo/b", "licenses": [{"expression": "Apache-2.0 OR MIT"}]},
    {"name": "c", "version": "3.0.0", "purl": "pkg:cargo/c"},
]


def test_the_lines_of_a_wheel(tmp_path: Path) -> None:
    files = {
        "demo/demo.so": elf(symbols={"_RNvCs1_4demo3foo": 40}, stack=7),
        "demo-1.0.dist-info/sboms/demo.cyclonedx.json": json.dumps({"components": COMPONENTS}).encode(),
    }
    path = wheel(tmp_path, files)
    found = examine(path)
    text = "\n".join(lines(found))
    assert text.startswith(
        f"{path.name}\n"
        "  wheel of demo 1.0\n"
        "  A demonstration\n"
        "  licence: MIT\n"
        "  needs Python >=3.8\n"
        "  needs numpy>=1.20\n"
        "  made by hands 1\n"
    )
    assert "\n\nWho can install it\n  CPython 3.12\n  Linux with glibc 2.17 or later, on x86_64\n" in text
    assert "\n  ELF for x86_64, extension module, " in text
    assert "\n  libraries of the system: libc.so.6\n" in text
    assert "\n  code and data by crate: demo 40 bytes\n" in text
    assert (
        "\n\nCrates (3, from the bill of materials in the wheel)\n"
        "  Apache-2.0 OR MIT (2): a 1.0.0, b 2.0.0\n"
        "  licence not known (1): c 3.0.0\n"
    ) in text
    assert text.endswith("\n\nProblems (1)\n  warning  demo/demo.so: its stack is executable")


def test_long_lists_are_cut_unless_everything_is_asked_for(tmp_path: Path) -> None:
    found = examine(wheel(tmp_path, {f"demo/{number}.py": b"" for number in range(20)}, tag="py3-none-any"))
    assert sum("demo/" in line for line in lines(found)) < 10
    assert "and 14 more (--all shows them)" in "\n".join(lines(found))
    assert sum("demo/" in line for line in lines(found, everything=True)) == 20
    assert lines(found)[-1] == "No problems were found."
