"""Writes the commit that is built into the package."""

import subprocess


def write(call):
    """Write `_version.py`; cratewheel calls this, with what is built."""
    command = ["git", "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, cwd=call.project, capture_output=True, text=True, check=False)
        commit = done.stdout.strip() or "unknown"
    except FileNotFoundError:
        commit = "unknown"
    path = call.project / "python" / "build_hooks" / "_version.py"
    path.write_text(f"COMMIT = {commit!r}\n", encoding="utf-8")
