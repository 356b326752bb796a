"""The symbols of Python's stable ABI (https://docs.python.org/3/c-api/stable.html#contents-of-limited-api).

The names are those of abi3info, which has them from CPython; `scripts/refresh_policies.py` brings them up to date.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path


@functools.cache  # a data file of ours, which does not change while we run
def names() -> Mapping[str, int]:
    """Return each symbol with the first Python 3 minor version that has it.

    >>> names()["PyModule_Create2"], names()["PyType_GetName"], "PyCode_New" in names()
    (2, 11, False)
    """
    content = json.loads(Path(__file__).with_name("stable-abi.json").read_text(encoding="utf-8"))
    return {name: int(minor) for minor, found in content.items() for name in found}
