"""What this machine can bear, and where it keeps what may be forgotten."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def free_memory() -> int | None:
    """Return how many bytes of memory programs can still get, or None where nobody tells.

    On Linux that is MemAvailable of proc_meminfo(5), but no more than the control group may have; elsewhere half of
    the machine's.
    """
    with suppress(OSError):
        found = re.search(r"(?m)^MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"))
        if found:
            return min((int(found[1]) << 10, *_most_of_group(_CGROUP)))
    with suppress(AttributeError, ValueError, OSError):
        return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")) // 2
    return None


def _most_of_group(folder: Path) -> tuple[int, ...]:
    # https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files; in a container it is at the top
    with suppress(OSError, ValueError):  # "max" is no limit
        return (int((folder / "memory.max").read_text(encoding="ascii")),)
    return ()


def cache_dir(environ: Mapping[str, str]) -> Path | None:
    """Return the folder for what may be forgotten (XDG Base Directory specification), or None without a home.

    Relative paths are ignored, as the specification has it: they would put a cache into the project.
    """
    for name, below in (("XDG_CACHE_HOME", ""), ("LOCALAPPDATA", ""), ("HOME", ".cache")):
        base = environ.get(name, "")
        if os.path.isabs(base):  # noqa: PTH117  # of text
            return Path(base, below, "cratewheel")
    return None


def user_dir(environ: Mapping[str, str]) -> Path:
    """Return the folder for what this user's later builds can use: `cache_dir`, or one among temporary files."""
    cache = cache_dir(environ)
    if cache is not None:
        return cache
    from tempfile import gettempdir  # slow to import, and seldom needed

    user = f"-{os.getuid()}" if hasattr(os, "getuid") else ""  # that folder is everybody's
    return Path(gettempdir(), f"cratewheel{user}")


def project_dir(environ: Mapping[str, str], purpose: str, project: Path) -> Path:
    """Return a folder in `user_dir` that one project has for a purpose: the same each time."""
    import hashlib  # slow to import, and seldom needed

    return user_dir(environ) / purpose / hashlib.sha256(os.fsencode(os.path.realpath(project))).hexdigest()[:16]
