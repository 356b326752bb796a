"""What plugins for other backends decide: where packages lie, and what is a program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cratewheel.errors import ConfigError
from cratewheel.plugins.other_backend import choose_sources, folder_in_project, is_program, place_file
from system_paths import WINDOWS

ROOT = Path("/p")


@pytest.mark.parametrize(
    ("packages", "modules", "expected"),
    [
        ({"demo": ROOT / "python"}, ["demo._native"], "python"),
        ({"demo": ROOT / "python"}, ["demo"], "python"),
        ({"demo": ROOT}, ["demo._native"], "."),
        ({"demo": ROOT / "python"}, ["other._native"], None),
        ({"demo": ROOT / "a", "more": ROOT / "b"}, ["demo._native"], "a"),
        ({"demo": ROOT / "a", "more": ROOT / "a"}, ["demo.x", "more.y"], "a"),
        ({"demo": Path("/elsewhere")}, ["demo._native"], None),
        ({}, [], None),
    ],
)
def test_sources_are_where_the_other_backend_finds_the_package_of_the_module(
    packages: dict[str, Path], modules: list[str], expected: str | None
) -> None:
    assert choose_sources(ROOT, packages, modules) == expected


def test_packages_of_modules_in_two_folders_are_refused() -> None:
    with pytest.raises(ConfigError, match=re.escape(f"lie in several folders: {ROOT / 'a'}, {ROOT / 'b'}")) as caught:
        choose_sources(ROOT, {"demo": ROOT / "a", "more": ROOT / "b"}, ["demo.x", "more.y"])
    assert caught.value.hint == (
        "name one with `python-source` in pyproject.toml, where the other settings of cratewheel are"
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("demo/_native.so", ROOT / "src/demo"),
        ("demo/sub/_native.so", ROOT / "src/demo/sub"),
        ("demo/deep/er/_native.so", ROOT / "src/demo/deep/er"),
        ("other/_native.so", None),
        ("_native.so", None),
    ],
)
def test_a_module_goes_to_its_package_in_the_project(path: str, expected: Path | None) -> None:
    folders = {Path("demo"): ROOT / "src/demo", Path("demo/sub"): ROOT / "src/demo/sub"}
    assert folder_in_project(Path(path), folders) == expected


def test_only_what_is_in_the_scripts_of_the_data_folder_is_a_program() -> None:
    paths = ("demo-1.0.data/scripts/demo", "demo-1.0.data/data/scripts/demo", "scripts/demo", "demo/demo")
    assert [is_program(path) for path in paths] == [True, False, False, False]


def test_a_placed_file_has_the_content_and_the_mode_of_the_original(tmp_path: Path) -> None:
    file, place = tmp_path / "a", tmp_path / "below" / "b"
    file.write_bytes(b"new")
    file.chmod(0o755)
    place.parent.mkdir()
    place.write_bytes(b"old")
    place_file(file, place)
    assert place.read_bytes() == b"new"
    if not WINDOWS:  # has no modes
        assert place.stat().st_mode & 0o777 == 0o755
    assert [path.name for path in place.parent.iterdir()] == ["b"]
