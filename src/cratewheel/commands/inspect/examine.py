"""Looks into an archive and returns all that is known of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from packaging.metadata import RawMetadata

from cratewheel.commands.inspect import binaries, crates, installers, problems
from cratewheel.commands.inspect.binaries import Examined
from cratewheel.commands.inspect.model import CompiledFile, Crate, Inspection, Kind, Problem, Record
from cratewheel.commands.inspect.read_sdist import read_sdist
from cratewheel.commands.inspect.read_wheel import read_wheel
from cratewheel.commands.inspect.reading import Contents
from cratewheel.commands.publish import checks
from cratewheel.commands.publish.distribution import Archive, read_archive
from cratewheel.errors import CratewheelError, InspectError
from cratewheel.system import toml
from cratewheel.targets.wheel_tags import WheelTag

_FINDINGS_SHOWN = 3


def examine(path: Path) -> Inspection:
    """Return what is in the wheel or sdist `path`; raises `InspectError` if it is damaged, or is none."""
    if not path.name.endswith((".whl", ".tar.gz")):
        raise InspectError(f"{path.name} is neither a wheel nor a .tar.gz", hint="name a .whl or a .tar.gz file")
    kind: Kind = "wheel" if path.suffix == ".whl" else "sdist"
    tag = _tag(path.name) if kind == "wheel" else None
    found: list[Examined | Problem] = []
    read = read_wheel if kind == "wheel" else read_sdist
    contents = read(path, lambda name, data: found.append(binaries.examine(name, data, tag)))
    try:
        archive = read_archive(path)
    except CratewheelError as error:
        raise InspectError(error.message, hint=error.hint, notes=error.notes) from error
    return _inspection(kind, tag, contents, archive, found)


def _tag(name: str) -> WheelTag | None:
    try:
        return WheelTag.parse("-".join(name.removesuffix(".whl").split("-")[-3:]))
    except CratewheelError:
        return None


def _inspection(
    kind: Kind, tag: WheelTag | None, contents: Contents, archive: Archive, found: list[Examined | Problem]
) -> Inspection:
    examined = [one for one in found if isinstance(one, Examined)]
    record, wrong = _record(archive, contents)
    compiled, of_tag = _compiled(examined, tag, contents)
    raw, of_metadata = _metadata(archive)
    every = (
        *contents.problems,
        *of_metadata,
        *wrong,
        *of_tag,
        *(one for one in found if isinstance(one, Problem)),
        *(problem for one in examined for problem in one.problems),
        *problems.rubbish(contents.files),
    )
    return Inspection(
        file=archive.name,
        kind=kind,
        packed=archive.size,
        size=sum(member.size for member in contents.files),
        sha256=archive.digests.sha256,
        name=raw.get("name"),
        version=raw.get("version"),
        summary=raw.get("summary"),
        licence=raw.get("license_expression") or raw.get("license"),
        requires_python=raw.get("requires_python"),
        requires=tuple(raw.get("requires_dist", ())),
        generator=_generator(archive),
        tags=tag.expanded() if tag else (),
        pythons=installers.pythons(tag) if tag else (),
        systems=installers.systems(tag) if tag else (),
        forced_by=tuple(_forced_by(compiled)),
        files=tuple(sorted(contents.files, key=lambda member: (-member.size, member.path))),
        compiled=compiled,
        crates=_crates(contents, examined),
        record=record,
        problems=problems.in_order(every),
    )


def _metadata(archive: Archive) -> tuple[RawMetadata, tuple[Problem, ...]]:
    try:
        checked = checks.check(archive, pypi=True)
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
    ) as error:  # of `packaging`, for odd metadata
        text = f"its metadata cannot be read: {error}"
        return RawMetadata(), (Problem(level="error", code="metadata", text=text),)
    problems_ = [Problem(level="error", code="metadata", text=text) for text in checked.problems]
    warnings = [Problem(level="warning", code="metadata", text=text) for text in checked.warnings]
    return checked.raw, (*problems_, *warnings)


def _generator(archive: Archive) -> str | None:
    match = re.search(r"(?im)^Generator:\s*(\S.*)$", archive.wheel or "")
    return match[1].strip() if match else None


def _record(archive: Archive, contents: Contents) -> tuple[Record | None, tuple[Problem, ...]]:
    if archive.record is None:
        return None, ()
    return problems.verify_record(archive.record, contents.files)


def _compiled(
    examined: list[Examined], tag: WheelTag | None, contents: Contents
) -> tuple[tuple[CompiledFile, ...], list[Problem]]:
    files: list[CompiledFile] = []
    wrong: list[Problem] = []
    for one in examined:
        found = problems.libraries(one, contents.files)
        files.append(replace(one.file, libraries=found))
        if tag is not None:
            wrong += problems.tag_problems(one, tag, found)
    return tuple(files), wrong


def _forced_by(compiled: tuple[CompiledFile, ...]) -> Iterator[str]:
    """Yield what decides the oldest system: the file that needs the newest policy, or the newest macOS."""
    policies = [file for file in compiled if file.policy not in (None, "linux")]
    if policies:
        newest = max(policies, key=lambda file: problems.version_of(file.policy))
        yield f"{newest.path} fits {newest.policy}"
        yield from newest.forced_by[:_FINDINGS_SHOWN]
    systems = [file for file in compiled if file.format == "macho" and file.minimum_os]
    if systems:
        newest = max(systems, key=lambda file: tuple(map(int, (file.minimum_os or "0").split("."))))
        yield from (f"{newest.path} {reason}" for reason in newest.forced_by)


def _crates(contents: Contents, examined: list[Examined]) -> tuple[Crate, ...]:
    """Return the crates; names in texts count only where nothing better tells them."""
    boms = [crates.from_sbom(data) for path, data in contents.texts.items() if "/sboms/" in path]
    listed = [one.crates for one in examined]
    locked = [_locked(data) for path, data in contents.texts.items() if path.endswith("/Cargo.lock")]
    whole = crates.merge((*boms, *(found for found in listed if found and found[0].source == "auditable"), *locked))
    return whole or crates.merge(listed)


def _locked(data: bytes) -> tuple[Crate, ...]:
    try:
        packages = toml.parse(data.decode()).get("package", ()) if len(data) <= toml.MAX_SIZE else ()
    except (CratewheelError, ValueError, RecursionError):
        return ()
    return crates.from_lockfile(packages if isinstance(packages, list) else ())
