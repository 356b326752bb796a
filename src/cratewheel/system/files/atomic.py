"""Writes files atomically: complete under their final name, or not at all."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

from cratewheel.errors import CratewheelError
from cratewheel.system.files.temporary import temporary_name

# a full disk, a used-up quota, a limit of the process
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", None), errno.EFBIG)


@contextmanager
def atomic_replace(path: Path) -> Iterator[BinaryIO]:
    """Yield a new file, open for writing and reading, that replaces `path` at the end of the block; removed on errors.

    It is created in the folder of `path`, which is made if necessary. Raises `CratewheelError` when the folder or file
    cannot be written; that covers an `OSError` of the block which names no other file, such as a full disk.
    """
    temporary = path.with_name(temporary_name(path.name))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = cast("BinaryIO", temporary.open("x+b"))
    except OSError as error:
        raise _unwritable(path, error, hint="make its folder writable, or choose another one with `--out`") from error
    try:
        with stream:
            yield stream
        temporary.replace(path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in {None, str(temporary)}:
            hint = "make room there, or choose another folder with `--out`" if error.errno in _FULL else None
            raise _unwritable(path, error, hint=hint) from error
        raise


def _unwritable(path: Path, error: OSError, *, hint: str | None = None) -> CratewheelError:
    return CratewheelError(f"{path} cannot be written: {error.strerror or error}", hint=hint)
