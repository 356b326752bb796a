"""What of a wheel `build-extension` writes, and where."""

from __future__ import annotations

from pathlib import Path

from cratewheel.archive.layout import Entry, FromFile, Generated
from cratewheel.commands.build_extension import made_entries, placed

MODULE = Entry(path="px/_px.so", source=FromFile(path="/t/cratewheel/stage/lib_px.so", executable=True))
PYTHON = Entry(path="px/__init__.py", source=FromFile(path="/work/px/__init__.py"))
MADE = Entry(path="px/ffi.py", source=Generated(data=b""))
SCRIPT = Entry(path="px-1.data/scripts/px", source=FromFile(path="/t/cratewheel/stage/px", executable=True))


def test_the_files_of_the_project_are_left_where_they_are() -> None:
    assert made_entries([MODULE, PYTHON, MADE, SCRIPT], Path("/t/cratewheel")) == (MODULE, MADE, SCRIPT)


def test_programs_are_in_a_folder_of_their_own() -> None:
    assert [placed(entry, "px-1.data/scripts/") for entry in (MODULE, SCRIPT)] == ["px/_px.so", "bin/px"]
