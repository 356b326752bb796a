"""What generated files say while cratewheel is not on PyPI.

With the first release, remove this module, its test, and the two places that use it.
"""

from __future__ import annotations

# for Markdown
README = """
cratewheel is not on PyPI yet. Until it is, build a wheel of a checkout, and let pip find it:

```sh
python -m pip wheel --no-deps --wheel-dir ~/wheels path/to/cratewheel
export PIP_FIND_LINKS=~/wheels
```
"""

# for YAML
CI_COMMENT = """\
# cratewheel is not on PyPI yet. Until it is, put its wheel into the folder wheels/ of the repository, and set the
# variable PIP_FIND_LINKS to wheels for all jobs.
"""
