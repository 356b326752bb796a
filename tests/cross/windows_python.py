#!/usr/bin/env python3
"""Starts the Windows Python of `prepare.sh FOLDER wine`: `windows_python.py FOLDER ARGUMENT...`.

Under wine its standard streams must be pipes: with a file or /dev/null it ends at once.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


def environment(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for a program under wine: without those for a Python of Linux, with cratewheel of here."""
    left_out = ("VIRTUAL_ENV", "PYTHONHOME", "PYTEST_ADDOPTS")
    kept = {name: value for name, value in environ.items() if name not in left_out and not name.startswith("PYTEST_")}
    folders = (Path(__file__).absolute().parents[2] / "src", folder / "windows" / "site")
    own = {
        "PYTHONPATH": ";".join(map(windows, folders)),
        "WINEPREFIX": str(folder / "wine"),
        "WINEDEBUG": "-all",
        "WINEDLLOVERRIDES": "mscoree,mshtml=",  # Mono and Gecko, which a new prefix would ask for
    }
    return {**kept, **own}


def windows(path: Path) -> str:
    """Return how a path of Linux is called there."""
    return "Z:" + str(path).replace("/", "\\")


def main() -> int:
    """Pass on what Windows' Python prints, and its status."""
    folder = Path(sys.argv[1]).absolute()
    with subprocess.Popen(
        ["wine", folder / "windows" / "cp311" / "python.exe", *sys.argv[2:]],
        env=environment(folder, os.environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as child:
        assert child.stdout is not None
        while data := os.read(child.stdout.fileno(), 1 << 16):
            os.write(1, data)
        return child.wait()


if __name__ == "__main__":
    sys.exit(main())
