"""A job object of Windows: what a program has started ends with it, also when this process is killed.

https://learn.microsoft.com/windows/win32/procthread/job-objects
"""

from __future__ import annotations

import sys
from typing import Any

# JOBOBJECT_EXTENDED_LIMIT_INFORMATION; its third field has the flags
LIMITS = "@qqIPPIPII6Q4P"
EXTENDED_LIMITS = 9
KILL_ON_CLOSE, BREAKAWAY_OK = 0x2000, 0x800


class Job:
    """Holds a running program: Windows ends it, and what it has started, when the last handle of the job closes.

    That is so when this process ends, however it does. `holds` is False if the program had ended already.
    """

    def __init__(self, child: Any) -> None:
        import ctypes  # slow to import

        self._system: Any = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined]
        self._system.CreateJobObjectW.restype = ctypes.c_void_p
        self._handle = ctypes.c_void_p(self._system.CreateJobObjectW(None, None))
        self._limit(KILL_ON_CLOSE | BREAKAWAY_OK)
        process = ctypes.c_void_p(int(child._handle))  # noqa: SLF001
        self.holds = bool(self._system.AssignProcessToJobObject(self._handle, process))

    def end(self) -> None:
        """End the program and what it has started."""
        self._system.TerminateJobObject(self._handle, 1)

    def release(self) -> None:
        """Let what still runs go on, such as a server that other programs use too."""
        self._limit(BREAKAWAY_OK)
        self._system.CloseHandle(self._handle)

    def _limit(self, flags: int) -> None:
        import struct

        limits = struct.pack(LIMITS, 0, 0, flags, *[0] * 16)
        self._system.SetInformationJobObject(self._handle, EXTENDED_LIMITS, limits, len(limits))


def hold(child: Any) -> Job | None:
    """Return a job that holds a program just started, a `subprocess.Popen`; None on other systems."""
    return Job(child) if sys.platform == "win32" else None
