"""The command `cratewheel`, and `python -m cratewheel`: the command line as a process of its own."""

import sys


def program() -> None:
    """Run the command line, and end the process with its exit status."""
    # pip checks the version, but not every way to install does; older versions cannot read the modules
    if sys.version_info < (3, 10):  # noqa: UP036
        found = ".".join(map(str, sys.version_info[:3]))
        sys.exit(f"error: cratewheel needs Python 3.10 or newer, and {sys.executable} is {found}")
    from cratewheel.system import signals as interrupts

    interrupts.exit_immediately()  # so that Ctrl-C during the imports shows no traceback
    from cratewheel import cli

    cli.program()


if __name__ == "__main__":
    program()
