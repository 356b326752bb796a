"""Take the manylinux and musllinux policies over from the auditwheel that is installed next to this Python.

Run it in the development environment after `pip install --upgrade auditwheel`, look at the difference, and commit it.
"""

from __future__ import annotations

import importlib.metadata
import importlib.resources
import json
import sys
from pathlib import Path

DESTINATION = Path(__file__).parent.parent / "src" / "cratewheel" / "audit"
FIELDS = {"name", "aliases", "priority", "symbol_versions", "lib_whitelist", "blacklist"}


def main() -> int:
    """Copy both files; returns the exit status."""
    source = importlib.resources.files("auditwheel.policy")
    for name in ("manylinux-policy.json", "musllinux-policy.json"):
        text = source.joinpath(name).read_text(encoding="utf-8")
        policies = json.loads(text)
        if unknown := {field for policy in policies for field in policy} ^ FIELDS:
            sys.stderr.write(f"{name}: the fields have changed ({', '.join(sorted(unknown))}); see audit/policy.py\n")
            return 1
        target = DESTINATION / name
        changed = not target.exists() or target.read_text(encoding="utf-8") != text
        target.write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(f"{name}: {len(policies)} policies, {'changed' if changed else 'as before'}\n")
    sys.stdout.write(f"from auditwheel {importlib.metadata.version('auditwheel')}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
