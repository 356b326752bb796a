"""Files of a project: a gitignore-aware walk, globs, patterns, hashing, and atomic writes.

Nothing here follows a symbolic link out of the project: a file that is only reached by such a link is refused by name.
What is read into an archive is opened by `FileOpener`, which holds that even while links are exchanged.
"""

from __future__ import annotations

from cratewheel.system.files.atomic import atomic_replace
from cratewheel.system.files.content import CHUNK, is_executable, sha256
from cratewheel.system.files.globs import glob
from cratewheel.system.files.ignore_rules import Patterns
from cratewheel.system.files.links import ProjectBoundary, Roots, join_roots, project_roots, root_of
from cratewheel.system.files.reading import FileOpener, is_file, read_bytes, read_text
from cratewheel.system.files.temporary import within_temporary
from cratewheel.system.files.walking import tree, walk

__all__ = [
    "CHUNK",
    "FileOpener",
    "Patterns",
    "ProjectBoundary",
    "Roots",
    "atomic_replace",
    "glob",
    "is_executable",
    "is_file",
    "join_roots",
    "project_roots",
    "read_bytes",
    "read_text",
    "root_of",
    "sha256",
    "tree",
    "walk",
    "within_temporary",
]
