"""Rust crates in, Python wheels and source distributions out."""

__version__ = "0.1.0"
