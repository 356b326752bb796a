"""A class that a hook made, and a function in Rust that takes it."""

from build_hooks._native import greet
from build_hooks._version import COMMIT
from build_hooks.person_msg import Person

__all__ = ["COMMIT", "Person", "greet"]
