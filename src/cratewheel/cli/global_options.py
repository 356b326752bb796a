"""The options that may stand before the command: `cratewheel -v build`."""

from __future__ import annotations

import re
from collections.abc import Sequence

_GLOBAL = re.compile(r"-[vq]+|--verbose|--quiet|--color(=.*)?", re.DOTALL)


def split_global_options(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the options that every command has and that stand first, and the other arguments.

    >>> split_global_options(["-vv", "--color", "never", "build", "-v"])
    (['-vv', '--color', 'never'], ['build', '-v'])
    """
    at = 0
    while at < len(argv) and _GLOBAL.fullmatch(argv[at]):
        at += 2 if argv[at] == "--color" else 1
    return list(argv[:at]), list(argv[at:])
