from __future__ import annotations

from pathlib import Path

from cratewheel.archive.layout import Entry, FromFile
from cratewheel.bindings.binary import entries
from system_paths import native


def test_every_program_goes_where_installers_find_scripts() -> None:
    programs = [("tool-more", Path("/target/tool-more")), ("tool", Path("/target/tool"))]

    assert entries(programs, data_dir="tool-1.0.data") == (
        Entry(
            path="tool-1.0.data/scripts/tool",
            source=FromFile(path=native("/target/tool"), executable=True),
            why="compiled program",
        ),
        Entry(
            path="tool-1.0.data/scripts/tool-more",
            source=FromFile(path=native("/target/tool-more"), executable=True),
            why="compiled program",
        ),
    )
