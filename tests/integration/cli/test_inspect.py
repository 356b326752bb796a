"""`cratewheel inspect` of a wheel that a compiler has made."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING

import pytest
from elftools.elf.elffile import ELFFile

import wheels

if TYPE_CHECKING:
    from integration.conftest import Cratewheel


@pytest.mark.cargo
@pytest.mark.skipif(sys.platform != "linux", reason="the compiled file is compared as ELF")
def test_a_program_is_read_as_another_reader_does(run_light: Cratewheel) -> None:
    wheel = run_light("build", "--auditwheel", "skip", crate="bin-mixed").wheel
    shown = run_light("inspect", wheel).ok().stdout
    assert shown.startswith(f"{wheel.name}\n  wheel of bin")
    (found,) = json.loads(run_light("inspect", "--json", wheel).ok().stdout)
    (program,) = found["compiled"]
    assert (program["role"], program["format"], program["stripped"]) == ("program", "elf", False)
    assert program["symbols_by_crate"][0]["size"] > 0
    elf = ELFFile(io.BytesIO(wheels.data(wheel, program["path"])))
    sizes: dict[str, int] = {}
    for section in elf.iter_sections():
        if section["sh_type"] not in ("SHT_NULL", "SHT_NOBITS"):
            sizes[section.name] = sizes.get(section.name, 0) + section["sh_size"]
    assert {part["name"]: part["size"] for part in program["sections"]} == {n: s for n, s in sizes.items() if s}


def test_a_file_that_is_no_archive_is_an_error(run_light: Cratewheel) -> None:
    (run_light.folder / "demo-1.0-py3-none-any.whl").write_text("no zip")
    done = run_light("inspect", "demo-1.0-py3-none-any.whl", cwd=run_light.folder)
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr == (
        "error: demo-1.0-py3-none-any.whl is damaged: File is not a zip file\n help: download it, or build it, again\n"
    )
