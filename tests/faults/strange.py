"""Stands in for a program, has the real one work, and does something strange: a script that tests write."""

from __future__ import annotations

import sys
from pathlib import Path

# In front of the script: REAL is the real program, and WHEN the word for which it is strange; else nothing is.
_BEGIN = """#!{python}
import json, os, signal, subprocess, sys, time
REAL, WHEN = {real!r}, {when!r}
if WHEN not in sys.argv[1:]:
    os.execv(REAL, [REAL, *sys.argv[1:]])


def real(pipe=True):
    done = subprocess.run([REAL, *sys.argv[1:]], stdout=subprocess.PIPE if pipe else None)
    return done.returncode, (done.stdout or b"").splitlines(keepends=True)


def say(*lines):
    for line in lines:
        sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def die(number):
    sys.stdout.flush()
    os.kill(os.getpid(), number)


def hang():
    open({started!r}, "w").close()
    time.sleep(600)


"""


def stand_in(path: Path, code: str, *, real: str, when: str) -> Path:
    """Write a program that does `code` where `when` is among its arguments, and else what the program `real` does."""
    begin = _BEGIN.format(python=sys.executable, real=real, when=when, started=str(path.parent / "started"))
    path.write_text(begin + code + "\n", encoding="utf-8")
    path.chmod(0o755)
    return path
