"""The command `maturin`, over cratewheel."""

import sys

from cratewheel.cli import main

if __name__ == "__main__":
    sys.exit(main())
