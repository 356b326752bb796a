"""Builds wheels from the unpacked source distribution, and compares one with the wheel of the source tree."""

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
def unpack_sdist(sdist: Path, project: Path, *, environ: Mapping[str, str], reporter: Reporter) -> Iterator[Path]:
    """Unpack the sdist of a project and yield its top folder, locked against other processes.

    The folder is the same each time, so that cargo recognises it, and because compiled files contain its path in panic
    messages and debug information. It is outside the project, so that cargo does not find the project's workspace.
    """
    folder = project_dir(environ, "from-sdist", project)
    try:
        refused = make_private_folder(folder, below=user_dir(environ))
    except OSError as error:
        refused = f"cannot create {folder}: {error.strerror}"
    if refused is None:
        waiting = partial(reporter.step, "Blocking", "waiting for another build from this source distribution")
        with exclusive(folder.with_name(f"{folder.name}.lock"), on_wait=waiting):
            yield unpack(sdist, Path(os.path.realpath(folder)))
    else:
        reporter.warn(f"{refused}: the build will not be reproducible, since compiled files contain the path")
        with temporary_folder() as scratch:
            yield unpack(sdist, scratch)


def build_from_sdist(request: Request, reporter: Reporter) -> tuple[BuiltArchive, ...]:
    """Build the sdist, and the wheels from it; return the archives, the sdist first.

    Raises what a build raises. Wheels are written to the usual folder; cargo compiles in a separate target directory,
    so that the one of the source tree contains only its own files.
    """
    inputs = gather_sdist(request, reporter)
    target = inputs.options.target_dir or inputs.cargo.target_directory
    out = inputs.options.out or target / "wheels"
    sdist = build_sdist(inputs, out, environ=request.environ, reporter=reporter).archive
    with unpack_sdist(sdist.path, inputs.project.root, environ=request.environ, reporter=reporter) as top:
        # with cargo's configuration of the source tree, to build the same wheels
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
    """The differences between the wheel from the sdist and `wheel` from the source tree, by paths.

    `missing` and `added` are files only in one of them, `changed` those with other content. Compiled files,
    which may contain the paths of the build, are compared by name only; `RECORD` is not compared.
    """

    wheel: str
    from_sdist: str
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether the wheels are equal."""
        return self.wheel == self.from_sdist and not (self.missing or self.added or self.changed)


def check(sdist: Path, request: Request, reporter: Reporter) -> None:
    """Compare a wheel built from the sdist with one built from the source tree, and report that they are the same.

    `request` is that of the sdist. Raises `CratewheelError` that names the differences, and what a build raises.
    """
    of_sdist = ("vendor", "explain", "check")
    of_both = {name: value for name, value in request.flags.items() if name not in of_sdist}
    found = compare_with_sdist(sdist, replace(request, flags=of_both), reporter)
    check_equal(found)
    reporter.step("Checked", f"{found.wheel} is the same from the sdist and the source tree")


def compare_with_sdist(sdist: Path, request: Request, reporter: Reporter) -> Comparison:
    """Build a wheel from the unpacked sdist and one from the source tree, for the first interpreter, and compare them.

    The sdist is built as by a frontend: in the unpacked folder, whose cargo configuration is used. Raises what a build
    raises, and `ConfigError` if the project has no wheel on this machine.
    """
    quiet = HideArchives(reporter=reporter)
    with temporary_folder() as scratch:
        unoptimised = {"pgo": False}  # a profile differs each time, and so what is compiled with it
        from_tree = _one_wheel(replace(request, overrides={**_overrides(scratch / "tree", None), **unoptimised}), quiet)
        with unpack_sdist(sdist, from_tree.project, environ=request.environ, reporter=quiet) as top:
            overrides = {**_overrides(scratch / "sdist", _below(from_tree.target)), **unoptimised}
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
        raise ConfigError("the project has no wheel on this machine to compare", hint="remove --check")
    (built,) = run(sessions)
    return _Built(path=built.path, project=session.inputs.project.root, target=session.target_dir)


def compare(wheel: Path, from_sdist: Path) -> Comparison:
    """Return the differences between two wheels."""
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


def check_equal(found: Comparison) -> None:
    """Raise `CratewheelError` with the differences, if there are any."""
    if found.equal:
        return
    notes = (
        [f"wheel from the sdist: {found.from_sdist}, from the source tree: {found.wheel}"]
        if found.wheel != found.from_sdist
        else []
    )
    notes += [f"missing: {name}" for name in found.missing]
    notes += [f"added: {name}" for name in found.added]
    notes += [f"different content: {name}" for name in found.changed]
    more = [f"and {len(notes) - NOT_SHOWN} more"] if len(notes) > NOT_SHOWN else []
    raise CratewheelError(
        "the wheel built from the sdist differs from the one built from the source tree",
        notes=(*notes[:NOT_SHOWN], *more),
        hint="add missing files with the key `include`; `cratewheel sdist --explain` says why each file is skipped",
    )
