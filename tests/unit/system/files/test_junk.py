"""Names of what interpreters, editors and desktops leave behind."""

from __future__ import annotations

import pytest

from cratewheel.system.files.junk import is_rubbish, within_rubbish

RUBBISH = [
    "__pycache__", "a.pyc", "a.pyo", "a$py.class", ".a.swp", "a.swp", "a.swo", ".a.swa", "a~", "~", ".#a", "#a#",
    ".DS_Store", "._a", "Thumbs.db", "ehthumbs.db", "Desktop.ini", "desktop.ini", ".directory", ".nfs00a1",
    ".fuse_hidden00a1", "a\n.pyc",
]  # fmt: skip
CONTENT = [
    "pycache", "__pycache__2", "a.py", "a.pyd", "a.pyc.txt", "a.class", "a.swa", "swp", "a.swp.txt", "~a", "#a", "a#",
    "DS_Store", ".DS_Store2", "_a", "thumbs.db", "Thumbs.db.txt", "mydesktop.ini", "directory", ".directory2", ".nfsx",
    ".nfs", "a.nfs01", ".fuse_hidden", ".gitignore", "a.rs", "._SUCCESS.crc", "._last_checkpoint.crc",
]  # fmt: skip


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish_is_known_by_its_name_wherever_it_lies(name: str) -> None:
    assert is_rubbish(name)
    assert within_rubbish(name)
    assert within_rubbish(f"demo/{name}/x.txt")
    assert within_rubbish(f"demo\\{name}")


@pytest.mark.parametrize("name", CONTENT)
def test_other_names_are_content(name: str) -> None:
    assert not is_rubbish(name)
    assert not within_rubbish(f"demo/{name}/x.txt")
