def count_letters(text: str) -> dict[str, int]:
    """Return how often each letter occurs in `text`, whatever its case."""
