"""Paths in what a test expects, as the system that it runs on writes them; and what Windows lacks."""

from __future__ import annotations

import os

import pytest

WINDOWS = os.name == "nt"
needs_links = pytest.mark.skipif(WINDOWS, reason="symbolic links need a privilege on Windows")


def native(text: str) -> str:
    """Return a text with its POSIX paths as this system writes them.

    >>> native("a/b") == os.path.join("a", "b")
    True
    """
    return text.replace("/", os.sep)
