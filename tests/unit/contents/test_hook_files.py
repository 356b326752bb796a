"""What an archive has because of hooks."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from cratewheel.archive.layout import Entry, FromFile, Generated, layout
from cratewheel.contents.hook_files import check_needed, made_again, named_files, record_entry, unmade
from cratewheel.errors import ConfigError
from cratewheel.options.values import Hook
from cratewheel.project.hooks import HookPlace, LastRun, fingerprint

INCLUDED = Hook(run=("python", "gen.py"), inputs=("a.proto", "Cargo.toml"), outputs=("a.py",))
AGAIN = Hook(run=("python", "gen.py"), inputs=("b.proto",), outputs=("b.py",), sdist="regenerate")


@pytest.fixture
def place(tmp_path: Path) -> HookPlace:
    for name in ("gen.py", "a.proto", "b.proto", "a.py", "b.py", "Cargo.toml"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    return HookPlace(root=tmp_path, roots=(str(tmp_path.resolve()),))


def entry(place: HookPlace, name: str) -> Entry:
    return Entry(path=name, source=FromFile(path=str(place.root / name)), why="")


def test_an_archive_has_what_was_made_or_what_makes_it_again(place: HookPlace) -> None:
    named = {path.name: why for path, why in named_files((INCLUDED, AGAIN), place)}
    assert named == {
        "a.py": "made by the hook `python gen.py`",
        "b.proto": "needed by the hook `python gen.py`",
        "gen.py": "needed by the hook `python gen.py`",
    }
    assert made_again((INCLUDED, AGAIN), place) == {str(place.root / "b.py")}


def test_an_archive_that_could_not_make_its_files_again_is_refused(place: HookPlace) -> None:
    entries = layout([entry(place, "gen.py")])
    with pytest.raises(ConfigError) as caught:
        check_needed(entries, (INCLUDED, AGAIN), place)
    assert caught.value.message == (
        f"the source distribution would lack {place.root / 'b.proto'}, which the hook `python gen.py` needs there"
    )
    check_needed(layout([entry(place, "gen.py"), entry(place, "b.proto")]), (INCLUDED, AGAIN), place)


def test_the_record_has_the_hashes_of_files_as_they_are_packed(place: HookPlace) -> None:
    edited = Entry(path="Cargo.toml", source=Generated(data=b"edited"), why="")
    found = record_entry(layout([edited, entry(place, "a.py")]), (INCLUDED, AGAIN), place)
    assert found is not None
    assert isinstance(found.source, Generated)
    assert found.path == "cratewheel-hooks.json"
    digests = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("a.proto", "gen.py", "a.py")}
    assert json.loads(found.source.data) == {
        fingerprint(INCLUDED): {
            "inputs": {
                "Cargo.toml": hashlib.sha256(b"edited").hexdigest(),
                "a.proto": digests["a.proto"],
                "gen.py": digests["gen.py"],
            },
            "outputs": {"a.py": digests["a.py"]},
        }
    }
    assert record_entry(layout([]), (AGAIN,), place) is None


def test_inputs_of_an_earlier_archive_stay_in_the_record(place: HookPlace) -> None:
    hook = Hook(python="m:f", inputs=("gone",), outputs=("a.py",))
    shipped = {fingerprint(hook): LastRun(inputs={"gone": "1"}, outputs={})}
    found = record_entry(layout([]), (hook,), HookPlace(root=place.root, roots=place.roots, shipped=shipped))
    assert found is not None
    assert isinstance(found.source, Generated)
    assert json.loads(found.source.data)[fingerprint(hook)]["inputs"] == {"gone": "1"}


def test_what_has_not_been_made_is_said(place: HookPlace) -> None:
    hook = Hook(python="m:f", outputs=("a.py", "c/*"))
    assert unmade((hook, AGAIN), place) == ("what the hook `m:f` makes for 'c/*'",)
