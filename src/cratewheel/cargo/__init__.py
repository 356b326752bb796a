"""Cargo: its files, its answers, its command line, and running it."""
