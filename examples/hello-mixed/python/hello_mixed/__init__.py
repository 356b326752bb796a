"""Letters, counted in Rust and ranked in Python."""

from ._native import count_letters

__all__ = ["commonest", "count_letters"]


def commonest(text: str, limit: int = 3) -> list[tuple[str, int]]:
    """Return the letters that occur most often in `text`, the commonest first; equals in alphabetical order."""
    counts = count_letters(text)
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit]
