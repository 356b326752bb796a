"""The build backend `maturin`, over cratewheel: the hooks of PEP 517 and PEP 660 are attributes of this module."""


def __getattr__(name: str) -> object:
    """Return the hook of cratewheel that has this name."""
    import cratewheel

    return getattr(cratewheel, name)
