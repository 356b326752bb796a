"""Which libraries are put into wheels for macOS, and how the files find them, on a machine that is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.audit import binary
from cratewheel.errors import AuditError
from integration.repair.foreign import ARM, BOTH, INTEL, SYSTEM, Bench, dylib, fat, named, parts_of, verify_signature


def needed(path: Path) -> list[set[str]]:
    """Return what each part of a file needs besides the system."""
    read = binary.read(path)
    return [set(part.needed) - {SYSTEM} for part in read.slices or (read,)]


def test_run_time_paths_of_all_that_lead_to_a_library_are_asked(tmp_path: Path) -> None:
    deep = dylib(tmp_path / "deep/deep.dylib")
    middle = dylib(tmp_path / "middle/middle.dylib", deep)
    words = (f"-Wl,-rpath,{tmp_path}/deep", "-Wl,-rpath,@loader_path/../middle")
    module = dylib(tmp_path / "target/mod.so", middle, words=words)
    found = Bench(stage=tmp_path / "stage", triple=ARM).repaired(module, origin=module.parent)
    assert found.names == (named(deep), named(middle))
    assert needed(found.path) == [{f"@loader_path/../demo.dylibs/{named(middle)}"}]
    assert needed(found.library("middle")) == [{f"@loader_path/{named(deep)}"}]
    assert {path.name: verify_signature(path.read_bytes()) for path in (found.path, found.library("deep"))} == {
        "mod.so": "mod.so",
        named(deep): named(deep),
    }


def test_run_time_paths_of_this_machine_go_unless_something_stays_there(tmp_path: Path) -> None:
    words = ("-Wl,-rpath,/opt/vendor/lib", "-Wl,-rpath,@loader_path/../own")
    inner, other = dylib(tmp_path / "inner.dylib", words=words), dylib(tmp_path / "other.dylib")
    module = dylib(tmp_path / "mod.so", inner, other, words=words)
    whole = Bench(stage=tmp_path / "whole", triple=ARM, search=(tmp_path,)).repaired(module)
    assert binary.read(whole.path).rpath == ("@loader_path/../own",)
    assert binary.read(whole.library("inner")).rpath == ("@loader_path/../own",)
    part = Bench(stage=tmp_path / "part", triple=ARM, search=(tmp_path,), exclude=("other.*",)).repaired(module)
    assert part.names == (named(inner),)
    assert binary.read(part.path).rpath == ("/opt/vendor/lib", "@loader_path/../own")
    assert needed(part.path) == [{f"@loader_path/../demo.dylibs/{named(inner)}", "@rpath/other.dylib"}]


def test_a_file_for_both_processors(tmp_path: Path) -> None:
    inner = fat(tmp_path / "inner.dylib")
    module = fat(tmp_path / "mod.so", (tmp_path / "aarch64/inner.dylib",), (tmp_path / "x86_64/inner.dylib",))
    found = Bench(stage=tmp_path / "stage", triple=BOTH, search=(tmp_path,)).repaired(module)
    assert found.names == (named(inner),)
    assert needed(found.path) == [{f"@loader_path/../demo.dylibs/{named(inner)}"}] * 2
    assert [verify_signature(part) for part in parts_of(found.path.read_bytes())] == ["mod.so"] * 2
    copy = found.library("inner").read_bytes()
    assert [verify_signature(part) for part in parts_of(copy)] == [named(inner)] * 2
    assert {part.soname for part in binary.parse(copy).slices} == {f"/DLC/demo.dylibs/{named(inner)}"}


def test_a_library_that_lacks_a_processor_is_refused(tmp_path: Path) -> None:
    fat(tmp_path / "inner.dylib")
    module = fat(tmp_path / "mod.so", (tmp_path / "aarch64/inner.dylib",), (tmp_path / "x86_64/inner.dylib",))
    thin = tmp_path / "aarch64"
    with pytest.raises(AuditError) as caught:
        Bench(stage=tmp_path / "stage", triple=BOTH, search=(thin,)).repaired(module)
    assert caught.value.message == (
        "mod.so needs @rpath/inner.dylib, which was not found, so it cannot be added to the wheel"
    )
    assert caught.value.notes == (
        f"{thin}/inner.dylib has nothing for x86_64",
        f"looked for {thin}/inner.dylib, {tmp_path}/stage/inner.dylib",
    )
    assert caught.value.hint == (
        "name its folder with -L among the flags for rustc, or exclude it from the wheel: "
        'repair-exclude = ["inner.dylib"] in [tool.cratewheel]'
    )


def test_each_processor_may_have_a_library_of_its_own(tmp_path: Path) -> None:
    arm = dylib(tmp_path / "opt/inner.dylib", name=f"{tmp_path}/opt/inner.dylib")
    intel = dylib(tmp_path / "usr/inner.dylib", cpu="x86_64", name=f"{tmp_path}/usr/inner.dylib")
    module = fat(tmp_path / "mod.so", (arm,), (intel,))
    found = Bench(stage=tmp_path / "stage", triple=BOTH).repaired(module)
    assert set(found.names) == {named(arm), named(intel)}
    ways = {part.arch: set(part.needed) for part in binary.read(found.path).slices}
    assert ways == {
        "aarch64": {SYSTEM, f"@loader_path/../demo.dylibs/{named(arm)}"},
        "x86_64": {SYSTEM, f"@loader_path/../demo.dylibs/{named(intel)}"},
    }


def test_processors_that_the_wheel_is_not_for_need_nothing(tmp_path: Path) -> None:
    deep = dylib(tmp_path / "deep.dylib", cpu="x86_64")
    foreign = dylib(tmp_path / "arm/deep.dylib", name="/nowhere/deep.dylib")
    inner = fat(tmp_path / "inner.dylib", (foreign,), (deep,))
    module = dylib(tmp_path / "mod.so", inner, cpu="x86_64")
    found = Bench(stage=tmp_path / "stage", triple=INTEL, search=(tmp_path,)).repaired(module)
    assert found.names == (named(deep), named(inner))
    parts = {part.arch: set(part.needed) for part in binary.read(found.library("inner")).slices}
    assert parts["x86_64"] == {SYSTEM, f"@loader_path/{named(deep)}"}
    assert parts["aarch64"] == {SYSTEM, "/nowhere/deep.dylib"}


def test_what_is_no_library_is_passed_over(tmp_path: Path) -> None:
    inner = dylib(tmp_path / "real/inner.dylib")
    module = dylib(tmp_path / "mod.so", inner)
    stub = tmp_path / "sdk/inner.dylib"
    stub.parent.mkdir()
    stub.write_text("--- !tapi-tbd\n", encoding="utf-8")
    found = Bench(stage=tmp_path / "one", triple=ARM, search=(stub.parent, inner.parent)).repaired(module)
    assert found.libraries[0].original == inner
    with pytest.raises(AuditError) as caught:
        Bench(stage=tmp_path / "two", triple=ARM, search=(stub.parent,)).repaired(module)
    assert caught.value.notes[0] == f"{stub}: this is not a compiled library or program"


def test_a_library_that_may_be_missing_may_be_missing(tmp_path: Path) -> None:
    dylib(tmp_path / "gone/libweak.dylib")
    module = dylib(tmp_path / "mod.so", words=(f"-L{tmp_path}/gone", "-weak-lweak"))
    bench = Bench(stage=tmp_path / "stage", triple=ARM, search=(tmp_path,))
    found = bench.repaired(module)
    assert (found.libraries, found.path.read_bytes()) == ((), module.read_bytes())
    assert found.said == "mod.so can do without @rpath/libweak.dylib, which was not found\n"


@pytest.mark.parametrize("variable", ["DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"])
def test_variables_of_the_loader_name_folders(tmp_path: Path, variable: str) -> None:
    inner = dylib(tmp_path / "far/inner.dylib")
    module = dylib(tmp_path / "mod.so", inner)
    found = Bench(stage=tmp_path / "stage", triple=ARM, environ={variable: str(inner.parent)}).repaired(module)
    assert found.names == (named(inner),)


def test_a_library_that_nobody_may_write_to_is_copied_each_time(tmp_path: Path) -> None:
    inner = dylib(tmp_path / "inner.dylib")
    inner.chmod(0o444)
    module = dylib(tmp_path / "mod.so", inner)
    bench = Bench(stage=tmp_path / "stage", triple=ARM, search=(tmp_path,))
    first, second = bench.repaired(module), bench.repaired(module)
    assert first == second
    assert second.library("inner").stat().st_mode & 0o777 == 0o755


def test_a_file_without_room_is_named(tmp_path: Path) -> None:
    inner = dylib(tmp_path / "inner.dylib")
    module = dylib(tmp_path / "mod.so", inner)
    data = bytearray(module.read_bytes())
    end = 32 + int.from_bytes(data[20:24], "little")
    data[end : end + 8] = b"occupied"
    module.write_bytes(data)
    with pytest.raises(AuditError) as caught:
        Bench(stage=tmp_path / "stage", triple=ARM, search=(tmp_path,)).repaired(module)
    assert (caught.value.message, caught.value.hint) == (
        "mod.so cannot be changed: it has no room for the new names of its libraries",
        "link it with -headerpad_max_install_names, which leaves room",
    )
