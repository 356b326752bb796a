"""A Sphinx extension: a note on each page that installs cratewheel from PyPI, where it is not yet.

With the first release, remove this file, its name in `conf.py`, what stands between the two comments `not on PyPI yet`
in `README.md` and `docs/install.md`, and `commands/not_on_pypi.py`, which writes the same into generated files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

INSTALLS = re.compile(r"^[^\n]*(?:pip install [^\n]*|uv tool install |requires = \[)\"?cratewheel", re.MULTILINE)
NOTE = """
:::{note}
cratewheel is not on PyPI yet: {ref}`what to install instead today <not-on-pypi>`.
:::
"""


def add_note(_app: Sphinx, page: str, source: list[str]) -> None:
    """Put the note after the first block that installs cratewheel, or names it as a build requirement."""
    found = INSTALLS.search(source[0])
    if page != "install" and found and (end := source[0].find("\n```\n", found.end())) > 0:
        source[0] = source[0][: end + 5] + NOTE + source[0][end + 5 :]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the note."""
    app.connect("source-read", add_note)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
