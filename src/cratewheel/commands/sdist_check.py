"""Wheels from the unpacked source distribution: what those who have nothing else will build."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from cratewheel.archive.unpacking import unpack
from cratewheel.builder.prepare import plan_builds
from cratewheel.builder.run import run
from cratewheel.builder.sdist import build_sdist
from cratewheel.errors import ConfigError, CratewheelError
from cratewheel.events import BuiltArchive, HideArchives, Reporter
from cratewheel.project.inputs import gather_sdist
from cratewheel.project.request import Request
from cratewheel.system.files.json_cache import make_private_folder
from cratewheel.system.files.lock import exclusive
from cratewheel.system.files.temporary import temporary_folder
from cratewheel.system.machine import project_dir, user_dir

LIBRARIES = (".so", ".pyd", ".dll", ".dylib")
NOT_SHOWN = 20


@contextmanager
def unpacked(sdist: Path, project: Path, *, environ: Mapping[str, str], reporter: Reporter) -> Iterator[Path]:
    """Unpack the sdist of a project and yield its top folder, which no other process touches meanwhile.

    The folder is the same each time: what is compiled holds its path, in messages of panics and debug information, and
    cargo knows it again. It is not below the project, whose workspace cargo would take for the archive's.
    """
    folder = project_dir(environ, "from-sdist", project)
    try:
        refused = make_private_folder(folder, below=user_dir(environ))
    except OSError as error:
        refused = f"{folder} cannot be made: {error.strerror}"
    if refused is None:
        waiting = partial(reporter.step, "Blocking", "waiting for another build from this source distribution")
        with exclusive(folder.with_name(f"{folder.name}.lock"), on_wait=waiting):
            yield unpack(sdist, Path(os.path.realpath(folder)))
    else:
        reporter.warn(f"{refused}: compiled files will hold a path that is another one next time")
        with temporary_folder() as scratch:
            yield unpack(sdist, scratch)


def build_from_sdist(request: Request, reporter: Reporter) -> tuple[BuiltArchive, ...]:
    """Build the sdist, and from it the wheels; return them all, the sdist first.

    Raises whatever a build raises. The wheels land where they would without the detour; cargo compiles in a folder of
    its own, so that the tree's target directory holds nothing that was compiled elsewhere.
    """
    inputs = gather_sdist(request, reporter)
    target = inputs.options.target_dir or inputs.cargo.target_directory
    out = inputs.options.out or target / "wheels"
    sdist = build_sdist(inputs, out, environ=request.environ, reporter=reporter)
    with unpacked(sdist.path, inputs.project.root, environ=request.environ, reporter=reporter) as top:
        # cargo's configuration is what it is for the tree: these are the wheels that the tree would give
        inside = replace(
            _without_manifest(request), folder=top, overrides={**request.overrides, **_overrides(out, _below(target))}
        )
        return (sdist, *run(plan_builds(inside, reporter)))


def _below(target: Path) -> Path:
    return target / "cratewheel" / "from-sdist"


def _without_manifest(request: Request) -> Request:
    return replace(request, flags={name: value for name, value in request.flags.items() if name != "manifest_path"})


def _overrides(out: Path, target_dir: Path | None) -> dict[str, Any]:
    where = {"out": out, "sdist": False, "sdist_first": False}
    return where if target_dir is None else {**where, "target_dir": target_dir}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How the wheel from the sdist differs from the one from the source tree, by paths; `wheel` is the latter's name.

    `missing` and `added` are the files that it lacks and has more, `changed` those with other bytes. Compiled files,
    which may hold the paths they were built in, are compared by name only, and `RECORD` not at all.
    """

    wheel: str
    from_sdist: str
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether there is no difference."""
        return self.wheel == self.from_sdist and not (self.missing or self.added or self.changed)


def check(sdist: Path, request: Request, reporter: Reporter) -> Comparison:
    """Build a wheel from the unpacked sdist and one from the source tree, both for the first interpreter, and compare.

    The sdist is built as a frontend does it: with the unpacked folder as the current one, whose configuration cargo
    reads. Raises whatever a build raises, and `ConfigError` where the project makes no wheel here.
    """
    quiet = HideArchives(reporter=reporter)
    with temporary_folder() as scratch:
        from_tree = _one_wheel(replace(request, overrides=_overrides(scratch / "tree", None)), quiet)
        with unpacked(sdist, from_tree.project, environ=request.environ, reporter=quiet) as top:
            overrides = _overrides(scratch / "sdist", _below(from_tree.target))
            inside = replace(_without_manifest(request), cwd=top, overrides=overrides)
            return compare(from_tree.path, _one_wheel(inside, quiet).path)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Built:
    path: Path
    project: Path
    target: Path


def _one_wheel(request: Request, reporter: Reporter) -> _Built:
    sessions = plan_builds(request, reporter, targets="first", only_first=True)
    (session,) = sessions
    if not session.plan.wheels:
        raise ConfigError("the project makes no wheel here, so there is nothing to compare", hint="leave --check out")
    (built,) = run(sessions)
    return _Built(path=built.path, project=session.inputs.project.root, target=session.target_dir)


def compare(wheel: Path, from_sdist: Path) -> Comparison:
    """Return how two wheels differ."""
    ours, theirs = _digests(wheel), _digests(from_sdist)
    return Comparison(
        wheel=wheel.name,
        from_sdist=from_sdist.name,
        missing=tuple(sorted(ours.keys() - theirs.keys())),
        added=tuple(sorted(theirs.keys() - ours.keys())),
        changed=tuple(sorted(name for name in ours.keys() & theirs.keys() if ours[name] != theirs[name])),
    )


def _digests(wheel: Path) -> dict[str, str]:
    with zipfile.ZipFile(wheel) as archive:
        return {
            name: "" if _is_built(name) else hashlib.sha256(archive.read(name)).hexdigest()
            for name in archive.namelist()
        }


def _is_built(name: str) -> bool:
    folder, _, last = name.rpartition("/")
    return last.endswith(LIBRARIES) or folder.endswith(".data/scripts") or name.endswith(".dist-info/RECORD")


def refuse_difference(found: Comparison) -> None:
    """Raise `CratewheelError` that names what differs, if anything does."""
    if found.equal:
        return
    notes = [f"the sdist gives {found.from_sdist}, the tree {found.wheel}"] if found.wheel != found.from_sdist else []
    notes += [f"missing: {name}" for name in found.missing]
    notes += [f"added: {name}" for name in found.added]
    notes += [f"other content: {name}" for name in found.changed]
    more = [f"and {len(notes) - NOT_SHOWN} more"] if len(notes) > NOT_SHOWN else []
    raise CratewheelError(
        "the wheel built from the sdist is not the one built from the tree",
        notes=(*notes[:NOT_SHOWN], *more),
        hint="add what is missing with the key `include`; `cratewheel sdist --explain` says of each file why it is out",
    )
