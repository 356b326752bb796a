"""What cargo is told before it compiles, and what is made of its answer; cargo is not started."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cratewheel.builder.compile import limit_jobs, shared_config, with_run_paths
from cratewheel.builder.scheduling import CompileSlot
from cratewheel.cargo.command import CargoBuild, CargoOptions
from cratewheel.targets.triples import parse
from sessions import session
from situations import pyo3, situation

BUILD = CargoBuild(manifest=Path("/p/Cargo.toml"), cwd=Path("/p"), rustc_args=("-C", "strip=symbols"))


def words(*arguments: str) -> tuple[str, ...]:
    return tuple(word for one in arguments for word in ("-C", "link-arg=-Xlinker", "-C", f"link-arg={one}"))


@pytest.mark.parametrize(
    ("triple", "expected"),
    [
        ("x86_64-unknown-linux-gnu", words("-rpath", "/a,b", "-rpath", "/c", "--disable-new-dtags")),
        ("aarch64-apple-darwin", words("-rpath", "/a,b", "-rpath", "/c")),
        ("x86_64-unknown-freebsd", words("-rpath", "/a,b", "-rpath", "/c")),
        ("x86_64-pc-windows-msvc", ()),
        ("wasm32-unknown-emscripten", ()),
        ("wasm32-wasip1", ()),
    ],
)
def test_the_loader_is_told_of_folders_where_it_can_be(triple: str, expected: tuple[str, ...]) -> None:
    found = with_run_paths(BUILD, ["/a,b", "/c"], parse(triple))
    assert found == replace(BUILD, rustc_args=(*BUILD.rustc_args, *expected))


def test_without_folders_the_loader_is_told_nothing() -> None:
    assert with_run_paths(BUILD, [], parse("x86_64-unknown-linux-gnu")) is BUILD


def test_a_description_of_an_interpreter_is_a_file_named_by_its_content(tmp_path: Path) -> None:
    inputs = situation(cargo=pyo3(), pythons=("12",))
    found = session(replace(inputs, cargo=replace(inputs.cargo, workspace_root=tmp_path)))
    (tmp_path / ".cargo").mkdir()
    first, second = (shared_config(found, text) for text in ("version=3.12\n", "version=3.13\n"))
    assert [path.parent for path in (first, second)] == [tmp_path / ".cargo"] * 2
    assert [path.read_text(encoding="utf-8") for path in (first, second)] == ["version=3.12\n", "version=3.13\n"]
    before = first.stat()
    assert shared_config(found, "version=3.12\n") == first
    assert (first.stat().st_ino, first.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    first.write_text("somebody wrote here", encoding="utf-8")
    assert shared_config(found, "version=3.12\n").read_text(encoding="utf-8") == "version=3.12\n"


@pytest.mark.parametrize(
    ("options", "slot", "expected"),
    [
        (CargoOptions(jobs=8), CompileSlot(), 8),
        (CargoOptions(jobs=8), CompileSlot(jobs=3), 3),
        (CargoOptions(), CompileSlot(jobs=3), 3),
        (CargoOptions(extra=("-j2",)), CompileSlot(jobs=3), None),
        (CargoOptions(extra=("--jobs", "2")), CompileSlot(jobs=3), None),
        (CargoOptions(jobs=8), CompileSlot(descriptors=(3, 4)), None),
    ],
)
def test_cargo_is_told_its_part_of_the_jobs(options: CargoOptions, slot: CompileSlot, expected: int | None) -> None:
    assert limit_jobs(options, slot).jobs == expected
