"""Where compiled files are loaded from."""

from __future__ import annotations

from pathlib import PurePosixPath

from cratewheel.builder.compiled import loading_folder
from cratewheel.builder.session import Session
from sessions import session
from situations import CFFI, LINUX, PROGRAM, UNIFFI, Machine, modules, pyo3, situation


def of_module(machine: Machine) -> Session:
    return session(situation(cargo=pyo3(), machine=machine, pythons=("12",)))


def of_program(machine: Machine) -> Session:
    return session(situation(cargo=PROGRAM, machine=machine))


def folder(found: Session) -> PurePosixPath:
    return loading_folder(found, found.plan.wheels[0].artifacts[0])


def test_compiled_files_are_loaded_from_a_folder_that_the_bindings_choose() -> None:
    mixed = modules("app.inner._lib", mixed=True)
    assert folder(of_program(LINUX)) == PurePosixPath("app.scripts")
    assert folder(of_module(LINUX)) == PurePosixPath("app")
    assert folder(session(situation(cargo=pyo3(), pythons=("12",), module=mixed))) == PurePosixPath("app/inner")
    for bindings in (CFFI, UNIFFI):
        assert folder(session(situation(cargo=bindings, module=mixed))) == PurePosixPath("app/inner/_lib")
