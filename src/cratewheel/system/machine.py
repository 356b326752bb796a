"""CPU and memory limits; the cache directory."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")


def processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def host_triple() -> str:
    """Return the target triple of this machine's own programs, as rustc would name it."""
    import platform  # only needed where there is no rustc

    machine = platform.machine().lower()
    arch = {"amd64": "x86_64", "arm64": "aarch64", "armv7l": "armv7", "x86": "i686", "i386": "i686"}.get(
        machine, machine
    )
    arch = {"ppc64le": "powerpc64le", "riscv64": "riscv64gc"}.get(arch, arch)
    match sys.platform:
        case "darwin":
            return f"{arch}-apple-darwin"
        case "win32":
            return f"{arch}-pc-windows-msvc"
        case "linux":
            libc = "gnu" if platform.libc_ver()[0] == "glibc" else "musl"
            return f"{arch}-unknown-linux-{libc}{'eabihf' if arch == 'armv7' else ''}"
        case system:
            return f"{arch}-unknown-{re.sub('[0-9]+$', '', system)}"


def free_memory() -> int | None:
    """Return the bytes of memory that programs can still get, or None where that is unknown.

    On Linux this is MemAvailable of proc_meminfo(5), limited by the control group; on Windows what is not in use;
    elsewhere half of the machine's memory.
    """
    if sys.platform == "win32":
        return _unused_memory()
    with suppress(OSError):
        found = re.search(r"(?m)^MemAvailable:\s+(\d{1,18}) kB", Path("/proc/meminfo").read_text(encoding="ascii"))
        if found:
            return min((int(found[1]) << 10, *_cgroup_limit(_CGROUP)))
    with suppress(AttributeError, ValueError, OSError):
        return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")) // 2
    return None


if sys.platform == "win32":

    def _unused_memory() -> int | None:
        """Return `ullAvailPhys` of MEMORYSTATUSEX.

        https://learn.microsoft.com/windows/win32/api/sysinfoapi/ns-sysinfoapi-memorystatusex
        """
        import ctypes
        import struct

        status = ctypes.create_string_buffer(struct.pack("<I60x", 64), 64)
        if not ctypes.windll.kernel32.GlobalMemoryStatusEx(status):
            return None
        return int(struct.unpack_from("<Q", status, 16)[0])


def _cgroup_limit(folder: Path) -> tuple[int, ...]:
    # https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files; in a container it is at the top
    with suppress(OSError, ValueError):  # "max" is no limit
        return (int((folder / "memory.max").read_text(encoding="ascii")),)
    return ()


def cache_dir(environ: Mapping[str, str]) -> Path | None:
    """Return our folder in the user's cache (XDG Base Directory specification), or None without a home folder.

    Relative paths are ignored, as the specification says.
    """
    for name, below in (("XDG_CACHE_HOME", ""), ("LOCALAPPDATA", ""), ("HOME", ".cache")):
        base = environ.get(name, "")
        if os.path.isabs(base):  # noqa: PTH117  # Path would turn "" into "."
            return Path(base, below, "cratewheel")
    return None


def user_dir(environ: Mapping[str, str]) -> Path:
    """Return the folder for files that this user's later builds can reuse: `cache_dir`, or a temporary one."""
    cache = cache_dir(environ)
    if cache is not None:
        return cache
    from tempfile import gettempdir  # slow to import

    user = f"-{os.getuid()}" if hasattr(os, "getuid") else ""  # all users share the temporary folder
    return Path(gettempdir(), f"cratewheel{user}")


def project_dir(environ: Mapping[str, str], purpose: str, project: Path) -> Path:
    """Return the folder in `user_dir` of one project for one purpose."""
    import hashlib  # slow to import

    return user_dir(environ) / purpose / hashlib.sha256(os.fsencode(os.path.realpath(project))).hexdigest()[:16]
