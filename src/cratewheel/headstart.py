"""The first questions of a command, asked before we know that they will be.

cargo and rustc take as long to answer as we take to import what will ask them. The same words in the same folder ask
them the same, day in, day out: so what they asked last time is kept, and asked at once the next time. An answer is only
for whoever wants that of the very same command in the same environment; if nobody does, the program is ended.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
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
KEPT = 200  # command lines
_PIPE = 1 << 20  # bytes: a program that has said more waits until somebody listens


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    command: Command
    show_stderr: bool


class _HeadStart:
    def __init__(self, words: Sequence[str], environ: Mapping[str, str]) -> None:
        folder = cache_dir(environ)
        self._key = [list(words), str(Path.cwd())]
        name = f"{zlib.crc32(json.dumps(self._key).encode()):08x}.json"
        self._place = folder / "questions" / name if folder is not None else None
        self._expected = _recalled(self._place, self._key)
        self._asked: list[_Question] = []
        self._begun: list[tuple[_Question, Begun]] = []
        for question in self._expected[:_AT_ONCE]:
            with suppress(CratewheelError):  # whoever wants the answer will be told
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

    def end(self) -> None:
        """End the programs that nobody asked."""
        for _, begun in self._begun:
            process.abandon(begun)

    def remember(self) -> None:
        """Keep what was asked, for the next time."""
        asked = sorted(dict.fromkeys(self._asked), key=_order)
        if self._place is None or tuple(asked) == self._expected:
            return
        from cratewheel import files  # seldom needed

        questions = [{**_as_json(question.command), "show_stderr": question.show_stderr} for question in asked]
        with suppress(OSError, CratewheelError):  # a read-only home costs the next build a moment
            files.keep(self._place, json.dumps({"key": self._key, "questions": questions}), at_most=KEPT)


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
        if kept["key"] != key:
            return ()
        questions = tuple(
            _Question(
                command=Command(
                    argv=tuple(question["argv"]), cwd=None if question["cwd"] is None else Path(question["cwd"])
                ),
                show_stderr=bool(question["show_stderr"]),
            )
            for question in kept["questions"]
        )
    except (OSError, ValueError, TypeError, KeyError):
        return ()
    return tuple(question for question in questions if _kind(question) is not None)


_current: _HeadStart | None = None


@contextmanager
def given(words: Sequence[str], environ: Mapping[str, str]) -> Iterator[None]:
    """Ask at once what these words asked the last time; what they ask this time is kept unless the block fails."""
    global _current  # noqa: PLW0603  # as there is one command line
    _current = _HeadStart(words, environ)
    try:
        yield
        _current.remember()
    finally:
        _current.end()
        _current = None


def capture(command: Command, environ: Mapping[str, str], *, show_stderr: bool = False) -> Completed:
    """Return what `process.capture` returns, sooner where the question was foreseen."""
    question = _Question(command=command, show_stderr=show_stderr)
    begun = _current.taken(question, environ) if _current is not None else None
    return process.capture(command, environ, show_stderr=show_stderr, begun=begun)
