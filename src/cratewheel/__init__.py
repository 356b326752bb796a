"""Rust crates in, Python wheels and source distributions out.

The hooks of the build backend (`build-backend = "cratewheel"`) are attributes of this module: see `backend`.
"""

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Return a hook of the build backend; it is imported when a frontend asks for it."""
    if name.startswith(("build_", "prepare_metadata_for_build_", "get_requires_for_build_")):
        from cratewheel.backend import HOOKS

        if name in HOOKS:
            return HOOKS[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
