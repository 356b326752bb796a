"""The command `maturin`, over cratewheel."""

import sys
from importlib.metadata import version

from cratewheel.__main__ import program

NEW_PROJECTS = ("new", "init")


def main() -> None:
    """Run the command; `--version` tells the maturin whose behaviour it follows, which other programs compare."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        sys.stdout.write(f"maturin {version('maturin').partition('+')[0]}\n")
        return
    if sys.argv[1:2] and sys.argv[1] in NEW_PROJECTS:
        sys.argv[2:2] = ["--backend", "maturin"]
    program()


if __name__ == "__main__":
    main()
