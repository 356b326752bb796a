"""SOURCE_DATE_EPOCH, the time of the files in archives: https://reproducible-builds.org/specs/source-date-epoch/."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cratewheel.events import Reporter

MAX_EPOCH = 0o77777777777  # in the year 2242: the maximum of a tar header
MAX_SHOWN = 30  # characters of an invalid value


def source_date_epoch(environ: Mapping[str, str]) -> int | None:
    """Return the seconds of SOURCE_DATE_EPOCH, or None if it is unset, not a number, or too large for archives.

    >>> source_date_epoch({"SOURCE_DATE_EPOCH": "1700000000"}), source_date_epoch({"SOURCE_DATE_EPOCH": "now"})
    (1700000000, None)
    """
    value = environ.get("SOURCE_DATE_EPOCH", "")
    if re.fullmatch(r"0*\d{1,10}", value, re.ASCII) is None:
        return None
    seconds = int(value[-10:])
    return seconds if seconds <= MAX_EPOCH else None


def warn_invalid_epoch(environ: Mapping[str, str], reporter: Reporter) -> None:
    """Warn about a SOURCE_DATE_EPOCH that is ignored."""
    value = environ.get("SOURCE_DATE_EPOCH", "")
    if value and source_date_epoch(environ) is None:
        shown = value if len(value) <= MAX_SHOWN else f"{value[:MAX_SHOWN]}…"
        reporter.warn(
            f"SOURCE_DATE_EPOCH is ignored: {shown!r} is not a number from 0 to {MAX_EPOCH}",
            hint="set it to a Unix time, such as the output of `git log -1 --format=%ct`",
        )
