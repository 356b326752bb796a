"""The first questions of a command, asked before we know that they will be.

cargo and rustc take as long to answer as we take to import what will ask them. The same words in the same folder ask
them the same, day in, day out: so what they asked last time is kept, and asked at once the next time, if neither the
files nor the variables that hold settings have changed. An answer is only for whoever wants that of the very same
command in the same environment; if nobody does, the program is ended.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from cratewheel import process
from cratewheel.errors import CratewheelError
from cratewheel.frozen import dataclass
from cratewheel.machine import cache_dir
from cratewheel.process import Begun, Command, Completed

# Questions that change nothing. Nobody is to have other programs started by what is kept.
_QUESTIONS = (("cargo", "metadata"), ("rustc", "-vV"), ("cargo", "package", "--list"))
_AT_ONCE = 4  # programs
_SETTINGS = ("CARGO_", "CRATEWHEEL_", "MATURIN_", "RUST")  # beginnings of variables
KEPT = 200  # command lines
_PIPE = 1 << 20  # bytes: a program that has said more waits until somebody listens


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    command: Command
    show_stderr: bool


class _HeadStart:
    def __init__(self, words: Sequence[str], environ: Mapping[str, str]) -> None:
        folder = cache_dir(environ)
        settings = sorted([name, value] for name, value in environ.items() if name.startswith(_SETTINGS))
        self._key = [list(words), str(Path.cwd()), settings]
        name = f"{zlib.crc32(json.dumps(self._key).encode()):08x}.json"
        self._place = folder / "questions" / name if folder is not None else None
        self._expected = _recalled(self._place, self._key)
        self._asked: list[_Question] = []
        self._files: list[str] = []
        self._begun: list[tuple[_Question, Begun]] = []

    def begin(self, environ: Mapping[str, str]) -> None:
        """Start the programs that are expected to be asked."""
        for question in self._expected[:_AT_ONCE]:
            # whoever wants the answer will be told; and a damaged file may hold what is no command
            with process.undisturbed(), suppress(CratewheelError, ValueError):
                begun = process.begin(question.command, environ, show_stderr=question.show_stderr, pipe_size=_PIPE)
                self._begun.append((question, begun))

    def taken(self, question: _Question, environ: Mapping[str, str]) -> Begun | None:
        """Return the program that answers the question already, if there is one, and note that it was asked."""
        if _kind(question) is not None and not question.command.env:
            self._asked.append(question)
        for one in self._begun:
            if one[0] == question and one[1].environment == environ:
                self._begun.remove(one)
                return one[1]
        return None

    def decided_by(self, paths: Iterable[str]) -> None:
        """Note files on which it depends what is asked."""
        self._files += paths

    def end(self) -> None:
        """End the programs that nobody asked."""
        for _, begun in self._begun:
            process.abandon(begun)

    def remember(self) -> None:
        """Keep what was asked, for the next time."""
        asked = sorted(dict.fromkeys(self._asked), key=_order)
        if self._place is None or not self._files or tuple(asked) == self._expected:
            return
        from cratewheel import files  # seldom needed

        questions = [{**_as_json(question.command), "show_stderr": question.show_stderr} for question in asked]
        with suppress(OSError, CratewheelError):  # a read-only home costs the next build a moment
            kept = {"key": self._key, "files": [_stamp(path) for path in self._files], "questions": questions}
            files.keep(self._place, json.dumps(kept), at_most=KEPT)


def _stamp(path: str) -> list[str | int]:
    """Return what tells whether a file has changed; one that is not there has no time and no size."""
    try:
        found = os.stat(path)  # noqa: PTH116  # of text
    except OSError:
        return [path]
    return [path, found.st_mtime_ns, found.st_size]


def _order(question: _Question) -> tuple[int, tuple[str, ...]]:
    return _kind(question) or 0, question.command.argv


def _kind(question: _Question) -> int | None:
    """Return which of the questions it is, or None for any other program."""
    argv = question.command.argv
    return next((at for at, start in enumerate(_QUESTIONS) if argv[: len(start)] == start), None)


def _as_json(command: Command) -> dict[str, object]:
    return {"argv": command.argv, "cwd": None if command.cwd is None else str(command.cwd)}


def _recalled(place: Path | None, key: object) -> tuple[_Question, ...]:
    """Return what the same words asked last time; nothing where that is not kept, or damaged."""
    if place is None:
        return ()
    try:
        kept = json.loads(place.read_bytes())
        if kept["key"] != key or any(_stamp(stamp[0]) != stamp for stamp in kept["files"]):
            return ()
        questions = tuple(
            _Question(
                command=Command(
                    argv=tuple(str(word) for word in question["argv"]),
                    cwd=None if question["cwd"] is None else Path(question["cwd"]),
                ),
                show_stderr=bool(question["show_stderr"]),
            )
            for question in kept["questions"]
        )
    except (OSError, ValueError, TypeError, LookupError, RecursionError):
        return ()
    return tuple(question for question in questions if _kind(question) is not None)


_current: _HeadStart | None = None


@contextmanager
def given(words: Sequence[str], environ: Mapping[str, str]) -> Iterator[None]:
    """Ask at once what these words asked the last time; what they ask this time is kept unless the block fails."""
    global _current  # noqa: PLW0603  # as there is one command line
    _current = _HeadStart(words, environ)
    try:
        _current.begin(environ)
        yield
        _current.remember()
    finally:
        _current.end()
        _current = None


def decided_by(*paths: Path) -> None:
    """Note files that hold settings: once they have changed, nothing is asked before it is wanted."""
    if _current is not None:
        _current.decided_by(map(str, paths))


def capture(command: Command, environ: Mapping[str, str], *, show_stderr: bool = False) -> Completed:
    """Return what `process.capture` returns, sooner where the question was foreseen."""
    question = _Question(command=command, show_stderr=show_stderr)
    begun = _current.taken(question, environ) if _current is not None else None
    return process.capture(command, environ, show_stderr=show_stderr, begun=begun)
