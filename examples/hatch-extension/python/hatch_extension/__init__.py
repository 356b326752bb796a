"""Text, reversed by Rust."""

from hatch_extension._native import reverse

__all__ = ["reverse"]
