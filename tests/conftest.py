"""What holds for all tests."""

from __future__ import annotations

import os
import sys

from hypothesis import settings

# How long an example takes says how busy the machine is, and nothing about us.
settings.register_profile("cratewheel", deadline=None)
settings.load_profile("cratewheel")

# Where this is set, each of the thousands of programs that the tests start would compile all its modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
