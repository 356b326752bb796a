"""Writing stubs, and comparing them with the files that are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.archive.layout import Entry, Generated
from cratewheel.commands.generate_stubs import check_stubs, find_stale, write
from cratewheel.contents.stubs import HEADER
from cratewheel.errors import ConfigError

STUBS = (
    Entry(path="px/__init__.pyi", source=Generated(data=b"x: int\n"), why="a stub"),
    Entry(path="px/py.typed", source=Generated(data=b""), why="a marker"),
)


def test_stubs_are_written_below_the_folder_and_are_then_the_same(tmp_path: Path) -> None:
    assert write(STUBS, tmp_path / "out") == (tmp_path / "out/px/__init__.pyi", tmp_path / "out/px/py.typed")
    assert (tmp_path / "out/px/__init__.pyi").read_bytes() == b"x: int\n"
    check_stubs(STUBS, tmp_path / "out")


def test_what_differs_is_shown_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "px").mkdir()
    stub = tmp_path / "px" / "__init__.pyi"
    stub.write_text("x: str\n")
    with pytest.raises(ConfigError, match="the stubs do not match the compiled module") as caught:
        check_stubs(STUBS, tmp_path)
    assert caught.value.notes == (
        f"--- {stub}", "+++ generated", "@@ -1 +1 @@", "-x: str", "+x: int",
        f"{tmp_path / 'px/py.typed'} does not exist",
    )  # fmt: skip
    assert caught.value.hint == f"to write them, run `cratewheel generate-stubs --out {tmp_path}`"


@pytest.mark.parametrize(
    ("made", "there", "stale"),
    [
        (["px/_px/__init__.pyi", "px/_px/sub.pyi"], ["px/_px.pyi"], ["px/_px.pyi"]),
        (["px/_px.pyi"], ["px/_px/__init__.pyi", "px/_px/sub.pyi"], ["px/_px/__init__.pyi", "px/_px/sub.pyi"]),
        (["px.v2.pyi"], ["px/__init__.pyi"], []),
        (["px/_px.pyi"], ["px/_px.pyi", "px/other.pyi"], []),
    ],
    ids=["a package now", "a file now", "another name", "others"],
)
def test_stubs_of_an_earlier_form_of_the_module_are_stale(
    tmp_path: Path, made: list[str], there: list[str], stale: list[str]
) -> None:
    for name in there:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(HEADER)
    entries = tuple(Entry(path=name, source=Generated(data=HEADER.encode()), why="a stub") for name in made)
    assert find_stale(entries, tmp_path) == tuple(tmp_path / name for name in stale)
    write(entries, tmp_path)
    if stale:
        with pytest.raises(ConfigError, match="do not match") as caught:
            check_stubs(entries, tmp_path)
        assert caught.value.notes == tuple(f"{tmp_path / name} is from an earlier form of the module" for name in stale)


def test_stubs_that_somebody_wrote_are_never_stale(tmp_path: Path) -> None:
    (tmp_path / "px.pyi").write_text("x: int\n")
    assert find_stale(STUBS, tmp_path) == ()
