"""Files that interpreters, editors and desktops leave behind: archives never include them."""

from __future__ import annotations

import re

_RUBBISH = re.compile(
    r"__pycache__|.*\.py[co]|.*\$py\.class"  # Python's, and Jython's
    r"|.*\.sw[op]|\..*\.sw[a-p]|.*~|\.#.*|\#.*\#"  # Vim's, Emacs'
    r"|\.DS_Store|\._(?!.*\.crc\Z).*"  # macOS's; Hadoop has the checksum of `_SUCCESS` in `._SUCCESS.crc`
    r"|Thumbs\.db|ehthumbs\.db|[Dd]esktop\.ini|\.directory"  # other desktops'
    r"|\.nfs[0-9a-f]+|\.fuse_hidden[0-9a-f]+",  # files deleted while open
    re.DOTALL,
)
_MAYBE = re.compile(r"__pycache__|\.py[co]|\$py\.class|\.sw|~|#|\.DS_|[/\\]\._|humbs\.db|sktop\.ini|\.dir|\.nfs|\.fuse")


def is_rubbish(name: str) -> bool:
    """Return whether a file or folder of this name is left behind by an interpreter, an editor or a desktop.

    >>> [name for name in ("a.pyc", "a.py", ".a.py.swp", "a.py~", ".#a", "#a#", "#a", "Thumbs.db") if is_rubbish(name)]
    ['a.pyc', '.a.py.swp', 'a.py~', '.#a', '#a#', 'Thumbs.db']
    """
    return _RUBBISH.fullmatch(name) is not None


def within_rubbish(relative: str) -> bool:
    """Return whether a part of the path is such a file or folder.

    >>> within_rubbish("demo/__pycache__/x.txt"), within_rubbish("demo/x.txt")
    (True, False)
    """
    return _MAYBE.search(f"/{relative}") is not None and any(map(is_rubbish, re.split(r"[/\\]", relative)))
