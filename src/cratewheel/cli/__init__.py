"""The command line: one module a subcommand; each makes Options and calls down."""


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    raise NotImplementedError(argv)
