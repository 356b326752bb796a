"""Reads the files of a wheel."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from pathlib import Path

from cratewheel.archive.zip_reading import open_zip
from cratewheel.commands.inspect.reading import (
    LARGEST_ARCHIVE,
    MOST_FILES,
    Budget,
    Contents,
    OnCompiled,
    read_member,
    reading_problems,
)
from cratewheel.errors import InspectError

_WANTED = re.compile(r"[^/]+\.dist-info/(?:METADATA|WHEEL|RECORD|sboms/[^/]+\.json)")


def read_wheel(path: Path, on_compiled: OnCompiled, *, limit: int = LARGEST_ARCHIVE) -> Contents:
    """Return the files of the wheel; `on_compiled` is called with the path and the content of each compiled one.

    Raises `InspectError` when the file is no zip archive, is damaged, or unpacks to more than `limit`.
    """
    try:
        with open_zip(path) as archive:
            return _contents(archive, path.name, on_compiled, Budget(path.name, limit))
    except _errors_of_damage() as error:
        raise InspectError(f"{path.name} is damaged: {error}", hint="download it, or build it, again") from error
    except (RuntimeError, NotImplementedError) as error:  # encrypted, or packed in a way of another program
        raise InspectError(f"{path.name} cannot be read: {error}") from error
    except OSError as error:
        raise InspectError(f"{path} cannot be read: {error.strerror or error}") from error


def _errors_of_damage() -> tuple[type[Exception], ...]:
    common = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, ValueError, IndexError)
    try:
        from lzma import LZMAError
    except ImportError:  # Python may be built without it; `zipfile` says so if a file needs it
        return common
    return (*common, LZMAError)


def _contents(archive: zipfile.ZipFile, name: str, on_compiled: OnCompiled, budget: Budget) -> Contents:
    found = [info for info in archive.infolist() if not info.is_dir()]
    if len(found) > MOST_FILES:
        raise InspectError(f"{name} has {len(found)} files, more than any package")
    budget.check(sum(info.file_size for info in found))
    files, texts = [], {}
    for info in found:
        with archive.open(info) as stream:
            member, content = read_member(
                stream,
                info.filename,
                info.compress_size,
                wanted=_WANTED.fullmatch(info.filename) is not None,
                budget=budget,
                on_compiled=on_compiled,
            )
        files.append(member)
        if content is not None:
            texts[info.filename] = content
    return Contents(files=tuple(files), texts=texts, problems=reading_problems([one.path for one in files], budget))
