"""The cache folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.system.machine import cache_dir


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"HOME": "/home/me"}, "/home/me/.cache/cratewheel"),
        ({"HOME": "/home/me", "XDG_CACHE_HOME": "/cache"}, "/cache/cratewheel"),
        ({"HOME": "/home/me", "LOCALAPPDATA": "/cache"}, "/cache/cratewheel"),
        ({"HOME": "/home/me", "XDG_CACHE_HOME": "cache"}, "/home/me/.cache/cratewheel"),
        ({"XDG_CACHE_HOME": "cache", "LOCALAPPDATA": "/cache"}, "/cache/cratewheel"),
        ({"HOME": "."}, None),
        ({"HOME": "home/me"}, None),
        ({"HOME": "~"}, None),
        ({"HOME": "", "XDG_CACHE_HOME": "./cache"}, None),
        ({}, None),
    ],
)
def test_the_cache_is_in_the_first_folder_that_is_absolute(environ: dict[str, str], folder: str | None) -> None:
    assert cache_dir(environ) == (None if folder is None else Path(folder))
