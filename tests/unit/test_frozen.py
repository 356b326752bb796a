"""Our dataclasses do what the standard library's do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any, ClassVar

import pytest

from cratewheel import frozen


def standard(**more: bool) -> Any:
    return dataclasses.dataclass(frozen=True, slots=True, kw_only=True, **more)


def ours(**more: bool) -> Any:
    return frozen.dataclass(frozen=True, slots=True, kw_only=True, **more)


def make(decorator: Any, field: Any) -> Any:
    class Point:
        """A place."""

        kinds: ClassVar[tuple[str, ...]] = ("near", "far")

        x: int
        y: int = 2
        names: list[str] = field(default_factory=list)
        note: str = field(default="", compare=False, repr=False)

        @property
        def sum(self) -> int:
            """Both together."""
            return self.x + self.y

        @classmethod
        def at(cls, x: int) -> Any:
            """Make one."""
            new: Any = cls
            return new(x=x)

    Point.__qualname__ = "Point"
    return decorator(Point)


@frozen.dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """For pickle, which looks classes up by name."""

    left: int
    right: int = 0


@frozen.dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Ranked:
    """One that can be sorted."""

    first: int
    second: str = ""


@pytest.fixture(name="both", scope="module")
def both_fixture() -> tuple[Any, Any]:
    return make(standard(), dataclasses.field), make(ours(), frozen.field)


def test_values_print_compare_and_hash_as_theirs(both: tuple[Any, Any]) -> None:
    for cls in both:
        value = cls(x=1, names=("a",), note="left out")
        assert repr(value) == "Point(x=1, y=2, names=('a',))"
        assert value == cls(x=1, y=2, names=("a",))
        assert value != cls(x=2, names=("a",))
        assert value != (1, 2, ("a",))
        assert hash(value) == hash((1, 2, ("a",)))
        assert (value.sum, cls.at(5).x, cls.kinds, cls.__doc__) == (3, 5, ("near", "far"), "A place.")


def test_a_default_factory_is_called_for_each(both: tuple[Any, Any]) -> None:
    for cls in both:
        one, other = cls(x=1), cls(x=1)
        one.names.append("a")
        assert other.names == []


def test_wrong_fields_are_type_errors(both: tuple[Any, Any]) -> None:
    for cls in both:
        for given in ({}, {"y": 1}, {"x": 1, "z": 1}):
            with pytest.raises(TypeError):
                cls(**given)
        with pytest.raises(TypeError):
            cls(1)


def test_the_error_names_the_fields() -> None:
    wrong: Any = Pair
    with pytest.raises(TypeError, match=r"^Pair lacks left$"):
        wrong()
    with pytest.raises(TypeError, match=r"^Pair has no middle, top$"):
        wrong(left=1, top=2, middle=3)


def test_nothing_can_be_changed_or_added(both: tuple[Any, Any]) -> None:
    for cls in both:
        value = cls(x=1)
        with pytest.raises(dataclasses.FrozenInstanceError):
            value.x = 2
        with pytest.raises(dataclasses.FrozenInstanceError):
            del value.x
        with pytest.raises((AttributeError, TypeError)):
            value.z = 2
        assert not hasattr(value, "__dict__")


def test_the_standard_functions_take_ours(both: tuple[Any, Any]) -> None:
    theirs, cls = both
    value: Any = cls(x=1)
    assert dataclasses.is_dataclass(type(value))
    assert dataclasses.replace(value, y=3) == cls(x=1, y=3) == frozen.replace(value, y=3)
    assert dataclasses.asdict(value) == {"x": 1, "y": 2, "names": [], "note": ""}
    assert [one.name for one in dataclasses.fields(cls)] == [one.name for one in dataclasses.fields(theirs)]
    assert [one.name for one in frozen.fields(cls)] == ["x", "y", "names", "note"]


def test_metadata_of_fields_is_kept() -> None:
    @frozen.dataclass(frozen=True, slots=True, kw_only=True)
    class Marked:
        one: int = frozen.field(default=1, metadata={"unit": "m"})

    assert [field.metadata["unit"] for field in frozen.fields(Marked)] == ["m"]
    assert [field.metadata["unit"] for field in dataclasses.fields(Marked)] == ["m"]


def test_copies_and_pickles_are_equal() -> None:
    value = Pair(left=1, right=2)
    assert pickle.loads(pickle.dumps(value)) == copy.deepcopy(value) == copy.copy(value) == value


def test_ordered_values_sort_by_their_fields() -> None:
    values = [Ranked(first=2), Ranked(first=1, second="b"), Ranked(first=1, second="a")]
    assert sorted(values) == [values[2], values[1], values[0]]
    with pytest.raises(TypeError):
        _ = Pair(left=1) < Pair(left=2)  # type: ignore[operator]


def test_a_class_pattern_takes_names() -> None:
    match Pair(left=1, right=2):
        case Pair(left=found):
            assert found == 1
