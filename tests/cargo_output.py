"""What cargo says of what it compiled, and the jobs that it may begin."""

from __future__ import annotations

import os
import select
from typing import Any

from cratewheel.cargo.jobserver import Jobserver

ROOT = "path+file:///p#demo@0.1.0"


def artifact(**changes: Any) -> dict[str, Any]:
    """Return cargo's message about a compiled library, with some fields changed."""
    return {
        "reason": "compiler-artifact",
        "package_id": ROOT,
        "target": {"name": "demo", "kind": ["cdylib"], "crate_types": ["cdylib"]},
        "features": [],
        "filenames": ["/t/libdemo.so"],
        "executable": None,
        "fresh": False,
        **changes,
    }


def free_jobs(server: Jobserver) -> int:
    """Return how many jobs could be begun, and give them back."""
    read, write = server.descriptors
    taken = b""
    while select.select([read], [], [], 0)[0]:
        taken += os.read(read, 1)
    os.write(write, taken)
    return len(taken)
