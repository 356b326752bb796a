from ._native import ffi, lib


def add(left, right):
    return lib.add(left, right)


__all__ = ["add", "ffi"]
