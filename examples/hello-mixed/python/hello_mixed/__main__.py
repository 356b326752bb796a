"""The command `hello-mixed`."""

import sys

from hello_mixed import commonest


def main() -> None:
    """Print the three commonest letters of the words that were given."""
    for letter, count in commonest(" ".join(sys.argv[1:])):
        sys.stdout.write(f"{count} {letter}\n")


if __name__ == "__main__":
    main()
