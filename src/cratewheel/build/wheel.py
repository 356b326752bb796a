"""One wheel: compile, audit, repair, pack."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from cratewheel.build.compile import compiled
from cratewheel.build.session import Session
from cratewheel.plan.model import WheelPlan
from cratewheel.process import crew

if TYPE_CHECKING:
    from cratewheel.build.assembly import Assembled, Built


def build_wheel(session: Session, wheel: WheelPlan) -> Built:
    """Compile, audit and pack one wheel."""
    with assembled(session, wheel) as content:
        from cratewheel.build.assembly import pack

        return pack(session, wheel, content)


@contextmanager
def assembled(session: Session, wheel: WheelPlan) -> Iterator[Assembled]:
    """Compile and audit one wheel, and yield what belongs in it; its compiled files exist as long as that is used."""
    python = f" for {wheel.interpreter.display}" if wheel.interpreter is not None else ""
    session.ui.step("Building", f"{session.plan.name} {session.plan.version}{python}")
    session.scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="stage-", dir=session.scratch) as stage:
        with crew() as workers:
            workers.start(partial(import_module, "cratewheel.build.assembly"))  # slow, and cargo takes its time as well
            artifacts = compiled(session, wheel, Path(stage))
        from cratewheel.build.assembly import assemble

        yield assemble(session, wheel, artifacts, Path(stage))
