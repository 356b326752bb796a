"""The closing line of a command that builds archives."""

from __future__ import annotations

import time
from collections.abc import Sequence

from cratewheel.events import BuiltArchive
from cratewheel.ui import Ui, format_size

MINUTE = 60


def report_built(ui: Ui, archives: Sequence[BuiltArchive], begun: float) -> None:
    """Say what was built since `begun`, a time of the monotonic clock; with `--message-format json`, nothing."""
    if ui.message_format == "human":
        ui.step("Built", summary(archives, time.monotonic() - begun))


def summary(archives: Sequence[BuiltArchive], seconds: float) -> str:
    """Return how many archives were built, their size together, and the time."""
    counts = [(kind, sum(archive.kind == kind for archive in archives)) for kind in ("wheel", "sdist")]
    names = " and ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in counts if count)
    return f"{names or 'nothing'} ({format_size(sum(archive.size for archive in archives))}) in {duration(seconds)}"


def duration(seconds: float) -> str:
    """Return a time as people say it."""
    if round(seconds, 1) < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < MINUTE else f"{whole // MINUTE} min {whole % MINUTE} s"
