"""Names that no file or folder can have on Windows.

https://learn.microsoft.com/windows/win32/fileio/naming-a-file
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\..*)?", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\0-\x1f]')


def problem_on_windows(name: str) -> str | None:
    """Return why Windows can have no file or folder of this name, or None.

    >>> problem_on_windows("Nul.py"), problem_on_windows("lib "), problem_on_windows("null.py")
    ('Nul is a device there', 'it ends with a space', None)
    """
    if found := _FORBIDDEN.search(name):
        return f"it contains {found[0]!r}"
    if found := _DEVICE.fullmatch(name):
        return f"{found[1]} is a device there"
    return f"it ends with a {'dot' if name[-1] == '.' else 'space'}" if name[-1:] in (".", " ") else None


def first_problem(parts: Iterable[str]) -> tuple[str, str] | None:
    """Return the first of the parts of a path that Windows cannot have, and why.

    >>> first_problem(["src", "aux", "mod.rs"])
    ('aux', 'aux is a device there')
    """
    for part in parts:
        problem = problem_on_windows(part)
        if problem is not None:
            return part, problem
    return None
