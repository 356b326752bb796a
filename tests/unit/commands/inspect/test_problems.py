"""What is wrong with archives."""

from __future__ import annotations

import base64
import hashlib

import pytest

from compiled_files import elf
from cratewheel.commands.inspect import problems
from cratewheel.commands.inspect.binaries import Examined, examine
from cratewheel.commands.inspect.model import Library, Member, Problem, Record
from cratewheel.targets.wheel_tags import WheelTag

ABI3 = "cp38-abi3-manylinux_2_17_x86_64"


def member(path: str, data: bytes = b"x") -> Member:
    return Member(path=path, packed=1, size=len(data), sha256=hashlib.sha256(data).hexdigest())


def digest(data: bytes = b"x") -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (f"a,{digest()},1", None),
        (f"a,{digest()},", None),
        (f"a,{digest(b'y')},1", "its content is not what RECORD says: installers refuse the wheel"),
        ("a,sha256=é!,1", "its content is not what RECORD says: installers refuse the wheel"),
        (f"a,{digest()},2", "RECORD says that it has 2 bytes, it has 1"),
        ("a,md5=x,1", "RECORD has its hash by md5, which installers refuse"),
    ],
)
def test_a_wrong_row_of_record_is_a_problem(row: str, said: str | None) -> None:
    record, found = problems.verify_record(f"{row}\nRECORD,,\n", (member("a"),))
    assert [problem.text for problem in found] == ([said] if said else [])
    assert record == Record(verified=0 if said else 1)


def test_files_without_a_hash_are_named() -> None:
    assert problems.verify_record("a,,\n\nb\n", (member("a"), member("b"))) == (
        Record(verified=0, without_hash=("a", "b")),
        (),
    )


def test_problems_are_in_order_each_once_and_many_of_a_kind_are_cut_short() -> None:
    warning = Problem(level="warning", code="rubbish", text="x")
    errors = [Problem(level="error", code="record", text=str(number)) for number in range(150)]
    found = problems.in_order([warning, *errors, warning])
    assert found == (
        *errors[:100],
        Problem(level="error", code="record", text="and 50 more problems of this kind"),
        warning,
    )


def test_a_record_that_is_no_table() -> None:
    record, (problem,) = problems.verify_record(f'"{"x" * 200_000}', ())
    assert record is None
    assert problem.text.startswith("RECORD is no table")


def test_files_of_desktops_and_caches_are_rubbish() -> None:
    files = (member("demo/a.py"), member("demo/.DS_Store"), member("demo/__pycache__/a.cpython-312.pyc"))
    assert [problem.path for problem in problems.rubbish(files)] == [files[1].path, files[2].path]


def examined(data: bytes, tag: str, path: str = "demo/demo.so") -> tuple[Examined, WheelTag]:
    parsed = WheelTag.parse(tag)
    found = examine(path, data, parsed)
    assert isinstance(found, Examined)
    return found, parsed


def test_where_libraries_come_from() -> None:
    one, _ = examined(elf(needed=("libc.so.6", "libfoo-12.so", "libbar.so", "libown.so")), "cp312-cp312-linux_x86_64")
    files = (member("demo.libs/libfoo-12.so"), member("demo/libown.so"))
    assert problems.libraries(one, files) == (
        Library(name="libc.so.6", origin="system"),
        Library(name="libfoo-12.so", origin="grafted"),
        Library(name="libbar.so", origin="external"),
        Library(name="libown.so", origin="wheel"),
    )


@pytest.mark.parametrize(
    ("tag", "data", "said"),
    [
        ("cp312-cp312-manylinux_2_17_x86_64", elf(), []),
        ("cp312-cp312-manylinux_2_34_x86_64.manylinux_2_17_x86_64", elf(), []),
        (
            "cp312-cp312-manylinux_2_17_x86_64",
            elf(version="GLIBC_2.34", imported=("dlopen",)),
            [("policy", "it is not manylinux_2_17: it needs GLIBC_2.34 (dlopen) of libc.so.6")],
        ),
        ("py3-none-musllinux_1_1_x86_64.manylinux_2_17_x86_64", elf(needed=(), imported=(), exported=(), stack=6), []),
        (
            "cp312-cp312-musllinux_1_2_x86_64",
            elf(),
            [
                (
                    "policy",
                    "it is not musllinux_1_2: it is linked to libc.so.6, which is the C library of other systems",
                ),
                (
                    "external-library",
                    "it needs libc.so.6, which is neither in the wheel nor known to be on every system of the tag",
                ),
            ],
        ),
        ("py3-none-any", elf(), [("tag", "it is compiled, and the tag says that the wheel is for every system")]),
        (
            "cp312-cp312-manylinux_2_17_x86_64",
            elf(needed=("libc.so.6", "libfoo.so")),
            [
                (
                    "external-library",
                    "it needs libfoo.so, which is neither in the wheel nor known to be on every system of the tag",
                )
            ],
        ),
        (
            ABI3,
            elf(imported=("PyCode_New", "PyType_GetName")),
            [
                ("abi3", "symbols outside of the stable ABI (1): PyCode_New"),
                ("abi3", "symbols that the stable ABI of Python 3.8 does not have (1): PyType_GetName (3.11)"),
            ],
        ),
        (
            "cp312-cp312-manylinux_2_17_x86_64",
            elf(needed=("libc.so.6", "libpython3.12.so.1.0")),
            [("libpython", "it is linked to libpython3.12.so.1.0, which not every Python has")],
        ),
    ],
)
def test_files_that_do_not_fit_the_tag(tag: str, data: bytes, said: list[tuple[str, str]]) -> None:
    one, parsed = examined(data, tag)
    found = problems.tag_problems(one, parsed, problems.libraries(one, ()))
    assert [(problem.code, problem.text) for problem in found] == said


def test_a_file_for_another_processor() -> None:
    one, parsed = examined(elf(machine=183), "cp312-cp312-manylinux_2_17_x86_64")
    (problem,) = problems.tag_problems(one, parsed, ())
    assert problem == Problem(
        level="error",
        code="tag",
        path="demo/demo.so",
        text="it is an ELF file for aarch64 (64 bits), which is not what the tag manylinux_2_17_x86_64 says",
    )
