"""Wheels from the unpacked source distribution: what those who have nothing else will build."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from cratewheel.archive.unpacking import unpack
from cratewheel.builder import sdist as sdist_builder
from cratewheel.builder.run import run
from cratewheel.errors import ConfigError, CratewheelError
from cratewheel.options.resolve import Flags
from cratewheel.planning.decide import decide
from cratewheel.planning.model import WheelPlan
from cratewheel.project.inputs import gather_each, gather_first, gather_sdist
from cratewheel.project.sources import read_options, warn_of_unread
from cratewheel.system.files.json_cache import private_folder
from cratewheel.system.files.lock import exclusive
from cratewheel.system.files.temporary import temporary_folder
from cratewheel.system.machine import project_dir, user_dir
from cratewheel.ui import Ui

LIBRARIES = (".so", ".pyd", ".dll", ".dylib")
NOT_SHOWN = 20


@contextmanager
def unpacked(sdist: Path, project: Path, *, environ: Mapping[str, str], ui: Ui) -> Iterator[Path]:
    """Unpack the sdist of a project and yield its top folder, which no other process touches meanwhile.

    The folder is the same each time: what is compiled holds its path, in messages of panics and debug information, and
    cargo knows it again. It is not below the project, whose workspace cargo would take for the archive's.
    """
    folder = project_dir(environ, "from-sdist", project)
    try:
        refused = private_folder(folder, below=user_dir(environ))
    except OSError as error:
        refused = f"{folder} cannot be made: {error.strerror}"
    if refused is None:
        waiting = partial(ui.step, "Blocking", "waiting for another build from this source distribution")
        with exclusive(folder.with_name(f"{folder.name}.lock"), waiting=waiting):
            yield unpack(sdist, Path(os.path.realpath(folder)))
    else:
        ui.warn(f"{refused}: compiled files will hold a path that is another one next time")
        with temporary_folder() as scratch:
            yield unpack(sdist, scratch)


def build_wheels(flags: Flags, *, environ: Mapping[str, str], cwd: Path, ui: Ui) -> tuple[Path, ...]:
    """Build the sdist, and from it the wheels; return the paths of all, the sdist first.

    Raises whatever a build raises. The wheels land where they would without the detour; cargo compiles in a folder of
    its own, so that the tree's target directory holds nothing that was compiled elsewhere.
    """
    options, files = read_options(flags, environ=environ, cwd=cwd, ui=ui)
    warn_of_unread(files, environ, ui)
    facts = gather_sdist(options, files, environ=environ, ui=ui)
    target = options.target_dir or facts.cargo.target_directory
    out = options.out or target / "wheels"
    sdist = sdist_builder.build_sdist(facts, out, environ=environ, ui=ui)
    with unpacked(sdist, files.location.root, environ=environ, ui=ui) as top:
        inside = _flags_inside(flags, out=out, target=_target(target))
        # cargo's configuration is what it is for the tree: these are the wheels that the tree would give
        again = gather_each(inside, environ=environ, cwd=cwd, folder=top, ui=ui)
        wheels = run([(facts, decide(facts)) for facts in again], environ=environ, ui=ui)
    return (sdist, *wheels)


def _target(of_tree: Path) -> Path:
    return of_tree / "cratewheel" / "from-sdist"


def _flags_inside(flags: Flags, *, out: Path, target: Path) -> Flags:
    given = {name: value for name, value in flags.items() if name != "manifest_path"}
    return {**given, "out": out, "target_dir": target, "sdist": False, "sdist_first": False}


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


def check(sdist: Path, flags: Flags, *, environ: Mapping[str, str], cwd: Path, ui: Ui) -> Comparison:
    """Build a wheel from the unpacked sdist and one from the source tree, both for the first interpreter, and compare.

    The sdist is built as a frontend does it: with the unpacked folder as the current one, whose configuration cargo
    reads.
    Raises whatever a build raises, and `ConfigError` where the project makes no wheel here.
    """
    quiet = replace(ui, out=io.StringIO(), message_format="human")
    with temporary_folder() as scratch:
        from_tree = _one_wheel(flags, scratch / "tree", None, environ=environ, cwd=cwd, ui=quiet)
        with unpacked(sdist, from_tree.project, environ=environ, ui=quiet) as top:
            from_sdist = _one_wheel(
                {name: value for name, value in flags.items() if name != "manifest_path"},
                scratch / "sdist",
                from_tree,
                environ=environ,
                cwd=top,
                ui=quiet,
            )
        return compare(from_tree.path, from_sdist.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Built:
    path: Path
    project: Path
    target: Path


def _one_wheel(
    flags: Flags, out: Path, earlier: _Built | None, *, environ: Mapping[str, str], cwd: Path, ui: Ui
) -> _Built:
    more = {"out": out, "sdist": False}
    if earlier is not None:
        more["target_dir"] = _target(earlier.target)
    facts = gather_first({**flags, **more}, environ=environ, cwd=cwd, ui=ui)
    plan = decide(facts)
    if not plan.wheels:
        raise ConfigError("the project makes no wheel here, so there is nothing to compare", hint="leave --check out")
    first: tuple[WheelPlan, ...] = plan.wheels[:1]
    (path,) = run([(facts, replace(plan, wheels=first))], environ=environ, ui=ui)
    return _Built(
        path=path,
        project=facts.project.sources.root,
        target=facts.options.target_dir or facts.project.cargo.target_directory,
    )


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
