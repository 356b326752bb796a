"""The hash and the executable bit of a file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cratewheel.errors import ConfigError
from cratewheel.system.files.reading import not_regular_error
from cratewheel.system.tasks import check_cancelled

CHUNK = 1 << 20  # bytes read at a time, which limits memory


def is_executable(path: str | Path) -> bool:
    """Return whether the owner may execute the file, links followed; always False on Windows.

    Raises `ConfigError` for a missing file, and for one that is not regular.
    """
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116  # of thousands of files
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(mode):
        raise not_regular_error(path, mode)
    return os.name != "nt" and bool(mode & stat.S_IXUSR)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal; raises `ConfigError` when it cannot be read."""
    import hashlib  # slow to import: it loads OpenSSL

    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                check_cancelled()
                digest.update(chunk)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    return digest.hexdigest()
