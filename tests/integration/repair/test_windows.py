"""Which DLLs are put into wheels for Windows, and how packages tell of them, on a machine that is no Windows."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
from pathlib import Path

import pefile
import pytest

from cratewheel.errors import AuditError, ConfigError
from cratewheel.repair.windows import with_dll_directory
from integration.repair.foreign import WINDOWS, Bench, dll, named

GNU = "x86_64-pc-windows-gnu"


def imported(path: Path) -> list[str]:
    with pefile.PE(str(path)) as file:
        return [entry.dll.decode() for entry in file.DIRECTORY_ENTRY_IMPORT]


def test_a_dll_is_found_beside_the_folder_that_was_linked_from(tmp_path: Path) -> None:
    inner = dll(tmp_path / "vendor/lib/inner.dll")
    module = dll(tmp_path / "mod.pyd", inner)
    (tmp_path / "vendor/bin").mkdir()
    moved = inner.rename(tmp_path / "vendor/bin/Inner.DLL")
    found = Bench(stage=tmp_path / "stage", triple=WINDOWS, search=(tmp_path / "vendor/lib",)).repaired(module)
    assert [(one.name, one.original) for one in found.libraries] == [(named(moved), moved)]
    assert imported(found.path) == [named(moved)]


def test_a_dll_is_found_beside_the_one_that_needs_it_and_where_the_file_was_linked(tmp_path: Path) -> None:
    inner = dll(tmp_path / "vendor/inner.dll")
    outer = dll(tmp_path / "vendor/outer.dll", inner)
    beside = dll(tmp_path / "target/beside.dll", outer)
    module = dll(tmp_path / "target/mod.pyd", beside, outer)
    bench = Bench(stage=tmp_path / "stage", triple=WINDOWS, search=(tmp_path / "vendor",))
    found = bench.repaired(module, origin=module.parent)
    assert set(found.names) == {named(inner), named(outer), named(beside)}
    assert set(imported(found.path)) == {named(beside), named(outer)}
    assert imported(found.library("outer")) == [named(inner)]
    assert found.library("outer") == tmp_path / "stage/grafted/demo.libs" / named(outer)
    assert bench.repaired(module, origin=module.parent) == found  # the same again in the same place


def test_path_is_asked_on_windows_alone_and_its_own_folder_never(tmp_path: Path) -> None:
    inner = dll(tmp_path / "tools/inner.dll")
    system = dll(tmp_path / "Windows/System32/vendor.dll")
    module = dll(tmp_path / "mod.pyd", inner, system)
    environ = {
        "SYSTEMROOT": str(tmp_path / "Windows"),
        "PATH": os.pathsep.join(["", str(tmp_path / "absent"), str(system.parent), str(inner.parent)]),
    }
    on_windows = Bench(stage=tmp_path / "one", triple=WINDOWS, environ=environ, native=True).repaired(module)
    assert on_windows.names == (named(inner),)
    assert on_windows.said == "mod.pyd needs vendor.dll, which was not found; it is left to Windows\n"
    elsewhere = Bench(stage=tmp_path / "two", triple=WINDOWS, environ=environ).repaired(module)
    assert (elsewhere.libraries, elsewhere.path.read_bytes()) == ((), module.read_bytes())


def test_a_dll_for_another_processor_or_none_at_all_is_passed_over(tmp_path: Path) -> None:
    inner = dll(tmp_path / "good/inner.dll")
    other = dll(tmp_path / "arm/inner.dll", cpu="aarch64")
    module = dll(tmp_path / "mod.pyd", inner)
    (tmp_path / "text").mkdir()
    (tmp_path / "text/inner.dll").write_text("see ../good", encoding="utf-8")
    folders = (tmp_path / "text", other.parent, inner.parent)
    found = Bench(stage=tmp_path / "stage", triple=WINDOWS, search=folders).repaired(module)
    assert found.libraries[0].original == inner
    assert found.said.splitlines() == [
        f"{tmp_path}/text/inner.dll: this is not a compiled library or program",
        f"{other} is for aarch64, not for x86_64",
    ]


def test_two_different_dlls_of_one_name_are_refused(tmp_path: Path) -> None:
    one, two = dll(tmp_path / "a/inner.dll"), dll(tmp_path / "b/inner.dll", extra="int more;\n")
    first, second = dll(tmp_path / "a/first.dll", one), dll(tmp_path / "b/second.dll", two)
    two.write_bytes(two.read_bytes() + b"more")
    module = dll(tmp_path / "mod.pyd", first, second)
    bench = Bench(stage=tmp_path / "stage", triple=WINDOWS, search=(tmp_path / "links",))
    (tmp_path / "links").mkdir()
    for library in (first, second):
        (tmp_path / "links" / library.name).symlink_to(library)
    with pytest.raises(AuditError) as caught:
        bench.repaired(module)
    assert caught.value.message == "two different libraries are called inner.dll"
    assert sorted(caught.value.notes) == [str(one), str(two)]
    shutil.copy(one, two)
    assert bench.repaired(module).names == tuple(sorted((named(first), named(one), named(second))))


def test_a_dll_is_excluded_in_whatever_case_it_is_needed(tmp_path: Path) -> None:
    inner = dll(tmp_path / "Inner.dll")
    module = dll(tmp_path / "mod.pyd", inner)
    bench = Bench(stage=tmp_path / "stage", triple=WINDOWS, search=(tmp_path,), exclude=("inNER.*",))
    assert bench.repaired(module).libraries == ()


def test_a_file_that_cannot_be_changed_is_named(tmp_path: Path) -> None:
    inner = dll(tmp_path / "inner.dll")
    module = dll(tmp_path / "mod.pyd", inner)
    data = bytearray(module.read_bytes())
    with pefile.PE(str(module)) as file:
        place = file.OPTIONAL_HEADER.get_field_absolute_offset("SectionAlignment")
    data[place : place + 4] = (512).to_bytes(4, "little")
    module.write_bytes(data)
    with pytest.raises(AuditError) as caught:
        Bench(stage=tmp_path / "stage", triple=WINDOWS, search=(tmp_path,)).repaired(module)
    assert caught.value.message == "mod.pyd cannot be changed: no section can be added to the PE file"
    assert caught.value.hint == "link it without /ALIGN"


def test_the_gnu_compiler_knows_its_own_libraries(tmp_path: Path) -> None:
    if not shutil.which("x86_64-w64-mingw32-gcc"):
        pytest.skip("the GNU compiler for Windows is not installed")
    asked = ["x86_64-w64-mingw32-gcc", "-print-file-name=libgcc_s_seh-1.dll"]
    runtime = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    named_alike = dll(tmp_path / "libgcc_s_seh-1.dll")
    module = dll(tmp_path / "mod.pyd", named_alike)
    environ = {"PATH": os.environ["PATH"]}
    found = Bench(stage=tmp_path / "one", triple=GNU, environ=environ).repaired(module)
    assert found.library("libgcc").name == named(runtime.resolve())
    assert Bench(stage=tmp_path / "two", triple=WINDOWS, environ=environ).repaired(module).libraries == ()
    environ = {"PATH": "", "CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER": asked[0]}
    assert Bench(stage=tmp_path / "three", triple=GNU, environ=environ).repaired(module).libraries == ()


HEADS = {
    "nothing": ("", ""),
    "statements": ("", "import os\n"),
    "a docstring": ('"""Doc."""\n', "import os\n"),
    "a docstring in parentheses": ('(\n    "Doc"\n    "ument."\n)\n', "import os\n"),
    "a docstring without an end of line": ('"""Doc."""', ""),
    "a statement behind the docstring": ('"""Doc.""";', " x = (\n    1)\n"),
    "future imports": ("'Doc.'\nfrom __future__ import (\n  annotations,\n)  # on\n", "\nfrom os import path\n"),
    "two future imports": ("from __future__ import annotations; from __future__ import division;", " import os\n"),
    "comments": ("#!/usr/bin/python\n# coding: latin-1\n# Licence\n", "\n# about os\nimport os  # \xe9\n"),
    "the encoding in the second line": ("\n# coding: latin-1\n", "x = '\xe9'\n"),
    "ends of lines of Windows": ('"""Doc."""\r\n', "import os\r\n"),
    "a byte order mark": ("\ufeff# Licence\n", "import os\n"),
    "text of a newer Python": ("# Licence\n", "type X = int\nlazy import os\n"),
}


@pytest.mark.parametrize(("head", "rest"), HEADS.values(), ids=HEADS)
def test_a_package_keeps_its_first_lines(head: str, rest: str) -> None:
    encoding = "latin-1" if "latin-1" in head else "utf-8"
    newline = b"\r\n" if "\r\n" in head else b"\n"
    text = with_dll_directory((head + rest).encode(encoding), ("..", "demo.libs"))
    before, _, added = text.partition(b"# Windows loads the libraries")
    middle, _, after = added.partition(b"del _add_libraries" + newline)
    assert before.rstrip(b"\r\n") == head.encode(encoding).rstrip(b"\r\n")
    assert after.lstrip(b"\r\n") == rest.encode(encoding).lstrip()
    assert middle.count(b"\n") == middle.count(newline)
    if "type X" not in rest:
        compile(text, "__init__.py", "exec", dont_inherit=True)
        original = ast.parse((head + rest).encode(encoding))
        assert ast.get_docstring(ast.parse(text)) == ast.get_docstring(original)


def test_the_lines_name_the_folder_and_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site/pkg/inner/__init__.py"
    package.parent.mkdir(parents=True)
    (tmp_path / "site/demo.libs").mkdir()
    source = with_dll_directory(b'"""Doc."""\n', ("..", "..", "demo.libs"))
    named_folders: list[str] = []
    names: dict[str, object] = {"__file__": str(package), "__name__": "pkg.inner"}
    monkeypatch.setattr(os, "add_dll_directory", named_folders.append, raising=False)
    exec(compile(source, str(package), "exec"), names)
    assert named_folders == [str(tmp_path / "site/demo.libs")]
    assert sorted(name for name in names if name != "__builtins__") == ["__doc__", "__file__", "__name__"]
    monkeypatch.delattr(os, "add_dll_directory")  # Python 3.7
    monkeypatch.setenv("PATH", "before")
    exec(compile(source, str(package), "exec"), names)
    assert os.environ["PATH"] == os.pathsep.join([str(tmp_path / "site/demo.libs"), "before"])


@pytest.mark.parametrize("source", [b"# coding: nothing-such\n", b"x = '\xff'\n", b'"""Doc.\n'])
def test_a_package_that_is_not_python_is_refused(source: bytes) -> None:
    with pytest.raises(ConfigError) as caught:
        with_dll_directory(source, ("..", "demo.libs"))
    assert caught.value.message == (
        "the package's __init__.py cannot be read, but it must register the libraries in the wheel"
    )
