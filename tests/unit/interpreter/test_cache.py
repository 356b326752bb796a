from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from cratewheel.interpreter.cache import FILE_NAME, Cache
from cratewheel.interpreter.probe import UnsuitableError, describe
from system_paths import WINDOWS, needs_links

PROBES = Path(__file__).parent / "probes"


@pytest.fixture
def python(tmp_path: Path) -> Path:
    path = tmp_path / "bin" / "python3.12"
    path.parent.mkdir()
    path.write_bytes(b"an_interpreter")
    return path


def answer_of(path: Path) -> dict[str, Any]:
    answer = json.loads((PROBES / "cpython-3.12-linux.json").read_text(encoding="utf-8"))
    return {**answer, "executable": str(path)}


def stored(folder: Path, python: Path) -> Path:
    cache = Cache(folder, {}, pytest.fail)
    cache.put(python, answer_of(python))
    cache.save()
    return folder / FILE_NAME


def test_a_stored_answer_is_known_to_the_next_build(tmp_path: Path, python: Path) -> None:
    stored(tmp_path / "cache", python)
    assert Cache(tmp_path / "cache", {}, pytest.fail).get(python) == answer_of(python)


@needs_links
def test_every_name_of_a_file_has_its_answer(tmp_path: Path, python: Path) -> None:
    stored(tmp_path, python)
    link = tmp_path / "python"
    link.symlink_to(python)
    assert Cache(tmp_path, {}, pytest.fail).get(link) == answer_of(python)


@needs_links
def test_the_path_by_which_a_python_was_asked_is_not_what_is_remembered(tmp_path: Path, python: Path) -> None:
    environment = tmp_path / "environment" / "python"
    environment.parent.mkdir()
    environment.symlink_to(python)
    stored(tmp_path, environment)
    environment.unlink()
    environment.write_bytes(b"another interpreter")
    assert Cache(tmp_path, {}, pytest.fail).get(python) == answer_of(python)


def newer(python: Path) -> None:
    os.utime(python, (1, 1))


def changed(python: Path, content: bytes) -> None:
    before = python.stat()
    python.write_bytes(content)
    os.utime(python, ns=(before.st_atime_ns, before.st_mtime_ns))


def exchanged(python: Path) -> None:
    """Put a file of the same size and time in its place, as `cp --preserve`, `install` and package managers do."""
    other = python.with_name("other")
    other.write_bytes(python.read_bytes()[::-1])
    os.utime(other, ns=(python.stat().st_atime_ns, python.stat().st_mtime_ns))
    other.replace(python)


CHANGES: dict[str, Callable[[Path], object]] = {
    "newer": newer,
    "larger": lambda python: changed(python, b"another interpreter"),
    "another of the same size and time": exchanged,
    "gone": Path.unlink,
    "a virtual environment": lambda python: (python.parent / "pyvenv.cfg").write_text("home = /usr/bin\n"),
    "a virtual environment around": lambda python: (python.parents[1] / "pyvenv.cfg").write_text("home = /usr/bin\n"),
}

if not WINDOWS:  # which does not tell when the status of a file was changed
    CHANGES |= {
        "another of the same size, in place": lambda python: changed(python, b"no interpreter"),
        "another way": lambda python: python.chmod(0o700),
    }


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_interpreter_is_unknown(tmp_path: Path, python: Path, change: Callable[[Path], object]) -> None:
    stored(tmp_path / "cache", python)
    change(python)
    assert Cache(tmp_path / "cache", {}, pytest.fail).get(python) is None


def test_two_interpreters_that_change_places_are_unknown(tmp_path: Path, python: Path) -> None:
    other = python.with_name("python3.11")
    other.write_bytes(b"no interpreter")
    os.utime(other, ns=(python.stat().st_atime_ns, python.stat().st_mtime_ns))
    stored(tmp_path / "cache", python)
    stored(tmp_path / "cache", other)
    third = other.rename(python.with_name("third"))
    python.rename(other)
    third.rename(python)
    cache = Cache(tmp_path / "cache", {}, pytest.fail)
    assert (cache.get(python), cache.get(other)) == (None, None)


@needs_links
def test_a_link_to_another_interpreter_has_the_other_one_s_answer(tmp_path: Path, python: Path) -> None:
    other = python.with_name("python3.11")
    other.write_bytes(b"no interpreter")
    link = tmp_path / "environment" / "python"
    link.parent.mkdir()
    link.symlink_to(python)
    stored(tmp_path / "cache", link)
    link.unlink()
    link.symlink_to(other)
    assert Cache(tmp_path / "cache", {}, pytest.fail).get(link) is None


def test_an_interpreter_that_is_exchanged_while_it_is_asked_is_not_stored(tmp_path: Path, python: Path) -> None:
    cache = Cache(tmp_path / "cache", {}, pytest.fail)
    cache.get(python)
    exchanged(python)
    cache.put(python, answer_of(python))
    cache.save()
    assert not (tmp_path / "cache").exists()


@pytest.mark.skipif(WINDOWS, reason="Windows tells the processor by a variable")
def test_an_answer_is_of_the_machine_that_was_seen(
    tmp_path: Path, python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(tmp_path / "cache", python)
    seen = os.uname()
    monkeypatch.setattr(os, "uname", lambda: os.uname_result((*seen[:4], "i686")))  # as `setarch i686` has it
    assert Cache(tmp_path / "cache", {}, pytest.fail).get(python) is None


def test_the_answer_of_a_launcher_that_calls_itself_python_is_not_kept(tmp_path: Path, python: Path) -> None:
    launcher = python.with_name("launcher")
    launcher.write_bytes(b"\x7fELF")
    cache = Cache(tmp_path / "cache", {}, pytest.fail)
    cache.put(launcher, {**answer_of(launcher), "running": str(python)})
    cache.save()
    assert not (tmp_path / "cache").exists()
    cache.put(python, {**answer_of(python), "running": str(python)})
    assert cache.get(python) == {**answer_of(python), "running": str(python)}


def test_the_answer_of_a_script_is_not_kept(tmp_path: Path, python: Path) -> None:
    python.write_text("#!/bin/sh\nexec -a $0 python3.11 $@\n", encoding="utf-8")
    cache = Cache(tmp_path / "cache", {}, pytest.fail)
    cache.put(python, answer_of(python))
    cache.save()
    assert not (tmp_path / "cache").exists()


ODDITIES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e999, 10**30, "", "\0", "\ud800", "../../x", "a b", [], [[]], {}, {"": {}},
)  # fmt: skip


def damaged(value: Any) -> Iterator[Any]:
    """Yield the value with each of the oddities in each of its places, and without each of its parts."""
    yield from ODDITIES
    if isinstance(value, dict):
        for key, inner in value.items():
            rest = {name: one for name, one in value.items() if name != key}
            yield rest
            yield from ({**rest, key: other} for other in damaged(inner))
            yield from ({**rest, str(other): inner} for other in ODDITIES)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield [*value[:at], *value[at + 1 :]]
            yield from ([*value[:at], other, *value[at + 1 :]] for other in damaged(inner))


def test_whatever_stands_in_the_store_is_an_answer_that_can_be_or_none(tmp_path: Path, python: Path) -> None:
    path = stored(tmp_path / "cache", python)
    every = list(damaged(json.loads(path.read_bytes())))
    for value in every[:: 50 if WINDOWS else 1]:  # where a file is slow to write
        path.write_text(json.dumps(value), encoding="ascii")
        cache = Cache(path.parent, {}, pytest.fail)
        answer = cache.get(python)
        if answer is not None:
            with suppress(UnsuitableError):
                one = describe(answer, executable=python)
                assert re.fullmatch(
                    r"[!-.0-~]+", f"{one.python_tag}{one.abi_tag}{one.platform}{one.extension_suffix()}"
                )
                assert Version(one.full_version)
        cache.put(python, answer_of(python))
        cache.save()
        assert Cache(path.parent, {}, pytest.fail).get(python) == answer_of(python), value


@pytest.mark.skipif(WINDOWS, reason="access lists decide there, and a profile is its user's")
def test_a_store_that_others_can_write_is_not_believed(tmp_path: Path, python: Path) -> None:
    path = stored(tmp_path / "cache", python)
    path.chmod(0o666)
    said: list[str] = []
    assert Cache(path.parent, {}, said.append).get(python) is None
    assert said == [f"{path} is not used: it can be written by other users; remove it; it will be created again"]


# -- what is wrong with the store


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"format": 0, "interpreters": {}}', b'{"format": 1, "interpreters": 3}'],
)
def test_a_damaged_store_is_an_empty_one_and_is_mended(tmp_path: Path, python: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    assert Cache(tmp_path, {}, pytest.fail).get(python) is None
    stored(tmp_path, python)
    assert Cache(tmp_path, {}, pytest.fail).get(python) == answer_of(python)


@pytest.mark.parametrize("entry", [3, {}, {"stamp": 1}, {"stamp": [1, 2], "answer": []}])
def test_a_damaged_entry_is_none(tmp_path: Path, python: Path, entry: object) -> None:
    store = {"format": 1, "interpreters": {os.path.realpath(python): entry}}
    (tmp_path / FILE_NAME).write_text(json.dumps(store), encoding="utf-8")
    assert Cache(tmp_path, {}, pytest.fail).get(python) is None


def test_an_answer_of_an_older_format_is_asked_for_again(tmp_path: Path, python: Path) -> None:
    path = stored(tmp_path, python)
    path.write_text(
        path.read_text(encoding="utf-8").replace('"format": 1,\n    "version"', '"format": 0,\n    "version"')
    )
    damaged = json.loads(path.read_text(encoding="utf-8"))
    damaged["interpreters"][os.path.realpath(python)]["answer"]["format"] = 0
    path.write_text(json.dumps(damaged), encoding="utf-8")
    assert Cache(tmp_path, {}, pytest.fail).get(python) is None


def test_the_answer_of_a_stand_in_is_not_kept(tmp_path: Path, python: Path) -> None:
    shim = tmp_path / "shims" / "python3.12"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\n", encoding="utf-8")
    cache = Cache(tmp_path, {}, pytest.fail)
    cache.put(shim, answer_of(python))
    cache.save()
    assert not (tmp_path / FILE_NAME).exists()


def test_nothing_is_stored_while_a_variable_steers_the_answers(tmp_path: Path, python: Path) -> None:
    stored(tmp_path, python)
    steered = Cache(tmp_path, {"_PYTHON_HOST_PLATFORM": "linux-aarch64"}, pytest.fail)
    assert steered.get(python) is None
    steered.put(python, answer_of(python))
    steered.save()
    assert Cache(tmp_path, {}, pytest.fail).get(python) == answer_of(python)


def test_without_a_folder_nothing_is_stored(python: Path) -> None:
    cache = Cache(None, {}, pytest.fail)
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
