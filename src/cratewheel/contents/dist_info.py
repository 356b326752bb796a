"""The dist-info folder of a wheel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from cratewheel.archive.dist_info import GENERATOR, DistInfo
from cratewheel.bindings import wasi
from cratewheel.project.metadata import CoreMetadata
from cratewheel.system.files import Roots
from cratewheel.targets.wheel_tags import WheelTag, dist_info_name, normalise_distribution


def dist_info(
    metadata: CoreMetadata,
    tag: WheelTag,
    *,
    roots: Roots,
    sboms: tuple[tuple[str, bytes], ...] = (),
    crate_licences: tuple[tuple[PurePosixPath, bytes], ...] = (),
    wasi_programs: Sequence[str] = (),
) -> DistInfo:
    """Return the dist-info folder of a wheel.

    `crate_licences` are more files below `licenses/`, which METADATA does not list; `wasi_programs` are file names of
    programs that need a WASI runtime.
    """
    text, entry_points = metadata.text, metadata.entry_points
    if wasi_programs:
        text = wasi.with_requirement(text)
        entry_points = wasi.entry_points(wasi_programs, package=normalise_distribution(metadata.name))
    return DistInfo(
        directory=dist_info_name(metadata.name, metadata.version),
        tag=tag,
        generator=GENERATOR,
        metadata=text,
        entry_points=entry_points,
        license_files=(*metadata.license_files, *crate_licences),
        sboms=sboms,
        roots=roots,
    )
