"""What it takes to compile for a target, as the configuration says it."""

from __future__ import annotations

FOREIGN = "s390x-unknown-linux-gnu"  # nobody has it installed
