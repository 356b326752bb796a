"""Work on thousands of small files, shared with other processes of ours.

To read, hash and pack a small file takes some 50 µs, most of it with the interpreter's lock held, so that threads do
not help. Where there are many files, other processes therefore take batches of them, and this one what they have not
got to; the results come in order, and are the same whoever made them. A process that cannot be started, or ends, or
meets an error, only leaves its batches to this one.
"""

from __future__ import annotations

import marshal
import os
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import IO, TYPE_CHECKING, Any, TypeVar

from cratewheel import process
from cratewheel.dist.layout import Entry, Generated
from cratewheel.errors import CratewheelError
from cratewheel.files import Roots
from cratewheel.machine import keep_freed_memory, processors
from cratewheel.process import Command, Conversation

if TYPE_CHECKING:
    from concurrent.futures import Future
    from queue import SimpleQueue

MANY = 1500  # files: what fewer take is soon done
AHEAD = 8  # batches whose results may wait for their turn
_MOST = 3  # processes besides this one, which has its own part to do for each file
_HEAD = 8  # bytes that say how long a message is
_PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from cratewheel.dist.batches import serve; serve()"

# The path of a file, or what is in it; its name in the archive; whether it may be executed; what it must lie in.
Item = tuple[str | bytes, str, bool, Roots]
_Batch = TypeVar("_Batch")
_Result = TypeVar("_Result")


def items(entries: Sequence[Entry]) -> list[Item]:
    """Return entries as what is sent to other processes, in their order."""
    return [
        (source.data, entry.path, source.executable, ())
        if isinstance(source, Generated)
        else (source.path, entry.path, source.executable, source.roots)
        for entry in entries
        for source in (entry.source,)
    ]


def assistants_for(count: int) -> int:
    """Return how many other processes are worth starting for so many files: at most one for each processor left."""
    return min(processors() - 1, _MOST) if count >= MANY else 0


def shared(
    found: Sequence[_Batch],
    work: Callable[..., _Result],
    arguments: tuple[Any, ...],
    *,
    environ: Mapping[str, str] | None,
    assistants: int,
) -> Generator[_Result, None, None]:
    """Yield what `work(batch, *arguments)` returns for each batch, in their order; raises what that raises.

    `work` is a function of a module. It takes and returns what `marshal` can write, and never None. A part of it is
    done by as many other processes as there are `assistants`, started with `environ`; without that there are none.
    """
    keep_freed_memory()
    with ExitStack() as stack:
        others = [] if environ is None else _started(assistants, environ, stack)
        if not others:
            yield from (work(batch, *arguments) for batch in found)
            return
        from concurrent.futures import ThreadPoolExecutor  # slow to import
        from queue import SimpleQueue

        idle: SimpleQueue[Conversation] = SimpleQueue()
        pool = stack.enter_context(ThreadPoolExecutor(len(others), thread_name_prefix="assistant"))
        for other in others:
            idle.put(other)
            stack.callback(other.end)  # before the threads, which may be waiting for it

        def ask(at: int) -> Future[_Result | None]:
            return pool.submit(_asked, idle, (f"{work.__module__}:{work.__name__}", found[at], arguments))

        greetings = [pool.submit(_heard, other.answers) for other in others]

        def at_once() -> int:  # two for each that has started, so that none waits until we have time for it
            return 2 * sum(greeting.done() and greeting.exception() is None for greeting in greetings)

        yield from _in_turn(len(found), at_once, ask, lambda at: work(found[at], *arguments))


def _in_turn(
    count: int, at_once: Callable[[], int], ask: Callable[[int], Future[_Result | None]], do: Callable[[int], _Result]
) -> Iterator[_Result]:
    """Yield the results 0 to `count` - 1: what was asked for or, where that is None or takes too long, is done here."""
    asked: dict[int, Future[_Result | None]] = {}
    done: dict[int, _Result] = {}
    begun = 0
    for turn in range(count):
        while turn not in done:
            while begun < min(count, turn + AHEAD) and sum(not one.done() for one in asked.values()) < at_once():
                asked[begun] = ask(begun)
                begun += 1
            answer = asked.get(turn)
            if answer is not None and (answer.done() or begun >= min(count, turn + AHEAD)):
                result = asked.pop(turn).result()
                done[turn] = do(turn) if result is None else result
            else:  # where nobody was asked for this one, it is the next
                done[begun] = do(begun)
                begun += 1
        yield done.pop(turn)


# -- the other processes


def _started(count: int, environ: Mapping[str, str], stack: ExitStack) -> list[Conversation]:
    """Return new processes that serve, fewer where they cannot be started."""
    if not count or not sys.executable or getattr(sys, "frozen", False):
        return []  # Python is a part of some other program
    path = [os.path.abspath(folder) for folder in sys.path]  # noqa: PTH100  # a Path would not be "" for the folder we are in
    flags = ("-I", "-S", "-X", f"utf8={sys.flags.utf8_mode}")
    command = Command(argv=(sys.executable, *flags, "-c", _PROGRAM, *path))
    found: list[Conversation] = []
    with suppress(CratewheelError):
        found += (stack.enter_context(process.conversation(command, environ)) for _ in range(count))
    return found


def _asked(idle: SimpleQueue[Conversation], request: tuple[Any, ...]) -> Any:
    """Return what another process answers; None if it cannot."""
    other = idle.get()
    try:
        _say(other.requests, request)
        return _heard(other.answers)
    except (OSError, EOFError, ValueError):
        return None
    finally:
        idle.put(other)


def serve() -> None:
    """Answer requests on the standard streams until they end: this is the other process."""
    from pkgutil import resolve_name

    keep_freed_memory()
    with os.fdopen(0, "rb") as requests, os.fdopen(1, "wb") as answers, suppress(EOFError):
        _say(answers, "ready")
        while True:
            work, batch, arguments = _heard(requests)
            try:
                result = resolve_name(work)(batch, *arguments)
            except Exception:  # noqa: BLE001  # whoever asked does it again, and has the error to tell
                result = None
            _say(answers, result)


def _say(stream: IO[bytes], message: Any) -> None:
    data = marshal.dumps(message)
    stream.write(len(data).to_bytes(_HEAD, "big") + data)
    stream.flush()


def _heard(stream: IO[bytes]) -> Any:
    """Return the next message; raises `EOFError` when there is no more."""
    size = int.from_bytes(stream.read(_HEAD), "big")
    return marshal.loads(stream.read(size))  # noqa: S302  # both ends are ours
