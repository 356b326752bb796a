"""Launchers for programs whose libraries are in the wheel.

Installers put a program into a folder of its own, from which the way to site-packages is different everywhere. So the
program itself is installed there, beside its libraries, and a small script takes its place.
"""

from __future__ import annotations

_TEXT = '''\
#!python
"""Starts a program that is installed beside the libraries that it needs."""
import os
import sys

PROGRAM = os.path.join({folder!r}, {program!r})
LIBRARIES = {libs!r}


def folders():
    # the installation that this script belongs to comes first: others may have another version
    prefix = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    yield from (folder for folder in sys.path if folder.startswith(prefix + os.sep))
    yield prefix  # pip install --target
    import sysconfig

    for base in (prefix, os.path.dirname(prefix)):
        places = dict.fromkeys(("base", "platbase", "installed_base", "userbase"), base)
        for scheme in sysconfig.get_scheme_names():
            yield sysconfig.get_path("platlib", scheme, places)
    yield sysconfig.get_path("platlib")
    yield from sys.path


def main():
    found = next((folder for folder in folders() if os.path.isfile(os.path.join(folder, PROGRAM))), None)
    if found is None:
        sys.exit("%s: the program %s is missing from its installation" % (sys.argv[0], PROGRAM))
    words = [os.path.join(found, PROGRAM)] + sys.argv[1:]
    if os.name != "nt":
        os.execv(words[0], words)
    import subprocess

    path = os.pathsep.join([os.path.join(found, LIBRARIES), os.environ.get("PATH", "")])
    sys.exit(subprocess.call(words, env=dict(os.environ, PATH=path)))


if __name__ == "__main__":
    main()
'''


def script(program: str, *, folder: str, libs: str) -> bytes:
    """Return the text of the launcher: a Python script that installers give their own first line (PEP 427).

    `program` is the file name of the real one, in the wheel's `folder`; its libraries are in `libs`. On POSIX systems
    the launcher becomes the program, with its process number; on Windows it waits for it and ends as it did.
    """
    return _TEXT.format(program=program, folder=folder, libs=libs).encode()
