"""What builds left below the target directory, and what of it can go."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from build_directories import DAY, NOW, STAGE, aged, put, used_target
from cratewheel.commands import clean as cleaning
from cratewheel.commands.clean import Item
from cratewheel.system.files.lock import exclusive
from system_paths import needs_links


@pytest.fixture(name="target")
def target_fixture(tmp_path: Path) -> Path:
    return used_target(tmp_path)


def test_all_is_found_that_is_ours_and_why_it_is_stale(target: Path) -> None:
    build, lock = target / "cratewheel" / "build", target / "cratewheel" / "lock"
    what, foreign = "build directory", "aarch64-apple-darwin-cp312"
    assert cleaning.find(target, {"cp311", "cp312"}, now=NOW) == (
        Item(path=build / foreign, what=what, size=100, lock=build / f"{foreign}.lock"),
        Item(path=build / "cp310.unfinished", what=what, size=5, lock=build / "cp310.lock", stale="interrupted"),
        Item(path=build / "cp311", what=what, size=100, lock=build / "cp311.lock"),
        Item(path=build / "cp312", what=what, size=100, lock=build / "cp312.lock", stale="not used for 31 days"),
        Item(path=build / "cp36", what=what, size=100, lock=build / "cp36.lock", stale="no such interpreter"),
        Item(path=target / "cratewheel" / "packed", what="folder", size=5, lock=lock),
    )  # fmt: skip


def test_nothing_is_left_but_locks_descriptions_of_interpreters_and_what_is_cargos(target: Path) -> None:
    assert all(cleaning.remove(item) for item in cleaning.find(target, set(), now=NOW))
    assert cleaning.find(target, set(), now=NOW) == ()
    left = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    assert {path for path in left if not path.endswith(".lock")} == {
        "cratewheel/lock",
        "cratewheel/pyo3-config-0123.txt",
        f"cratewheel/{STAGE}/lib.so",
        "release/deps/lib.rlib",
    }


def test_no_target_directory_has_nothing_to_remove(tmp_path: Path) -> None:
    assert cleaning.find(tmp_path / "target", set()) == ()


def test_a_directory_that_was_used_today_is_not_stale(target: Path) -> None:
    aged(target / "cratewheel" / "build" / "cp36.lock", 0.5)
    stale = {item.path.name for item in cleaning.find(target, {"cp311", "cp312"}, now=NOW) if item.stale}
    assert stale == {"cp310.unfinished", "cp312"}


def test_temporary_files_of_killed_processes_are_found_wherever_they_are(target: Path) -> None:
    project = target.parent
    ours = [
        "dist/.demo-1.0.tar.gz.999999999-0123abcd.tmp",
        "python/pkg/._native.so.999999999-0123abcd-3.old",
        "target/wheels/.demo-1.0-py3-none-any.whl.999999999-0123abcd.tmp",
        f"target/cratewheel/from-sdist/cratewheel/{STAGE}",
    ]
    put(project / "target" / ".rustc_info.json")
    put(project / "target" / "cratewheel" / "from-sdist" / ".rustc_info.json")
    for name in ours:
        put(project / name)
    running = f".demo-1.0.tar.gz.{os.getpid()}-0123abcd.tmp"
    others = [
        "dist/.notes.tmp",
        "dist/.a.12-0123abcd.txt",
        f"dist/{running}",
        "target/release/.a.999999999-0123abcd.tmp",
    ]
    put(project / ".venv" / "pyvenv.cfg")
    for name in (*others, ".git/.a.999999999-0123abcd.tmp", ".venv/lib/.a.999999999-0123abcd.tmp"):
        put(project / name)
    os.utime(project / "dist" / running)
    flat = project / "temporary"
    put(flat / ".cratewheel.999999999-0123abcd.tmp" / "deep" / "x")
    put(flat / "deep" / ".a.999999999-0123abcd.tmp")
    items = cleaning.temporary_files((project / "dist", project / "python", target), (flat,))
    found = {item.path.relative_to(project).as_posix(): item for item in items}
    assert sorted(found) == sorted(
        [*ours, f"target/cratewheel/{STAGE}", "temporary/.cratewheel.999999999-0123abcd.tmp"]
    )
    assert {item.what for item in items} == {"temporary file", "temporary folder"}
    assert all(item.stale == "interrupted" and cleaning.remove(item) for item in items)
    assert not any(item.path.exists() for item in items)
    assert all((project / name).exists() for name in others)


def test_a_temporary_file_of_last_week_goes_whoever_has_its_number_now(tmp_path: Path) -> None:
    path = put(tmp_path / f".a.{os.getpid()}-0123abcd.tmp")
    os.utime(path)
    assert cleaning.temporary_files((tmp_path,)) == ()
    os.utime(path, (1, 1))
    assert cleaning.temporary_files((tmp_path,)) == (
        Item(path=path, what="temporary file", size=5, stale="interrupted"),
    )


def test_an_unpacked_source_distribution_is_found_and_goes(tmp_path: Path) -> None:
    folder, lock = tmp_path / "from-sdist" / "0123", tmp_path / "from-sdist" / "0123.lock"
    assert cleaning.unpacked_sources(folder) == ()
    put(folder / "demo-1.0" / "src" / "lib.rs")
    put(lock, "", days=29)
    item = Item(path=folder, what="unpacked source distribution", size=5, lock=lock)
    assert cleaning.unpacked_sources(folder, now=NOW) == (item,)
    aged(lock, 31)
    assert cleaning.unpacked_sources(folder, now=NOW) == (replace(item, stale="not used for 31 days"),)
    assert cleaning.remove(item)
    assert not folder.exists()


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EBUSY])
def test_a_folder_that_cannot_be_renamed_goes_too(
    target: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:  # of a lower layer of overlayfs, or where something is mounted
    def refuse(path: Path, to: Path) -> None:
        raise OSError(number, os.strerror(number), str(path), None, str(to))

    monkeypatch.setattr(Path, "rename", refuse)
    assert all(cleaning.remove(item) for item in cleaning.find(target, set(), now=NOW))
    assert cleaning.find(target, set(), now=NOW) == ()


@needs_links
def test_a_link_goes_and_what_it_leads_to_stays(target: Path, tmp_path: Path) -> None:
    directory = target / "cratewheel" / "build" / "cp311"
    directory.rename(tmp_path / "elsewhere")
    directory.symlink_to(tmp_path / "elsewhere")
    (item,) = (item for item in cleaning.find(target, set(), now=NOW) if item.path == directory)
    assert cleaning.remove(item)
    assert not directory.is_symlink()
    assert (tmp_path / "elsewhere" / "release" / "deps" / "lib.rlib").exists()


def test_a_build_leaves_on_its_lock_when_it_was(tmp_path: Path) -> None:
    lock = put(tmp_path / "cp311.lock", "", days=90)
    with exclusive(lock, on_wait=lambda: None):
        pass
    assert lock.stat().st_mtime > NOW - 89 * DAY
