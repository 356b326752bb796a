"""The command `maturin`, over cratewheel."""

from cratewheel.__main__ import program as main

if __name__ == "__main__":
    main()
