"""A launcher for programs whose libraries are in the wheel.

Installers put a program into a folder of its own, from which the way to site-packages is different everywhere. So the
program itself is installed there, beside its libraries, and a small script takes its place.
"""

from __future__ import annotations

_TEXT = '''\
#!python
"""Starts the program {program}, which is installed beside the libraries that it needs."""
import os
import site
import sys
import sysconfig

NAME = os.path.join("{folder}", "{program}")
LIBS = "{libs}"


def folders():
    yield sysconfig.get_path("platlib")
    yield sysconfig.get_path("purelib")
    yield from sys.path
    if site.ENABLE_USER_SITE:
        yield site.getusersitepackages()


def main():
    for folder in folders():
        program = os.path.join(folder, NAME)
        if os.path.isfile(program):
            words = [program, *sys.argv[1:]]
            if os.name != "nt":
                os.execv(program, words)
            import subprocess

            libs = os.path.join(folder, LIBS)
            path = os.pathsep.join([libs, os.environ.get("PATH", "")])
            return subprocess.call(words, env=dict(os.environ, PATH=path))
    sys.exit("{program}: its program file is missing from " + sysconfig.get_path("platlib"))


if __name__ == "__main__":
    sys.exit(main())
'''


def script(program: str, *, folder: str, libs: str) -> bytes:
    """Return the text of the launcher: a Python script that installers give their own first line (PEP 427).

    `program` is the file name of the real one, in the wheel's `folder`; its libraries are in `libs`.
    """
    return _TEXT.format(program=program, folder=folder, libs=libs).encode()
