"""Putting the libraries that a compiled file needs into the wheel, so that it runs where they are not installed."""
