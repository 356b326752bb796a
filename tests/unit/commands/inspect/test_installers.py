"""Tags in words."""

from __future__ import annotations

import pytest

from cratewheel.commands.inspect.installers import promised_policies, pythons, systems
from cratewheel.targets.wheel_tags import WheelTag


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("cp312-cp312", ("CPython 3.12",)),
        ("cp313-cp313t", ("free-threaded CPython 3.13",)),
        ("cp313-cp313td", ("free-threaded CPython 3.13, compiled for debugging",)),
        ("cp37-cp37m", ("CPython 3.7",)),
        ("cp38-abi3", ("CPython 3.8 and later, but not free-threaded ones",)),
        ("cp315-abi3t", ("free-threaded CPython 3.15 and later",)),
        ("cp315-abi3.abi3t", ("CPython 3.15 and later, free-threaded ones too",)),
        ("pp311-pypy311_pp73", ("PyPy 3.11",)),
        ("graalpy312-graalpy250_312_native", ("GraalPy 3.12",)),
        ("py2.py3-none", ("every Python 2", "every Python 3")),
        ("py310-none", ("every Python 3 from 3.10 on",)),
        ("cp39-none", ("CPython 3.9",)),
        ("pp311-none", ("PyPy 3.11",)),
        ("odd-thing", ("the Python odd with the ABI thing",)),
    ],
)
def test_a_tag_says_which_pythons_can_install_the_wheel(tag: str, said: tuple[str, ...]) -> None:
    assert pythons(WheelTag.parse(f"{tag}-any")) == said


@pytest.mark.parametrize(
    ("platform", "said"),
    [
        ("any", ("every system",)),
        ("win_amd64", ("Windows, on x86_64",)),
        ("manylinux_2_17_aarch64.manylinux2014_aarch64", ("Linux with glibc 2.17 or later, on 64-bit ARM",)),
        ("musllinux_1_2_i686", ("Linux with musl 1.2 or later (Alpine), on 32-bit x86",)),
        (
            "linux_riscv64",
            ("any Linux on 64-bit RISC-V, whatever its libraries: nothing is promised, PyPI refuses it",),
        ),
        ("macosx_10_12_universal2", ("macOS 10.12 or later, on Apple silicon and Intel (universal2)",)),
        ("ios_13_0_arm64_iphoneos", ("iOS 13.0 or later, on 64-bit ARM",)),
        ("ios_13_0_x86_64_iphonesimulator", ("iOS 13.0 or later, in a simulator on x86_64",)),
        ("android_24_arm64_v8a", ("Android with API level 24 or later, on 64-bit ARM",)),
        ("pyemscripten_2026_0_wasm32", ("Pyodide 2026.0",)),
        ("freebsd_14_0_release_amd64", ("the platform freebsd_14_0_release_amd64",)),
    ],
)
def test_a_tag_says_on_which_systems_the_wheel_runs(platform: str, said: tuple[str, ...]) -> None:
    assert systems(WheelTag.parse(f"py3-none-{platform}")) == said


def test_policies_that_a_tag_promises() -> None:
    tag = WheelTag.parse("cp312-cp312-manylinux2014_x86_64.manylinux_2_28_x86_64.linux_x86_64")
    assert promised_policies(tag) == ("manylinux_2_17", "manylinux_2_28")
