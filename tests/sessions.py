"""A session around facts made by hand: what the steps of a build are handed, with nothing compiled."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cratewheel.builder.session import Session
from cratewheel.events import CallbackReporter, Event
from cratewheel.planning.decide import decide
from cratewheel.project.inputs import Inputs

NOTHING: Mapping[str, str] = MappingProxyType({})


def session(inputs: Inputs, *, environ: Mapping[str, str] = NOTHING, events: list[Event] | None = None) -> Session:
    """Return the session of a build of `inputs`; what it tells is added to `events`."""
    reporter = CallbackReporter(on_event=None if events is None else events.append)
    return Session(inputs=inputs, plan=decide(inputs), environ=environ, reporter=reporter)
