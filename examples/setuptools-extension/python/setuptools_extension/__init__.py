"""Text, reversed by Rust."""

from setuptools_extension._native import reverse

__all__ = ["reverse"]
