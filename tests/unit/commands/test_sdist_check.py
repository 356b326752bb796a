"""How a wheel from an sdist differs from one from the source tree."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from cratewheel.commands.sdist_check import Comparison, check_equal, compare
from cratewheel.errors import CratewheelError


def wheel(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def test_compiled_files_and_record_are_compared_by_name_only(tmp_path: Path) -> None:
    names = ("a.so", "b.pyd", "c.dll", "d.dylib", "p-1.data/scripts/run", "p-1.dist-info/RECORD")
    (tmp_path / "x").mkdir()
    ours = wheel(tmp_path / "w.whl", **dict.fromkeys(names, "ours"), same="1")
    theirs = wheel(tmp_path / "x" / "w.whl", **dict.fromkeys(names, "theirs"), same="1")
    found = compare(ours, theirs)
    assert found == Comparison(wheel="w.whl", from_sdist="w.whl")
    assert found.equal
    check_equal(found)


def test_each_difference_is_found_and_told(tmp_path: Path) -> None:
    ours = wheel(tmp_path / "a.whl", z="1", y="1", same="1", changed="1", **{"p.data/data/x": "1", "s.so.txt": "1"})
    theirs = wheel(tmp_path / "b.whl", b="1", a="1", same="1", changed="2", **{"p.data/data/x": "2", "s.so.txt": "2"})
    found = compare(ours, theirs)
    assert found == Comparison(
        wheel="a.whl",
        from_sdist="b.whl",
        missing=("y", "z"),
        added=("a", "b"),
        changed=("changed", "p.data/data/x", "s.so.txt"),
    )
    with pytest.raises(CratewheelError) as caught:
        check_equal(found)
    assert caught.value.message == "the wheel built from the sdist differs from the one built from the source tree"
    assert caught.value.notes == (
        "wheel from the sdist: b.whl, from the source tree: a.whl",
        "missing: y",
        "missing: z",
        "added: a",
        "added: b",
        "different content: changed",
        "different content: p.data/data/x",
        "different content: s.so.txt",
    )


@pytest.mark.parametrize(
    "change", [{"missing": ("a",)}, {"added": ("a",)}, {"changed": ("a",)}, {"from_sdist": "other.whl"}]
)
def test_wheels_with_any_difference_are_not_equal(change: dict[str, object]) -> None:
    fields: dict[str, object] = {"wheel": "w.whl", "from_sdist": "w.whl", **change}
    assert not Comparison(**fields).equal  # type: ignore[arg-type]  # the values are those of the fields


@pytest.mark.parametrize(("count", "last"), [(20, "missing: 19"), (21, "and 1 more"), (50, "and 30 more")])
def test_of_many_differences_twenty_are_told(count: int, last: str) -> None:
    found = Comparison(wheel="w", from_sdist="w", missing=tuple(map(str, range(count))))
    with pytest.raises(CratewheelError) as caught:
        check_equal(found)
    assert (len(caught.value.notes), caught.value.notes[-1]) == (min(count, 21), last)
