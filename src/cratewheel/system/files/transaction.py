"""Changes several files as one: all of them or none, even if the process is killed.

What is to be done is written to a journal before it is done. The next program finds the journal, and `recover` takes
back what it tells of, or completes it.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from cratewheel.errors import CratewheelError
from cratewheel.system.files.folded import fold
from cratewheel.system.files.temporary import SUFFIX, new_suffix

if TYPE_CHECKING:
    from typing_extensions import Self

JOURNAL = ".journal"
_NOT_SUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)  # fsync(2): the file is on a special file system

Identity = tuple[int, int]  # the size of a file and its time in nanoseconds


class Bounds:
    """The folders that a change may touch; paths are compared with every symbolic link followed."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self.folders = tuple(dict.fromkeys(os.path.realpath(folder) for folder in folders))
        self._real: dict[Path, str] = {}

    def contains(self, path: Path) -> bool:
        """Return whether the path is below one of the folders; its last part may be any link."""
        real = self._place(path)
        return any(real != folder and _is_below(real, folder) for folder in self.folders)

    def contains_folder(self, path: Path) -> bool:
        """Return whether the folder is one of these, below one, or above one."""
        real = self._place(path)
        return any(_is_below(real, folder) or _is_below(folder, real) for folder in self.folders)

    def refuse_outside(self, path: Path) -> None:
        """Raise `CratewheelError` unless the path is below one of the folders."""
        if not self.contains(path):
            raise CratewheelError(
                f"{path} is not changed: it is outside of {self.folders[0]}, at {self._place(path)}",
                hint="if a link leads there, remove it",
            )

    def _place(self, path: Path) -> str:
        parent = path.parent
        if parent not in self._real:
            self._real[parent] = os.path.realpath(parent)
        return os.path.normpath(f"{self._real[parent]}{os.sep}{path.name}")


def _is_below(path: str, folder: str) -> bool:
    return f"{path}{os.sep}".startswith(f"{folder.rstrip(os.sep)}{os.sep}")


class Transaction:
    """New files and files to remove, collected first and applied by `commit`.

    As a context manager it removes what was staged and not committed. Each new file is written beside its final name,
    so that the last step is nothing but renaming; when a renaming fails, those before it are taken back. The journal
    lies in `folder`, under a name that begins with `name`; of what is in `bounds`, nothing else is touched.
    """

    def __init__(self, folder: Path, name: str, bounds: Bounds) -> None:
        self._path = folder / f".{name}{new_suffix()}{JOURNAL}"
        self._bounds = bounds
        self._staged: list[Path] = []
        self._removed: list[Path] = []

    def __enter__(self) -> Self:
        """Start the journal; raises `CratewheelError` where its folder is not writable."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
            self._journal = os.open(self._path, flags, 0o600)
        except OSError as error:
            raise _write_error(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Remove files that were staged but not committed, or the backups of replaced files."""
        try:
            os.close(self._journal)
            _finish(self._path, self._bounds)
        except OSError as left:
            raise _unfinished_error(left, self._path.parent, str(self._path)) from left
        if isinstance(error, OSError):
            raise _write_error(error) from error

    def create(self, path: Path, *, executable: bool = False) -> BinaryIO:
        """Return a file, open for writing, that becomes `path` on commit; its folder is made.

        Raises `CratewheelError` for a path out of bounds.
        """
        self._make_folder(path.parent)
        self._bounds.refuse_outside(path)
        self._note("new", path)
        temporary = _hidden_name(path, self._path, len(self._staged), "tmp")
        self._staged.append(path)
        mode = 0o777 if executable else 0o666
        return cast("BinaryIO", os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb"))

    def remove(self, path: Path) -> None:
        """Remove the file `path` on commit; it may be replaced as well.

        Raises `CratewheelError` for a path out of bounds.
        """
        self._bounds.refuse_outside(path)
        self._removed.append(path)

    def commit(self) -> None:
        """Apply all changes; on `OSError` everything is as before."""
        moved: dict[tuple[object, ...], Path] = {}
        for path in dict.fromkeys((*self._removed, *self._staged)):
            if os.path.lexists(path):
                status = path.lstat()
                if stat.S_ISDIR(status.st_mode):
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
                # two names may mean one file, and others are links to one
                moved.setdefault((status.st_dev, status.st_ino, fold(str(path))), path)
        before = list(moved.values())
        temporaries = [_hidden_name(path, self._path, number, "tmp") for number, path in enumerate(self._staged)]
        identities = [_identity(temporary) for temporary in temporaries]
        self._note("commit", *before, before=[_identity(path) for path in before], new=identities)
        self._flush()
        for number, path in enumerate(before):
            path.rename(_hidden_name(path, self._path, number, "old"))
        for path, temporary in zip(self._staged, temporaries, strict=True):
            temporary.rename(path)
        self._note("done")
        self._flush()

    def _make_folder(self, folder: Path) -> None:
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for each in reversed(missing):
            if not self._bounds.contains_folder(each):
                self._bounds.refuse_outside(each)
            self._note("folder", each)
            each.mkdir()

    def _note(self, word: str, *paths: Path, **more: Any) -> None:
        places = [_relative(path, self._path.parent) for path in paths]
        line = f"{json.dumps([word, places, more])}\n".encode()
        while line:
            line = line[os.write(self._journal, line) :]

    def _flush(self) -> None:
        """Write the journal to the disk, where its file system can be told to."""
        try:
            os.fsync(self._journal)
        except OSError as error:
            if error.errno not in _NOT_SUPPORTED:
                raise
        if sys.platform != "win32":
            descriptor = os.open(self._path.parent, os.O_RDONLY)
            try:
                with suppress(OSError):  # not every file system supports fsync for a folder
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)


def recover(folder: Path, name: str, bounds: Bounds) -> tuple[str, ...]:
    """Undo, or complete, the transactions of this name that were interrupted in `folder`.

    Returns warnings about it. Nobody may be at such a change meanwhile. Raises `CratewheelError` for a journal that
    names files out of bounds, and when files cannot be changed.
    """
    warnings: list[str] = []
    try:
        for path in _journals(folder, name):
            warnings += _finish(path, bounds)
    except OSError as error:
        journal = str(folder / f".{name}.cratewheel-*{JOURNAL}")
        raise _unfinished_error(error, folder, journal) from error
    return tuple(warnings)


def _journals(folder: Path, name: str) -> list[Path]:
    pattern = re.compile(rf"\.{re.escape(name)}{SUFFIX}{re.escape(JOURNAL)}")
    try:
        return sorted(path for path in folder.iterdir() if pattern.fullmatch(path.name))
    except FileNotFoundError:
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """The content of a journal: folders made, new files, and, once committing, the files to replace.

    The identities are those of the moved files, and of the new ones.
    """

    journal: Path
    folders: tuple[Path, ...]
    new: tuple[Path, ...]
    moved: tuple[Path, ...]
    before: tuple[Identity, ...]
    after: tuple[Identity, ...]
    done: bool

    def temporary(self, number: int) -> Path:
        return _hidden_name(self.new[number], self.journal, number, "tmp")

    def backup(self, number: int) -> Path:
        return _hidden_name(self.moved[number], self.journal, number, "old")


def _finish(journal: Path, bounds: Bounds) -> tuple[str, ...]:
    """Complete or undo an interrupted transaction, and return warnings."""
    text = _read(journal)
    change = _parse(journal, text)
    if change is None:
        journal.unlink()
        return (f"{journal} was damaged and has been removed: what an interrupted change left may still be there",)
    outside = [path for path in (*change.new, *change.moved) if not bounds.contains(path)]
    outside += [path for path in change.folders if not bounds.contains_folder(path)]
    if outside:
        raise CratewheelError(
            f"{journal} tells of {outside[0]}, which is outside of {bounds.folders[0]}: nothing of it is done",
            hint="remove that file",
        )
    if not change.done:
        _undo(change)
    left_over = [number for number in range(len(change.moved)) if not _unlink(change.backup(number))]
    if not change.done:
        for number in range(len(change.new)):
            change.temporary(number).unlink(missing_ok=True)
        for folder in reversed(change.folders):
            with suppress(OSError):
                folder.rmdir()  # only if nothing is in it
    for folder in dict.fromkeys(path.parent for path in change.moved):
        _remove_empty_folders(folder, bounds)
    if not left_over:
        journal.unlink()
    return () if change.done else ("an earlier change was interrupted, and has been taken back",)


def _undo(change: _Change) -> None:
    """Move the original files back over the new ones.

    Where somebody else has changed these since, what was moved belongs to nobody any more, and is left to be removed.
    """
    ours = dict(zip(change.new, change.after, strict=False))
    changed = any(
        _is_changed(path, change.backup(number), (identity, ours.get(path)))
        for number, (path, identity) in enumerate(zip(change.moved, change.before, strict=True))
    )
    for number, path in enumerate(change.moved):
        backup = change.backup(number)
        if not changed and os.path.lexists(backup):
            backup.replace(path)
    for number, (path, identity) in enumerate(zip(change.new, change.after, strict=False)):
        placed = not os.path.lexists(change.temporary(number)) and _identity_or_none(path) == identity
        if placed and (changed or path not in change.moved):
            path.unlink()


def _is_changed(path: Path, backup: Path, known: tuple[Identity | None, ...]) -> bool:
    if path.suffix == ".pyc":  # any Python may rewrite bytecode
        return False
    found = _identity_or_none(path)
    return not os.path.lexists(backup) if found is None else found not in known


def _unlink(path: Path) -> bool:
    """Remove a file if it exists; return False for a loaded library on Windows, which cannot be removed."""
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        if sys.platform != "win32":
            raise
        return False
    return True


def _remove_empty_folders(folder: Path, bounds: Bounds) -> None:
    with suppress(OSError):
        while os.path.realpath(folder) not in bounds.folders:
            folder.rmdir()
            folder = folder.parent


def _read(journal: Path) -> bytes:
    """Return the bytes of a journal; raises `CratewheelError` if it is not a plain file."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if not stat.S_ISREG(journal.lstat().st_mode):
        raise CratewheelError(f"{journal} is not a plain file", hint="remove it")
    with os.fdopen(os.open(journal, flags), "rb") as stream:
        return stream.read()


def _parse(journal: Path, text: bytes) -> _Change | None:
    """Return the content of a journal, or None if it is damaged. An incomplete last line is ignored."""
    found: dict[str, list[Path]] = {"folder": [], "new": [], "commit": [], "done": []}
    before: list[Identity] = []
    after: list[Identity] = []
    words: set[str] = set()
    try:
        for line in text.split(b"\n")[:-1]:
            word, places, more = json.loads(line)
            found[word] += [_absolute(place, journal.parent) for place in places]
            words.add(word)
            if word == "commit":
                before, after = ([(int(size), int(time)) for size, time in more[key]] for key in ("before", "new"))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    if "commit" in words and (len(found["commit"]) != len(before) or len(found["new"]) != len(after)):
        return None
    return _Change(
        journal=journal,
        folders=tuple(found["folder"]),
        new=tuple(found["new"]),
        moved=tuple(found["commit"]),
        before=tuple(before),
        after=tuple(after),
        done="done" in words,
    )


def _hidden_name(path: Path, journal: Path, number: int, ending: str) -> Path:
    """Return the temporary name of `path`, in the same folder, before or after its replacement."""
    match = re.search(rf"({SUFFIX}){re.escape(JOURNAL)}$", journal.name)
    assert match, "a journal has a suffix in its name"
    return path.with_name(f".{path.name[:50]}{match[1]}-{number}.{ending}")


def _relative(path: Path, folder: Path) -> str:
    """Return a path as a journal in `folder` writes it: relative, because an environment may be moved."""
    try:
        return os.path.relpath(path, folder)
    except ValueError:  # another drive
        return str(path)


def _absolute(place: str, folder: Path) -> Path:
    if "\0" in place:
        raise ValueError(place)
    return Path(os.path.normpath(folder / place))


def _identity(path: Path) -> Identity:
    status = path.lstat()
    return status.st_size, status.st_mtime_ns


def _identity_or_none(path: Path) -> Identity | None:
    try:
        return _identity(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _unfinished_error(error: OSError, folder: Path, journal: str) -> CratewheelError:
    """Return the error of a change in `folder` that cannot be brought to its end now."""
    return CratewheelError(
        f"{error.filename2 or error.filename or folder} cannot be changed: {error.strerror or error}",
        notes=(f"a change was interrupted; {journal} tells what was to be done",),
        hint="make the file writable, and run the command again: that takes back what is unfinished",
    )


def _write_error(error: OSError) -> CratewheelError:
    where = error.filename2 or error.filename or "a file"
    return CratewheelError(
        f"{where} cannot be written: {error.strerror or error}", hint="everything is as it was before"
    )
