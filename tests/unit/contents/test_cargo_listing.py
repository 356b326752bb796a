"""Files that cargo lists as several lines, or not at all; cargo is not asked."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from crate_graphs import crate
from cratewheel.cargo.model import CrateTarget
from cratewheel.contents.cargo_listing import names_with_line_ends, outside_target_files
from cratewheel.system.files import project_roots


def made(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.mark.skipif(sys.platform == "win32", reason="no name has a line end on Windows")
@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["a.rs", "b.rs"], []),
        (["a.rs", "b\nc.rs"], ["b\nc.rs"]),
        (["a.rs", "a.rs\nb"], ["a.rs\nb"]),
        (["deep/b\n\nc.rs"], ["deep/b\n\nc.rs"]),
        (["\na"], ["\na"]),
    ],
)
def test_a_name_with_line_ends_is_found_by_its_parts(tmp_path: Path, names: list[str], found: list[str]) -> None:
    made(tmp_path, *names)
    listed = tuple(f"{tmp_path}/{line}" for name in names for line in name.split("\n") if line)
    files = [path for path in listed if Path(path).is_file()]
    assert [
        Path(path).relative_to(tmp_path).as_posix() for path in names_with_line_ends(tmp_path, listed, files)
    ] == found


def test_what_cargo_generates_starts_no_search(tmp_path: Path) -> None:
    made(tmp_path, "a.rs", "b\nc" if sys.platform != "win32" else "b")
    listed = tuple(f"{tmp_path}/{name}" for name in ("a.rs", "Cargo.lock", "Cargo.toml.orig", ".cargo_vcs_info.json"))
    assert list(names_with_line_ends(tmp_path, listed, [f"{tmp_path}/a.rs"])) == []


def outside(root: Path, *sources: str, folder: str = "app") -> list[str]:
    targets = tuple(
        CrateTarget(name="t", kinds=("bin",), crate_types=("bin",), source=root / source) for source in sources
    )
    package = crate("app", source=None, folder=root / folder, targets=targets)
    found = outside_target_files(package, project_roots(root), lambda _: False)
    return [Path(path).relative_to(root).as_posix() for path in found]


def test_of_a_target_outside_all_that_is_in_its_folder_belongs_to_the_crate(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    made(tmp_path, "app/src/lib.rs", "shared/main.rs", "shared/m.rs", "shared/data/x.txt", "other/y.rs")
    assert outside(tmp_path, "app/src/lib.rs") == []
    assert outside(tmp_path, "app/src/lib.rs", "shared/main.rs", "shared/main.rs") == [
        "shared/main.rs",
        *sorted(["shared/m.rs", "shared/data/x.txt"]),
    ]


def test_of_a_target_above_only_its_modules_belong_to_the_crate(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    made(tmp_path, "app/src/lib.rs", "m.rs", "n.rs")
    (tmp_path / "main.rs").write_text("mod m;\n", encoding="utf-8")
    assert outside(tmp_path, "main.rs") == ["main.rs", "m.rs"]


def test_a_source_that_is_not_there_is_named_all_the_same(tmp_path: Path) -> None:
    assert outside(tmp_path, "gone/main.rs") == ["gone/main.rs"]
