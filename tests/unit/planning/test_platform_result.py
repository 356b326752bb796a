"""The tags that compiled files allow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cratewheel.audit.model import Binary, SymbolVersion
from cratewheel.cargo.model import CargoMetadata
from cratewheel.errors import AuditError
from cratewheel.planning.decide import decide
from cratewheel.planning.platform_result import PlatformResult, needs_binaries, platform_tags_from_audit
from situations import LINUX, MUSL, PROGRAM, Machine, pyo3, situation


def file(*needed: str, glibc: str | None = None) -> Binary:
    versions = (SymbolVersion(library="libc.so.6", version=f"GLIBC_{glibc}"),) if glibc else ()
    return Binary(format="elf", arch="x86_64", bits=64, little_endian=True, needed=needed, versions=versions)


OLD = file("libc.so.6", glibc="2.17")
NEW = file("libc.so.6", glibc="2.28")
UNKNOWN = file("libc.so.6", glibc="2.999")
EXTERNAL = file("libc.so.6", "libfoo.so.1", glibc="2.17")


def settled(words: str, *files: Binary, cargo: CargoMetadata = PROGRAM, machine: Machine = LINUX) -> PlatformResult:
    plan = decide(situation(words, cargo=cargo, machine=machine, pythons=("11",)))
    (wheel,) = plan.wheels
    binaries = {f"file{number}": binary for number, binary in enumerate(files)}
    return platform_tags_from_audit(wheel, plan.target, binaries, programs=binaries if cargo is PROGRAM else ())


def test_the_newest_of_several_files_decides() -> None:
    assert settled("", OLD, NEW).tags == ("manylinux_2_28_x86_64",)
    assert settled("", OLD, OLD).tags == ("manylinux2014_x86_64", "manylinux_2_17_x86_64")


def test_a_file_that_fits_no_policy_makes_a_plain_linux_wheel_and_a_warning() -> None:
    found = settled("", OLD, UNKNOWN)
    assert found.tags == ("linux_x86_64",)
    assert found.warnings == ("no manylinux or musllinux tag fits, so the wheel is tagged linux, which PyPI rejects",)
    assert "file1: it needs GLIBC_2.999 of libc.so.6" in found.why


def test_for_pypi_a_plain_linux_wheel_is_an_error() -> None:
    with pytest.raises(AuditError) as caught:
        settled("--compatibility pypi", UNKNOWN)
    assert caught.value.message == "no tag that PyPI accepts fits the compiled files"
    assert "file0: it needs GLIBC_2.999 of libc.so.6" in caught.value.notes


def test_a_policy_that_was_asked_for_must_fit_each_file() -> None:
    assert settled("--compatibility 2_28", OLD, NEW).tags == ("manylinux_2_28_x86_64",)
    with pytest.raises(AuditError) as caught:
        settled("--compatibility 2_17", OLD, NEW)
    assert caught.value.message == "file1 does not fit manylinux_2_17: it needs GLIBC_2.28 of libc.so.6"


def test_a_policy_without_an_audit_is_taken_at_its_word() -> None:
    words = "--compatibility 2_17 --skip-auditwheel"
    assert settled(words).tags == ("manylinux2014_x86_64", "manylinux_2_17_x86_64")
    plan = decide(situation(words, cargo=PROGRAM))
    (wheel,) = plan.wheels
    assert not needs_binaries(wheel, plan.target)
    assert needs_binaries(replace(wheel, audit="warn"), plan.target)


def test_a_static_program_for_musl_carries_both_families_if_they_were_asked_for() -> None:
    words = "--compatibility 2_17 musllinux_1_2"
    assert settled(words, file(), machine=MUSL).tags == (
        "manylinux2014_x86_64",
        "manylinux_2_17_x86_64",
        "musllinux_1_2_x86_64",
    )


def test_libraries_that_no_policy_promises() -> None:
    repaired = settled("", EXTERNAL)
    assert repaired.external == {"file0": ("libfoo.so.1",)}
    assert repaired.warnings == ()
    with pytest.raises(AuditError) as check:
        settled("--auditwheel check", EXTERNAL)
    assert (
        check.value.message
        == "the wheel needs libraries that manylinux2014_x86_64.manylinux_2_17_x86_64 does not guarantee"
    )
    assert check.value.notes == ("file0 needs libfoo.so.1",)
    warned = settled("--auditwheel warn", EXTERNAL)
    assert warned.tags == ("manylinux2014_x86_64", "manylinux_2_17_x86_64")
    assert warned.warnings == ("file0 needs libfoo.so.1, which is not on every system with this tag",)


def test_a_program_may_link_libpython_and_a_module_may_not() -> None:
    linked = file("libc.so.6", "libpython3.11.so.1.0", glibc="2.17")
    with pytest.raises(AuditError):
        settled("--auditwheel warn", linked, cargo=pyo3())
    assert settled("--auditwheel warn", linked).tags == ("manylinux2014_x86_64", "manylinux_2_17_x86_64")
