"""The lines at the end of a terminal, as a terminal emulator shows them."""

from __future__ import annotations

import threading

import pyte
import pytest

from cratewheel.live import Block, Display, Row, render


class Screen:
    """A terminal of that size: what is written to it, and what it shows."""

    def __init__(self, columns: int = 40, lines: int = 12) -> None:
        self.screen = pyte.Screen(columns, lines)
        self.screen.set_mode(pyte.modes.LNM)  # as the terminal's driver does
        self._stream = pyte.Stream(self.screen)
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        with self._lock:
            self._stream.feed(text)

    def size(self) -> tuple[int, int]:
        return self.screen.columns, self.screen.lines

    def shown(self) -> list[str]:
        lines = [line.rstrip() for line in self.screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines


ROWS = tuple(Row(label=f"cp3{minor}", begun=0) for minor in (9, 10, 11, 12))


def test_a_row_has_the_phase_the_crates_done_of_all_the_seconds_and_the_crate() -> None:
    rows = [
        Row(label="cp312", phase="compiling", done=3, total=124, detail="syn, quote"),
        Row(label="pp311", phase="waiting", begun=2),
    ]
    assert render(rows, size=(80, 24), now=65.7) == [
        "       cp312 compiling     3/124    65 s  syn, quote",
        "       pp311 waiting                63 s",
    ]


@pytest.mark.parametrize("columns", [1, 2, 12, 20, 41, 80, 120])
def test_no_row_is_wider_than_the_terminal(columns: int) -> None:
    rows = [Row(label="cp312 aarch64-unknown-linux-gnu", phase="compiling", done=1, total=9, detail="x" * 200)]
    (line,) = render(rows, size=(columns, 24), now=0)
    assert len(line) <= columns - 1
    assert len(line) == columns - 1 or columns > 1


@pytest.mark.parametrize(("height", "expected"), [(24, 4), (6, 4), (5, 3), (3, 1), (1, 1)])
def test_there_are_no_more_rows_than_fit(height: int, expected: int) -> None:
    lines = render(ROWS, size=(80, height), now=0)
    assert len(lines) == expected
    assert (lines[-1].split()[-1] == "more") == (expected < len(ROWS))


def test_the_label_is_marked_and_the_mark_takes_no_room() -> None:
    (line,) = render(ROWS[:1], size=(20, 24), now=0, mark=lambda text: f"<{text}>")
    assert line == "<        cp39> waitin"


def test_a_block_makes_way_for_what_is_printed() -> None:
    terminal, block = Screen(), Block()
    block.draw(["one", "two"], terminal.write, terminal.size)
    with block.hidden(terminal.write, terminal.size):
        terminal.write("printed\n")
    block.draw(["three", "four", "five"], terminal.write, terminal.size)
    assert terminal.shown() == ["printed", "three", "four", "five"]
    block.draw(["six"], terminal.write, terminal.size)
    assert terminal.shown() == ["printed", "six"]
    block.draw([], terminal.write, terminal.size)
    terminal.write("end\n")
    assert terminal.shown() == ["printed", "end"]


def test_a_block_at_the_bottom_scrolls_and_is_still_replaced() -> None:
    terminal, block = Screen(lines=4), Block()
    for number in range(9):
        with block.hidden(terminal.write, terminal.size):
            terminal.write(f"line {number}\n")
        block.draw([f"a {number}", "b"], terminal.write, terminal.size)
    assert terminal.shown() == ["line 7", "line 8", "a 8", "b"]


def test_a_narrower_terminal_has_wrapped_the_lines() -> None:
    block, written = Block(), list[str]()
    block.draw(["\x1b[36m" + "x" * 39 + "\x1b[0m", "y" * 10], written.append, lambda: (40, 24))
    block.draw([], written.append, lambda: (20, 24))
    assert written[-1] == "\r\x1b[2A\x1b[J"  # the first has two lines by now


def test_rows_change_and_end() -> None:
    terminal = Screen(60)
    display = Display(Block(), terminal.write, terminal.size, str)
    display.start(["cp311", "cp312"])
    display.change("cp311", phase="compiling", done=2, total=9, detail="syn")
    display.change("cp311", phase="compiling", done=0, total=0, detail="quote")
    display.change("unknown", phase="compiling", done=0, total=0, detail="")
    assert terminal.shown() == [
        "       cp311 compiling       2/9     0 s  quote",
        "       cp312 waiting                 0 s",
    ]
    display.change("cp311", phase="packing", done=0, total=0, detail="")
    assert terminal.shown()[0] == "       cp311 packing                 0 s"
    display.change("cp311", phase="done", done=0, total=0, detail="")
    assert terminal.shown() == ["       cp312 waiting                 0 s"]
    display.end()
    assert terminal.shown() == []


def test_many_threads_leave_a_clean_terminal() -> None:
    terminal, block = Screen(60, 200), Block()
    display = Display(block, terminal.write, terminal.size, str)
    labels = [f"cp3{minor}" for minor in range(8, 14)]
    display.start(labels)

    def work(label: str) -> None:
        for done in range(20):
            display.change(label, phase="compiling", done=done, total=20, detail="")
            with block.hidden(terminal.write, terminal.size):
                terminal.write(f"{label} {done}\n")

    threads = [threading.Thread(target=work, args=(label,)) for label in labels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    display.end()
    assert sorted(terminal.shown()) == sorted(f"{label} {done}" for label in labels for done in range(20))
