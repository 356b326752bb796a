"""A session around facts made by hand: what the steps of a build are handed, with nothing compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
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


def in_folder(inputs: Inputs, root: Path) -> Inputs:
    """Return the inputs of the same project in the folder `root`."""
    project, modules = inputs.project, inputs.modules
    manifest = replace(project.manifest, path=root / "Cargo.toml", workspace_root=root)
    location = replace(project.location, root=root, manifest=manifest.path, cwd=root)
    package = modules.package_dir
    return replace(
        inputs,
        project=replace(project, location=location, manifest=manifest),
        cargo=replace(inputs.cargo, workspace_root=root, target_directory=root / "target"),
        modules=replace(modules, python_source=root, package_dir=root / package.name if package else None),
    )
