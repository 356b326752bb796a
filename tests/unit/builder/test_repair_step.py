"""Where libraries of the system go in a wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.archive.layout import Entry, FromFile, Generated
from cratewheel.builder.repair_step import place_libraries
from cratewheel.builder.session import Session
from cratewheel.repair.model import Grafted
from sessions import session
from situations import LINUX, MACOS_ARM, PROGRAM, WINDOWS, Machine, pyo3, situation
from system_paths import native

LIBRARY = Grafted(name="libz-01234567.so.1", original=Path("/lib/libz.so.1"), path=Path("/tmp/libz"), sha256="01")
MODULE = Entry(path="app/app.so", source=FromFile(path="/t/app.so", executable=True), why="the module")
INIT = Entry(path="app/__init__.py", source=Generated(data=b'"""Ours."""\n'), why="Python package")
SCRIPT = Entry(path="app-0.1.0.data/scripts/app", source=FromFile(path="/t/app", executable=True))


def of_module(machine: Machine) -> Session:
    return session(situation(cargo=pyo3(), machine=machine, pythons=("12",)))


def of_program(machine: Machine) -> Session:
    return session(situation(cargo=PROGRAM, machine=machine))


def placed(found: Session, *entries: Entry, grafted: tuple[Grafted, ...] = (LIBRARY,)) -> list[Entry]:
    needing = {entry.name for entry in entries} if grafted else ()
    return list(place_libraries(found, found.plan.wheels[0], entries, grafted, needing))


def places(found: Session, *entries: Entry) -> list[tuple[str, str]]:
    return [(entry.path, entry.why) for entry in placed(found, *entries)]


COPIED = f"copied from {native('/lib/libz.so.1')}"


@pytest.mark.parametrize(("machine", "libs"), [(LINUX, "app.libs"), (MACOS_ARM, "app.dylibs")])
def test_libraries_of_a_module_have_a_folder_beside_its_package(machine: Machine, libs: str) -> None:
    found = placed(of_module(machine), MODULE, INIT)
    library = Entry(
        path=f"{libs}/{LIBRARY.name}", source=FromFile(path=native("/tmp/libz"), executable=True), why=COPIED
    )
    assert found == [MODULE, INIT, library]


def test_on_windows_the_package_names_the_folder_before_the_module_is_loaded() -> None:
    module, init, library = placed(of_module(WINDOWS), MODULE, INIT)
    assert (module, library.path) == (MODULE, f"app.libs/{LIBRARY.name}")
    assert isinstance(init.source, Generated)
    assert init.source.data.startswith(b'"""Ours."""\n')
    assert b"'..', 'app.libs'" in init.source.data
    assert b"add_dll_directory" in init.source.data


def test_on_windows_libraries_lie_beside_a_module_without_a_package() -> None:
    assert places(of_module(WINDOWS), MODULE) == [("app/app.so", "the module"), (f"app/{LIBRARY.name}", COPIED)]


@pytest.mark.parametrize("machine", [LINUX, MACOS_ARM])
def test_a_program_moves_to_where_it_finds_them_and_is_started_by_a_script(machine: Machine) -> None:
    program = Entry(path=SCRIPT.path, source=SCRIPT.source, why="compiled program")
    other = Entry(path="app-0.1.0.data/scripts/helper", source=SCRIPT.source, why="a file of the data folder")
    libs = "app.dylibs" if machine is MACOS_ARM else "app.libs"
    moved, launcher, left, library = placed(of_program(machine), program, other)
    assert (moved.path, moved.source, moved.why) == ("app.scripts/app", program.source, program.why)
    assert (launcher.path, launcher.why, launcher.source.executable) == (program.path, "starts the program", True)
    assert (left, library.path) == (other, f"{libs}/{LIBRARY.name}")


def test_windows_looks_for_them_beside_a_program() -> None:
    program = Entry(path="app-0.1.0.data/scripts/app.exe", source=SCRIPT.source, why="compiled program")
    assert places(of_program(WINDOWS), program) == [
        (program.path, program.why),
        (f"app-0.1.0.data/scripts/{LIBRARY.name}", COPIED),
    ]


@pytest.mark.parametrize("machine", [LINUX, WINDOWS])
def test_without_libraries_all_stays_where_it_is(machine: Machine) -> None:
    program = Entry(path=SCRIPT.path, source=SCRIPT.source, why="compiled program")
    assert placed(of_program(machine), program, grafted=()) == [program]
    assert placed(of_module(machine), MODULE, INIT, grafted=()) == [MODULE, INIT]
