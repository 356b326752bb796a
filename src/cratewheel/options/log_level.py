"""The variable RUST_LOG: how much the command line says, as with programs written in Rust."""

from __future__ import annotations

from collections.abc import Mapping

from cratewheel.errors import UsageError, did_you_mean

INFO, DEBUG, TRACE = 1, 2, 3  # as many as there are letters in -v, -vv, -vvv
LEVELS = {"off": 0, "error": 0, "warn": 0, "info": INFO, "debug": DEBUG, "trace": TRACE}
OUR_NAMES = ("cratewheel", "maturin")


def log_level(environ: Mapping[str, str]) -> int:
    """Return the level of RUST_LOG for this program: 0 to 3, where 1 is as with -v.

    Levels for other programs do not count; of ours, the last one does. The form is that of
    https://docs.rs/env_logger/latest/env_logger/#enabling-logging. Raises `UsageError` for a level of ours that
    does not exist.

    >>> [log_level({"RUST_LOG": text}) for text in ("debug", "info,hyper=trace", "warn,cratewheel=trace", "hyper")]
    [2, 1, 3, 0]
    """
    general, ours = 0, None
    for directive in environ.get("RUST_LOG", "").partition("/")[0].split(","):
        name, _, level = (part.strip() for part in directive.partition("="))
        if level and level.lower() not in LEVELS:
            if name.partition("::")[0] not in OUR_NAMES:
                continue
            raise UsageError(
                f"RUST_LOG has the level {level!r}, which does not exist",
                hint=did_you_mean(level, LEVELS) or f"the levels are {', '.join(LEVELS)}",
            )
        if not level and name.lower() in LEVELS:
            general = LEVELS[name.lower()]
        elif name.partition("::")[0] in OUR_NAMES:
            ours = LEVELS[level.lower()] if level else TRACE
    return general if ours is None else ours
