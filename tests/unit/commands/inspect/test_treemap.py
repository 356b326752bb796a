"""The picture of sizes."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from compiled_files import elf, wheel
from cratewheel.commands.inspect.examine import examine
from cratewheel.commands.inspect.model import SizedPart
from cratewheel.commands.inspect.treemap import Area, Rectangle, areas, layout, svg

WHOLE = Rectangle(x=10, y=20, width=400, height=300)


def covered(places: tuple[Rectangle, ...]) -> float:
    return sum(place.width * place.height for place in places)


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=60))
def test_each_size_has_its_share_of_the_whole(sizes: list[int]) -> None:
    places = layout(sizes, WHOLE)
    assert math.isclose(covered(places), WHOLE.width * WHOLE.height, rel_tol=1e-6)
    for size, place in zip(sizes, places, strict=True):
        share = WHOLE.width * WHOLE.height * size / sum(sizes)
        assert math.isclose(place.width * place.height, share, rel_tol=1e-6, abs_tol=1e-6)
        assert place.x >= WHOLE.x - 1e-6
        assert place.y >= WHOLE.y - 1e-6
        assert place.x + place.width <= WHOLE.x + WHOLE.width + 1e-3
        assert place.y + place.height <= WHOLE.y + WHOLE.height + 1e-3


def test_nothing_and_no_room_are_no_error() -> None:
    nothing = Rectangle(x=0, y=0, width=0, height=0)
    assert layout([], WHOLE) == ()
    assert layout([0, 0], WHOLE)[0].width * layout([0, 0], WHOLE)[0].height == 0
    assert layout([3, 4], nothing) == (nothing, nothing)


def test_files_are_divided_into_crates(tmp_path: Path) -> None:
    found = examine(wheel(tmp_path, {"demo/demo.so": elf(symbols={"_RNvCs1_4demo3foo": 40})}))
    first = areas(found)[0]
    assert first.name == "demo/demo.so"
    assert {"demo", ".symtab", ".dynsym", "other parts"} <= {part.name for part in first.parts}
    assert SizedPart(name="demo", size=40) in first.parts
    assert ".text" not in {part.name for part in first.parts}
    assert sum(part.size for part in first.parts) == first.size


def test_small_files_are_one_area(tmp_path: Path) -> None:
    files = {f"demo/{number}.py": b"x" for number in range(100)}
    drawn = areas(examine(wheel(tmp_path, files, tag="py3-none-any")))
    assert len(drawn) == 41
    assert drawn[-1] == Area(name="64 other files", size=64)


def test_the_picture_is_well_formed_and_hostile_names_are_text() -> None:
    name = '"/><script>alert(1)</script>\x00]]>'
    drawn = (Area(name=name, size=100, parts=(SizedPart(name=name, size=60), SizedPart(name="b", size=40))),)
    picture = svg(drawn, width=400, height=300)
    root = ElementTree.fromstring(picture)
    assert {element.tag for element in root.iter()} == {"svg", "g", "title", "rect", "text"}
    assert len(root.findall(".//rect")) == 3
