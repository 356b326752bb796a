"""Links that lead nowhere, and whether git tracks them."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from cratewheel.contents.git_tracked import DanglingLinks
from cratewheel.ui import Ui


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege on Windows")
def test_a_link_to_something_is_the_projects_and_so_is_one_to_nothing_where_there_is_no_git(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "dangling").symlink_to("nothing")
    err = io.StringIO()
    links = DanglingLinks({"PATH": ""}, Ui(out=io.StringIO(), err=err))
    assert [links.skips(str(tmp_path / name)) for name in ("file", "link", "absent", "dangling")] == [False] * 4
    assert err.getvalue() == ""
