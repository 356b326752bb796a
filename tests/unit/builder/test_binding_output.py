"""What comes out of the compiler, for bindings that run nothing after it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cratewheel.archive.layout import Entry, FromFile
from cratewheel.builder.binding_output import generate_parts, out_dirs
from cratewheel.builder.wheel_entries import CompiledParts
from cratewheel.cargo.run import Artifact
from sessions import session
from situations import PROGRAM, pyo3, situation

MODULE = situation("--include-debuginfo", cargo=pyo3(), pythons=("12",), tool={"include-import-lib": True})


def test_files_beside_a_module_are_its_companions_where_they_are_wanted(tmp_path: Path) -> None:
    debug = tmp_path / "app.dSYM"
    (debug / "Contents").mkdir(parents=True)
    (debug / "Contents" / "Info.plist").touch()
    artifact = Artifact(path=tmp_path / "app.so", import_library=tmp_path / "app.lib", debug_info=debug, out_dirs={})
    build = session(MODULE)
    assert generate_parts(build, build.plan.wheels[0], [artifact], tmp_path)[0] == CompiledParts(
        file=tmp_path / "app.so",
        companions=(
            Entry(path="app/app.lib", source=FromFile(path=str(tmp_path / "app.lib")), why="the import library"),
            Entry(
                path="app/app.dSYM/Contents/Info.plist",
                source=FromFile(path=str(debug / "Contents" / "Info.plist")),
                why="debug information",
            ),
        ),
    )
    plain = session(replace(MODULE, options=replace(MODULE.options, include_debuginfo=False, include_import_lib=False)))
    assert generate_parts(plain, plain.plan.wheels[0], [artifact], tmp_path)[0].companions == ()


def test_programs_have_no_companions(tmp_path: Path) -> None:
    artifact = Artifact(path=tmp_path / "a", import_library=tmp_path / "a.lib", out_dirs={})
    build = session(situation(cargo=PROGRAM, tool={"include-import-lib": True}))
    found = generate_parts(build, build.plan.wheels[0], [artifact], tmp_path)
    assert found == (CompiledParts(file=tmp_path / "a"),)


def test_out_dirs_are_those_of_known_crates_by_name() -> None:
    build = session(MODULE)
    own = build.inputs.cargo.root_package
    artifact = Artifact(path=Path("/t/app.so"), out_dirs={own.id: Path("/t/out"), "elsewhere": Path("/t/other")})
    assert out_dirs(build, build.plan.wheels[0], [artifact]) == {own.name: Path("/t/out")}
