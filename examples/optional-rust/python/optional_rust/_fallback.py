"""What the Rust module does, in Python."""


def count_words(text: str) -> int:
    """Return the number of words in a text."""
    return len(text.split())
