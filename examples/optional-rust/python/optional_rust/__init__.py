"""Counts words: in Rust if the wheel has it, else in Python."""

try:
    from optional_rust._native import count_words
except ImportError:
    from optional_rust._fallback import count_words

__all__ = ["count_words"]
