from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cratewheel.interpreter.cache import FILE_NAME, Cache

PROBES = Path(__file__).parent / "probes"


@pytest.fixture
def python(tmp_path: Path) -> Path:
    path = tmp_path / "bin" / "python3.12"
    path.parent.mkdir()
    path.write_bytes(b"an interpreter")
    return path


def answer_of(path: Path) -> dict[str, Any]:
    answer = json.loads((PROBES / "cpython-3.12-linux.json").read_text(encoding="utf-8"))
    return {**answer, "executable": str(path)}


def stored(folder: Path, python: Path) -> Path:
    cache = Cache(folder, {})
    cache.put(python, answer_of(python))
    cache.save()
    return folder / FILE_NAME


def test_a_stored_answer_is_known_to_the_next_build(tmp_path: Path, python: Path) -> None:
    stored(tmp_path / "cache", python)
    assert Cache(tmp_path / "cache", {}).get(python) == answer_of(python)


def test_every_name_of_a_file_has_its_answer(tmp_path: Path, python: Path) -> None:
    stored(tmp_path, python)
    link = tmp_path / "python"
    link.symlink_to(python)
    assert Cache(tmp_path, {}).get(link) == answer_of(python)


def test_the_path_by_which_a_python_was_asked_is_not_what_is_remembered(tmp_path: Path, python: Path) -> None:
    environment = tmp_path / "environment" / "python"
    environment.parent.mkdir()
    environment.symlink_to(python)
    stored(tmp_path, environment)
    environment.unlink()
    environment.write_bytes(b"another interpreter")
    assert Cache(tmp_path, {}).get(python) == answer_of(python)


@pytest.mark.parametrize("change", ["newer", "larger", "gone"])
def test_a_changed_interpreter_is_unknown(tmp_path: Path, python: Path, change: str) -> None:
    stored(tmp_path, python)
    if change == "newer":
        os.utime(python, (1, 1))
    elif change == "larger":
        before = python.stat()
        python.write_bytes(b"another interpreter")
        os.utime(python, ns=(before.st_atime_ns, before.st_mtime_ns))
    else:
        python.unlink()
    assert Cache(tmp_path, {}).get(python) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"format": 0, "interpreters": {}}', b'{"format": 1, "interpreters": 3}'],
)
def test_a_damaged_store_is_an_empty_one_and_is_mended(tmp_path: Path, python: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    assert Cache(tmp_path, {}).get(python) is None
    stored(tmp_path, python)
    assert Cache(tmp_path, {}).get(python) == answer_of(python)


@pytest.mark.parametrize("entry", [3, {}, {"stamp": 1}, {"stamp": [1, 2], "answer": []}])
def test_a_damaged_entry_is_none(tmp_path: Path, python: Path, entry: object) -> None:
    store = {"format": 1, "interpreters": {os.path.realpath(python): entry}}
    (tmp_path / FILE_NAME).write_text(json.dumps(store), encoding="utf-8")
    assert Cache(tmp_path, {}).get(python) is None


def test_an_answer_of_an_older_format_is_asked_for_again(tmp_path: Path, python: Path) -> None:
    path = stored(tmp_path, python)
    path.write_text(
        path.read_text(encoding="utf-8").replace('"format": 1,\n    "version"', '"format": 0,\n    "version"')
    )
    damaged = json.loads(path.read_text(encoding="utf-8"))
    damaged["interpreters"][os.path.realpath(python)]["answer"]["format"] = 0
    path.write_text(json.dumps(damaged), encoding="utf-8")
    assert Cache(tmp_path, {}).get(python) is None


def test_the_answer_of_a_stand_in_is_not_kept(tmp_path: Path, python: Path) -> None:
    shim = tmp_path / "shims" / "python3.12"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\n", encoding="utf-8")
    cache = Cache(tmp_path, {})
    cache.put(shim, answer_of(python))
    cache.save()
    assert not (tmp_path / FILE_NAME).exists()


def test_nothing_is_stored_while_a_variable_steers_the_answers(tmp_path: Path, python: Path) -> None:
    stored(tmp_path, python)
    steered = Cache(tmp_path, {"_PYTHON_HOST_PLATFORM": "linux-aarch64"})
    assert steered.get(python) is None
    steered.put(python, answer_of(python))
    steered.save()
    assert Cache(tmp_path, {}).get(python) == answer_of(python)


def test_without_a_folder_nothing_is_stored(python: Path) -> None:
    cache = Cache(None, {})
    cache.put(python, answer_of(python))
    cache.save()
    assert cache.get(python) is None


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path, python: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    stored(tmp_path / "file" / "cache", python)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "file"]


def test_interpreters_that_are_gone_leave_the_store(tmp_path: Path, python: Path) -> None:
    stored(tmp_path, python)
    other = python.with_name("python3.13")
    other.write_bytes(b"x")
    python.unlink()
    path = stored(tmp_path, other)
    assert list(json.loads(path.read_text(encoding="utf-8"))["interpreters"]) == [os.path.realpath(other)]


def test_no_unfinished_file_is_left(tmp_path: Path, python: Path) -> None:
    stored(tmp_path / "cache", python)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [FILE_NAME]
