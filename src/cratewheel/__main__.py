"""`python -m cratewheel` is the `cratewheel` command."""

from cratewheel.cli import program

if __name__ == "__main__":
    program()
