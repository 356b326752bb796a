"""The command `cratewheel`, and `python -m cratewheel`: the command line as a process of its own."""

from cratewheel.system import signals as interrupts


def program() -> None:
    """Run the command line, and end the process with its exit status."""
    interrupts.exit_immediately()  # so that Ctrl-C during the imports shows no traceback
    from cratewheel import cli

    cli.program()


if __name__ == "__main__":
    program()
