"""Files of a project: a gitignore-aware walk, globs, patterns, hashing, and outputs that appear whole or not at all.

Nothing here follows a symbolic link out of the project: a file that is only reached by such a link is refused by name.
"""

from __future__ import annotations

from cratewheel.files.content import CHUNK, is_executable, sha256
from cratewheel.files.globbing import glob
from cratewheel.files.links import refuse_outside
from cratewheel.files.output import atomic_replace
from cratewheel.files.patterns import Patterns
from cratewheel.files.walking import tree, walk

__all__ = [
    "CHUNK",
    "Patterns",
    "atomic_replace",
    "glob",
    "is_executable",
    "refuse_outside",
    "sha256",
    "tree",
    "walk",
]
