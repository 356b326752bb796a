from .inner import add

__all__ = ["add"]
