"""Plugins for other build backends; each imports its backend only in its own module."""
