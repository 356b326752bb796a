"""The metadata folder of a wheel of the project."""

from __future__ import annotations

from dataclasses import replace

from cratewheel.archive.dist_info import GENERATOR, DistInfo
from cratewheel.contents.dist_info import dist_info
from cratewheel.targets.wheel_tags import WheelTag
from situations import METADATA

TAG = WheelTag.parse("py3-none-any")
OWN = replace(METADATA, text="Name: app\nVersion: 0.1.0\n", entry_points="[console_scripts]\nx = app:main\n")
EXPECTED = DistInfo(
    directory="app-0.1.0.dist-info",
    tag=TAG,
    generator=GENERATOR,
    metadata=OWN.text,
    entry_points=OWN.entry_points,
    sboms=(("app.cyclonedx.json", b"{}"),),
    roots=("/work",),
)


def test_it_holds_what_the_metadata_says() -> None:
    assert dist_info(OWN, TAG, roots=("/work",), sboms=(("app.cyclonedx.json", b"{}"),)) == EXPECTED


def test_programs_for_wasi_need_wasmtime_and_are_started_by_entry_points() -> None:
    found = dist_info(replace(OWN, entry_points=""), TAG, roots=("/work",), wasi_programs=["app.wasm"])
    assert found == replace(
        EXPECTED,
        metadata="Name: app\nVersion: 0.1.0\nRequires-Dist: wasmtime>=11\n",
        entry_points="[console_scripts]\napp = app.app:main\n",
        sboms=(),
    )
