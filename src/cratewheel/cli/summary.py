"""The closing line of a command that builds archives."""

from __future__ import annotations

import time
from collections.abc import Sequence

from cratewheel.events import BuiltArchive
from cratewheel.ui import Ui, format_duration, format_size


def report_built(ui: Ui, archives: Sequence[BuiltArchive], begun: float) -> None:
    """Say what was built since `begun`, a time of the monotonic clock; with `--message-format json`, nothing."""
    if ui.message_format == "human":
        ui.step("Built", summary(archives, time.monotonic() - begun))


def summary(archives: Sequence[BuiltArchive], seconds: float) -> str:
    """Return how many archives were built, their size together, and the time."""
    counts = [(kind, sum(archive.kind == kind for archive in archives)) for kind in ("wheel", "sdist")]
    names = " and ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in counts if count)
    return (
        f"{names or 'nothing'} ({format_size(sum(archive.size for archive in archives))}) in {format_duration(seconds)}"
    )
