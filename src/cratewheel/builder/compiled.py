"""The compiled files of a wheel, each with its plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from cratewheel.bindings.place import extension_dir
from cratewheel.builder.session import Session
from cratewheel.cargo.run import Artifact
from cratewheel.planning.model import ArtifactPlan, WheelPlan
from cratewheel.project.artifacts import split_path
from cratewheel.targets.wheel_tags import normalise_distribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A planned artifact and what was made; `label` is its file's name, unlike that of any other of the wheel."""

    plan: ArtifactPlan
    made: Artifact
    label: str


def label_files(session: Session, wheel: WheelPlan, artifacts: Sequence[Artifact]) -> tuple[Compiled, ...]:
    """Return the compiled files with labels: their names, with the tables of the artifacts where two have the same."""
    names = [artifact.path.name for artifact in artifacts]
    return tuple(
        Compiled(plan=planned, made=made, label=_label(session, planned, name, unique=names.count(name) == 1))
        for planned, made, name in zip(wheel.artifacts, artifacts, names, strict=True)
    )


def _label(session: Session, planned: ArtifactPlan, name: str, *, unique: bool) -> str:
    return name if unique or planned.part is None else f"{name} of {session.inputs.parts[planned.part].place}"


def loading_folder(session: Session, artifact: ArtifactPlan) -> PurePosixPath:
    """Return the folder from which a compiled file is loaded after a repair, relative to site-packages."""
    if artifact.path is not None:
        return split_path(artifact.path)[0]
    if artifact.is_program:
        return PurePosixPath(scripts_folder(session))
    return extension_dir(artifact.bindings.kind, session.of(artifact).inputs.modules)


def scripts_folder(session: Session) -> str:
    """Return the folder of programs that are started by a script."""
    return f"{normalise_distribution(session.plan.name)}.scripts"
