"""What reads data that others wrote, each with honest inputs to begin from."""

from __future__ import annotations

from collections.abc import Mapping

from fuzz import answers, archives, binaries, texts
from fuzz.target import Target

TARGETS: Mapping[str, Target] = {**binaries.TARGETS, **archives.TARGETS, **texts.TARGETS, **answers.TARGETS}
