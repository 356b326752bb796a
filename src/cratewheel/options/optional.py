"""Whether a wheel may be made without all of its Rust."""

from __future__ import annotations

from cratewheel.options.model import Options


def is_optional(options: Options) -> bool:
    """Return whether there are failures after which a wheel is made without all of its Rust."""
    allowed = options.optional.when or any(one.optional for one in options.artifacts)
    # a profile is asked for where speed is the point
    return bool(allowed) and not options.require_rust and not options.pgo
