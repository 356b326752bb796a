"""Build directories: what is copied into a new one, and what is left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from build_directories import OLD, copied_files, tree, write_unit
from cratewheel.cargo import build_cache as target_dir
from cratewheel.cargo.build_cache import CopyResult, UnitTracker
from system_paths import needs_links


def test_a_new_directory_is_filled_from_the_fullest_with_the_units_of_the_packages(tmp_path: Path) -> None:
    plain, sibling, new = tmp_path / "plain", tmp_path / "cp311", tmp_path / "cp312"
    write_unit(plain / "release", "syn", "a")
    for mark in "ab":
        write_unit(sibling / "release", "syn", mark)
    write_unit(sibling / "release", "elsewhere", "c")
    write_unit(sibling / "debug", "syn", "d")
    (sibling / ".rustc_info.json").write_text("{}")

    assert target_dir.seed(new, (plain, sibling), ("release",), ["syn"]) == CopyResult(
        units=2, size=2 * 5 + 2 * (5 + 4)
    )
    assert tree(new) == {".rustc_info.json", *copied_files("syn", "a"), *copied_files("syn", "b")}
    assert {path.stat().st_mtime for path in (new / "release" / "deps").iterdir()} == {OLD}
    assert not list(tmp_path.glob("*.unfinished"))


def test_there_may_be_nothing_to_fill_a_directory_from(tmp_path: Path) -> None:
    assert target_dir.seed(tmp_path / "new", (tmp_path / "plain",), ("release",), ["syn"]) is None
    assert list(tmp_path.iterdir()) == []


def test_what_an_interrupted_copy_left_does_not_count(tmp_path: Path) -> None:
    write_unit(tmp_path / "plain" / "release", "syn", "a")
    write_unit(tmp_path / "new.unfinished" / "release", "old", "b")
    target_dir.seed(tmp_path / "new", (tmp_path / "plain",), ("release",), ["syn"])
    assert tree(tmp_path / "new") == copied_files("syn", "a")


def test_only_finished_units_are_copied(tmp_path: Path) -> None:
    one = tmp_path / "one" / "release"
    write_unit(one, "syn", "a")
    write_unit(one, "syn", "b", finished=False)
    units = frozenset(mark * 16 for mark in "abc")
    assert target_dir.copy_units(one, tmp_path / "other" / "release", units) == CopyResult(units=1, size=5 + 9)
    assert tree(tmp_path / "other") == copied_files("syn", "a")


def test_what_cmake_would_refuse_in_another_folder_stays_behind(tmp_path: Path) -> None:
    one = tmp_path / "one" / "release"
    write_unit(one, "zstd", "a")
    cache = one / "build" / f"zstd-{'a' * 16}" / "out" / "build" / "CMakeCache.txt"
    cache.parent.mkdir(parents=True)
    cache.write_text(f"# For build in directory: {cache.parent}")
    (cache.parent / "libzstd.a").write_text("")
    target_dir.copy_units(one, tmp_path / "other" / "release", frozenset({"a" * 16}))
    out = f"release/build/zstd-{'a' * 16}/out/build"
    assert tree(tmp_path / "other") == copied_files("zstd", "a") | {f"{out}/libzstd.a"}


def test_a_directory_is_new_until_something_was_compiled_for_the_profile(tmp_path: Path) -> None:
    assert target_dir.is_empty(tmp_path / "none", ("release",))
    write_unit(tmp_path / "debug", "syn", "a")
    assert target_dir.is_empty(tmp_path, ("release",))
    assert not target_dir.is_empty(tmp_path, ("debug",))
    assert not target_dir.is_empty(tmp_path, ("wasm32-wasip1/debug", "debug"))


@needs_links
def test_a_copy_that_fails_leaves_no_directory(tmp_path: Path) -> None:
    write_unit(tmp_path / "plain" / "release", "syn", "a")
    gone = tmp_path / "plain" / "release" / "deps" / f"libsyn-{'a' * 16}.rlib"
    gone.unlink()
    gone.symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError):
        target_dir.seed(tmp_path / "new", (tmp_path / "plain",), ("release",), ["syn"])
    assert [path.name for path in tmp_path.iterdir()] == ["plain"]


def test_a_copy_is_a_file_of_its_own(tmp_path: Path) -> None:
    write_unit(tmp_path / "plain" / "release", "syn", "a")
    target_dir.seed(tmp_path / "new", (tmp_path / "plain",), ("release",), ["syn"])
    name = f"release/deps/libsyn-{'a' * 16}.rlib"
    (tmp_path / "new" / name).write_text("rewritten in place")
    assert (tmp_path / "plain" / name).read_text() == "12345"


def artifact(root: Path, package: str, mark: str) -> dict[str, object]:
    """Return what cargo says when a library is ready."""
    return {
        "reason": "compiler-artifact",
        "package_id": package,
        "target": {"kind": ["lib"]},
        "filenames": [str(root / "release" / "deps" / f"lib{package}-{mark * 16}.rlib")],
    }


def test_what_a_build_reports_is_brought_to_the_others_once_all_of_it_is_there(tmp_path: Path) -> None:
    root, told = tmp_path / "cp311", []
    followed = UnitTracker(root, frozenset({"syn", "quote"}), lambda: told.append("all"))
    write_unit(root / "release", "syn", "a")
    write_unit(root / "release", "pyo3", "c")
    followed.add_message(artifact(root, "syn", "a"))
    followed.add_message(artifact(root, "pyo3", "c"))  # another for each interpreter
    assert told == []
    write_unit(root / "release", "quote", "b")
    followed.add_message(artifact(root, "quote", "b"))
    assert told == ["all"]
    assert followed.copy_to(tmp_path / "cp312").units == 2
    assert tree(tmp_path / "cp312") == copied_files("syn", "a") | copied_files("quote", "b")


def test_the_size_of_a_directory_counts_a_file_with_two_names_once(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("123")
    os.link(tmp_path / "one", tmp_path / "same")
    (tmp_path / "two").write_text("4567")
    assert target_dir.disk_usage(tmp_path) == 7


def test_of_what_rustc_made_all_but_programs_is_copied(tmp_path: Path) -> None:
    one = tmp_path / "one" / "release"
    write_unit(one, "syn", "a")
    endings = (".rlib", ".rmeta", ".d", ".so", ".dylib", ".dll", ".dll.lib", ".wasm")
    for ending in (*endings, "", ".exe", ".o", ".pdb"):
        (one / "deps" / f"x-{'a' * 16}{ending}").write_text("")
    target_dir.copy_units(one, tmp_path / "other" / "release", frozenset({"a" * 16}))
    extra = {f"release/deps/x-{'a' * 16}{ending}" for ending in endings}
    assert tree(tmp_path / "other") == copied_files("syn", "a") | extra


def test_a_unit_whose_fingerprint_does_not_come_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target_dir, "FINGERPRINT_TIMEOUT", 0.03)
    root = tmp_path / "root"
    tracker = UnitTracker(root, frozenset({"syn", "quote", "gone"}), lambda: None)
    write_unit(root / "release", "syn", "a")
    write_unit(root / "release", "quote", "b", finished=False)
    for package, mark in (("syn", "a"), ("quote", "b"), ("gone", "c")):
        tracker.add_message(artifact(root, package, mark))
    assert tracker.copy_to(tmp_path / "cp312").units == 1
    assert tree(tmp_path / "cp312") == copied_files("syn", "a")
