"""Counts words and digits, in Rust."""

from importlib.resources import files

from textkit._digits import count as count_digits
from textkit._words import count as count_words

__all__ = ["c_folder", "count_digits", "count_words"]


def c_folder():
    """Return the folder of the C library and its header."""
    return files("textkit") / "c"
