"""What has changed from one wheel to another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import uploads
from compiled_files import elf, wheel
from cratewheel.commands.inspect.diff import Difference, SizeChange, TextChange, compare, lines, size_line
from cratewheel.commands.inspect.examine import examine

HASHES = ("17h0000000000000000E", "17h1111111111111111E")


def archive(folder: Path, version: str, data: bytes, crate: str, **files: bytes) -> Path:
    component = {"name": "a", "version": crate, "purl": "pkg:cargo/a", "licenses": [{"expression": "MIT"}]}
    name = f"demo-{version}"
    return wheel(
        folder,
        {
            f"demo/demo.cpython-3{version[-1]}-x86_64-linux-gnu.so": data,
            f"{name}.dist-info/sboms/demo.cyclonedx.json": json.dumps({"components": [component]}).encode(),
            **{f"demo/{key}.py": text for key, text in files.items()},
        },
        name=name,
        tag=f"cp3{version[-1]}-cp3{version[-1]}-manylinux_2_17_x86_64",
        metadata=uploads.METADATA.replace("Version: 1.0", f"Version: {version}"),
    )


@pytest.fixture
def difference(tmp_path: Path) -> Difference:
    """The difference of two wheels for different Pythons, in which most things have changed a little."""
    old = elf(symbols={f"_ZN1a3foo{HASHES[0]}": 40, f"_ZN1b3bar{HASHES[0]}": 30}, imported=("memcpy", "old"))
    new = elf(symbols={f"_ZN1a3foo{HASHES[1]}": 90, f"_ZN1b3bar{HASHES[1]}": 30}, imported=("memcpy", "new"), stack=7)
    one = archive(tmp_path, "1.0", old, "1.0.0", same=b"x", gone=b"12345")
    other = archive(tmp_path, "1.1", new, "1.1.0", same=b"x", new=b"123")
    return compare(examine(one), examine(other))


def test_changed_files_metadata_and_crates_are_found(difference: Difference) -> None:
    (compiled,) = difference.compiled
    assert compiled.path == "demo/demo.cpython-31-x86_64-linux-gnu.so"
    assert compiled.state == "changed"
    assert compiled.symbols_by_crate == (SizeChange(name="a", old=40, new=90),)
    assert compiled.symbols == (SizeChange(name="_ZN1a3foo", old=40, new=90),)
    assert (compiled.imported, compiled.no_longer_imported) == (("new",), ("old",))
    assert (compiled.exported, compiled.no_longer_exported, compiled.facts) == ((), (), ())
    assert difference.crates == (TextChange(name="a", old="1.0.0 (MIT)", new="1.1.0 (MIT)"),)
    assert [change.name for change in difference.metadata] == ["version", "pythons"]
    assert [problem.code for problem in difference.new_problems] == ["executable-stack"]
    assert difference.solved_problems == ()
    names = [change.name for change in difference.files]
    assert {"demo/gone.py", "demo/new.py", "demo-1.1.dist-info/METADATA"} <= set(names)
    assert "demo/same.py" not in names
    assert SizeChange(name="demo/gone.py", old=5, new=None) in difference.files


def test_a_difference_is_shown_in_lines(difference: Difference) -> None:
    shown = lines(difference)
    assert shown[0] == f"{difference.old} → {difference.new}"
    for line in (
        "  version: 1.0 → 1.1",
        "  -5 bytes  demo/gone.py  gone",
        "demo/demo.cpython-31-x86_64-linux-gnu.so",
        "    +50 bytes  a  40 bytes → 90 bytes",
        "  imports new",
        "  no longer imports old",
        "  a: 1.0.0 (MIT) → 1.1.0 (MIT)",
        "New problems",
    ):
        assert line in shown


def test_the_fields_of_the_json(difference: Difference) -> None:
    found: dict[str, Any] = json.loads(json.dumps(difference.as_json()))
    page = (Path(__file__).parents[4] / "docs" / "how-to" / "inspect-a-wheel.md").read_text(encoding="utf-8")
    assert [name for name in found if f"`{name}`" not in page] == []


def test_the_same_wheel_has_not_changed(tmp_path: Path) -> None:
    found = examine(archive(tmp_path, "1.0", elf(), "1.0.0"))
    same = compare(found, found)
    assert len(lines(same)) == 3
    assert (same.files, same.compiled, same.crates, same.metadata, same.new_problems) == ((), (), (), (), ())


def test_a_compiled_file_that_is_new(tmp_path: Path) -> None:
    old = wheel(tmp_path / "old", {"demo/x.py": b""})
    new = wheel(tmp_path / "new", {"demo/x.py": b"", "demo.libs/libz-01234567.so": elf()})
    (compiled,) = compare(examine(old), examine(new)).compiled
    assert (compiled.path, compiled.state) == ("demo.libs/libz-01234567.so", "new")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (None, 3, "+3 bytes  x  new"),
        (2048, None, "-2.0 kB  x  gone"),
        (5, 5, "+0 bytes  x  5 bytes → 5 bytes"),
    ],
)
def test_a_change_of_size_is_a_line(old: int | None, new: int | None, said: str) -> None:
    assert size_line(SizeChange(name="x", old=old, new=new)) == said
