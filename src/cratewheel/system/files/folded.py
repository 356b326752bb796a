"""Names of files as systems that ignore case compare them: Windows, and macOS as it comes."""

from __future__ import annotations


def fold(name: str) -> str:
    """Return a key that is the same for all names that may mean one file.

    macOS ignores case and how accents are written (as one character, or as a letter and a mark), Windows only case.

    >>> fold("Café") == fold("cafe\N{COMBINING ACUTE ACCENT}"), fold("Lib.py") == fold("lib.py")
    (True, True)
    """
    return (name if name.isascii() else normalise(name)).casefold()


def normalise(name: str) -> str:
    """Return the name with each accent as part of its letter (NFC), as Python writes the names of modules.

    >>> normalise("cafe\N{COMBINING ACUTE ACCENT}") == "caf\N{LATIN SMALL LETTER E WITH ACUTE}"
    True
    """
    import unicodedata  # slow to import, and most names are ASCII

    return unicodedata.normalize("NFC", name)
