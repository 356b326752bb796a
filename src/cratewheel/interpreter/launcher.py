"""The Pythons that the Windows launcher `py` has registered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from cratewheel.errors import MissingToolError
from cratewheel.system.command import Command, capture

TIMEOUT = 10.0  # seconds

_LINE = r"\s*(?:-\S+)?\s*\*?\s*(?P<path>(?:[A-Za-z]:[\\/]|\\\\).*\.exe)\s*\*?\s*"


def list_pythons(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the interpreters that `py --list-paths` prints; none without a launcher."""
    try:
        done = capture(Command(argv=("py", "--list-paths")), environ, timeout=TIMEOUT)
    except MissingToolError:
        return ()
    return tuple(Path(path) for path in parse(done.stdout))


def parse(output: str) -> tuple[str, ...]:
    r"""Return the paths in the output of `py --list-paths` (old and new format), in order, without duplicates.

    A tag (`-V:3.12`, `-3.8-64`) stands before a path, the star of the default before or after it; a heading has none.

    >>> parse(" -V:3.12 *        C:\\Python312\\python.exe\n -3.8-32   D:\\P 8\\python.exe")
    ('C:\\Python312\\python.exe', 'D:\\P 8\\python.exe')
    """
    found = (re.fullmatch(_LINE, line) for line in output.splitlines())
    return tuple(dict.fromkeys(line["path"] for line in found if line))
