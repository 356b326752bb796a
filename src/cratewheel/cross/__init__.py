"""Building for other systems than this one, and for older ones."""
