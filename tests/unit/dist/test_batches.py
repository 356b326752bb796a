"""The same results in the same order, whoever made them, and whatever becomes of the other processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from concurrent.futures import Future
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cratewheel.dist import batches, sdist, wheel
from cratewheel.dist.batches import Item, shared
from cratewheel.dist.dist_info import DistInfo
from cratewheel.dist.layout import Entry, FromFile, Generated, layout
from cratewheel.errors import ConfigError
from cratewheel.machine import processors
from cratewheel.tags.wheel import WheelTag

INFO = DistInfo(
    directory="demo-1.0.dist-info",
    tag=WheelTag.parse("py3-none-any"),
    generator="cratewheel (1)",
    metadata="Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
)
TURNS = 40


# -- work, which the other processes import from here


def named(batch: list[Item], word: str) -> list[str]:
    return [f"{name} {word}" for _, name, _, _ in batch]


def here_or_there(batch: list[Item]) -> list[int]:
    time.sleep(0.01)
    return [os.getpid()] * len(batch)


def broken_elsewhere(batch: list[Item], pid: int) -> list[str]:
    if os.getpid() != pid:
        raise ValueError("not here")
    return [name for _, name, _, _ in batch]


def deadly_elsewhere(batch: list[Item], pid: int) -> list[str]:
    if os.getpid() != pid:
        os._exit(3)
    return [name for _, name, _, _ in batch]


def always_broken(batch: list[Item]) -> list[str]:
    raise ConfigError(f"{batch[0][1]} is broken")


def numbered() -> list[list[Item]]:
    return [[(b"", f"{turn}-{number}", False, ()) for number in range(3)] for turn in range(TURNS)]


NAMES = [name for batch in numbered() for _, name, _, _ in batch]


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the other processes find this module under the name that it has here."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[len(__name__.split(".")) - 1]))


@pytest.mark.parametrize("assistants", [0, 1, 3])
def test_results_come_in_order_whoever_makes_them(assistants: int) -> None:
    found = shared(numbered(), named, ("x",), environ=os.environ, assistants=assistants)
    assert [name for result in found for name in result] == [f"{name} x" for name in NAMES]


def test_others_take_part_of_the_work_and_are_gone_afterwards() -> None:
    one: list[Item] = [(b"", "a", False, ())]
    results = shared([one] * 300, here_or_there, (), environ=os.environ, assistants=1)
    workers = {pid for result in results for pid in result}
    assert os.getpid() in workers
    assert len(workers) == 2
    (other,) = workers - {os.getpid()}
    with pytest.raises(ProcessLookupError):
        os.kill(other, 0)


def test_few_files_are_not_worth_another_process() -> None:
    others = min(processors() - 1, 3)
    assert [batches.assistants_for(count) for count in (0, batches.MANY - 1, batches.MANY)] == [0, 0, others]


@pytest.mark.parametrize("work", [broken_elsewhere, deadly_elsewhere])
def test_what_others_fail_at_is_done_here(work: object) -> None:
    assert callable(work)
    found = shared(numbered(), work, (os.getpid(),), environ=os.environ, assistants=2)
    assert [name for result in found for name in result] == NAMES


@pytest.mark.parametrize("program", ["", "/nowhere/python", "/bin/true", "/bin/cat", "/bin/yes"])
def test_without_a_python_to_start_all_is_done_here(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if program and not Path(program).exists() and "nowhere" not in program:
        pytest.skip(f"there is no {program}")
    monkeypatch.setattr(sys, "executable", program)
    found = shared(numbered(), named, ("",), environ=os.environ, assistants=1)
    assert len([name for result in found for name in result]) == len(NAMES)


def test_an_error_is_raised_here() -> None:
    with pytest.raises(ConfigError, match="0-0 is broken"):
        list(shared(numbered(), always_broken, (), environ=os.environ, assistants=2))


def test_whoever_stops_early_leaves_no_process() -> None:
    one: list[Item] = [(b"", "a", False, ())]
    results = shared([one] * 300, here_or_there, (), environ=os.environ, assistants=1)
    seen = set()
    for (pid,) in results:
        seen.add(pid)
        if len(seen) == 2:
            break
    results.close()
    (other,) = seen - {os.getpid()}
    with pytest.raises(ProcessLookupError):
        os.kill(other, 0)


def test_an_interrupt_ends_quietly() -> None:
    code = (
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell has its background jobs ignore it
        f"sys.path[:0] = {[folder for folder in sys.path if folder]!r}\n"
        "from cratewheel.dist.batches import shared\n"
        f"from {__name__} import here_or_there\n"
        "for at, (pid,) in enumerate(shared([[(b'', 'a', False)]] * 1000, here_or_there, (), environ=os.environ, "
        "assistants=1)):\n"
        "    print(pid, flush=True)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert child.stdout is not None
    pids = {int(child.stdout.readline()) for _ in range(60)}
    os.killpg(child.pid, signal.SIGINT)  # as a terminal does
    _, talk = child.communicate(timeout=30)
    assert talk.count("Traceback") == 1  # our own
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


# -- who does what


class Answer(Future[int | None]):
    """What somebody was asked for; it comes when the test wants it to."""

    def __init__(self, data: st.DataObject, at: int) -> None:
        super().__init__()
        self.data, self.at = data, at

    def done(self) -> bool:
        if not super().done() and self.data.draw(st.booleans()):
            self.result()
        return super().done()

    def result(self, timeout: float | None = None) -> int | None:  # noqa: ARG002  # as that of a Future
        if not super().done():
            self.set_result(self.data.draw(st.sampled_from([self.at, None])))
        return super().result()


@given(st.data(), st.integers(0, 30), st.integers(0, 6))
def test_every_turn_is_done_and_in_order(data: st.DataObject, count: int, at_once: int) -> None:
    asked: list[Answer] = []
    done: list[int] = []

    def ask(at: int) -> Answer:
        asked.append(Answer(data, at))
        return asked[-1]

    def do(at: int) -> int:
        done.append(at)
        return at

    assert list(batches._in_turn(count, lambda: at_once, ask, do)) == list(range(count))  # the order of it
    given_up = [answer.at for answer in asked if answer.result() is None]
    assert sorted([*done, *(answer.at for answer in asked if answer.at not in given_up)]) == list(range(count))


# -- archives


def project(folder: Path, count: int) -> list[Entry]:
    """Return a layout of small files, with an empty one, one that is not small, one that is not ASCII, and others."""
    contents = [b"", b"x" * (wheel.SMALL + 1), os.urandom(wheel.SMALL), b"NUMBER = %d\n" * 200]
    entries = []
    for number in range(count):
        path = folder / f"modüle_{number}.py"
        path.write_bytes(contents[number % 4] + b"%d" % number if number % 40 < 4 else b"NUMBER = %d\n" % number)
        entries.append(
            Entry(
                path=f"demo/part_{number % 7}/{path.name}", source=FromFile(path=str(path), executable=not number % 9)
            )
        )
    return [*entries, Entry(path="demo/made.py", source=Generated(data=b"made"))]


def test_archives_are_the_same_with_others_and_without(tmp_path: Path) -> None:
    entries = layout(project(tmp_path, 300))
    wheels, sdists = [], []
    for assistants in (0, 1, 2):
        name = f"{assistants}/demo-1.0-py3-none-any.whl"
        how = {"environ": os.environ, "assistants": assistants}
        wheels.append(wheel.write(entries, INFO, tmp_path / name, **how))  # type: ignore[arg-type]  # of both kinds
        sdists.append(sdist.write(entries, tmp_path / f"{assistants}/demo-1.0.tar.gz", **how))  # type: ignore[arg-type]
    assert len({built.sha256 for built in wheels}) == 1
    assert len({built.sha256 for built in sdists}) == 1
    with zipfile.ZipFile(wheels[1].path) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 301 + 3


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the names of files are text")
def test_names_that_are_no_text_are_read_by_others_too(tmp_path: Path) -> None:
    path = os.fsdecode(os.path.join(os.fsencode(tmp_path), b"\xff.py"))  # noqa: PTH118  # of bytes
    Path(path).write_bytes(b"x")
    entries = tuple(Entry(path=f"demo/{number}.py", source=FromFile(path=path)) for number in range(500))
    built = [
        sdist.write(entries, tmp_path / f"{assistants}/demo-1.0.tar.gz", environ=os.environ, assistants=assistants)
        for assistants in (0, 1)
    ]
    assert len({one.sha256 for one in built}) == 1


@pytest.mark.parametrize("assistants", [0, 1])
def test_a_file_that_is_gone_is_told_of_and_leaves_no_archive(tmp_path: Path, assistants: int) -> None:
    entries = project(tmp_path, 200)
    (tmp_path / "modüle_170.py").unlink()
    out = tmp_path / "out"
    with pytest.raises(ConfigError, match=r"modüle_170\.py cannot be read: No such file"):
        wheel.write(layout(entries), INFO, out / "demo-1.0-py3-none-any.whl", environ=os.environ, assistants=assistants)
    with pytest.raises(ConfigError, match=r"modüle_170\.py cannot be read: No such file"):
        sdist.write(layout(entries), out / "demo-1.0.tar.gz", environ=os.environ, assistants=assistants)
    assert list(out.iterdir()) == []
