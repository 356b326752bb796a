"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# How long an example takes says how busy the machine is, and nothing about us.
settings.register_profile("cratewheel", deadline=None)
settings.load_profile("cratewheel")
