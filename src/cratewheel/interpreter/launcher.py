"""The Pythons that Windows knows: those that its launcher `py` lists, and those in the registry."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cratewheel.errors import MissingToolError
from cratewheel.system.command import Command, capture

TIMEOUT = 10.0  # seconds

_LINE = r"\s*(?:-\S+)?\s*\*?\s*(?P<path>(?:[A-Za-z]:[\\/]|\\\\).*\.exe)\s*\*?\s*"


def list_pythons(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the interpreters that `py --list-paths` prints; none without a launcher."""
    try:
        done = capture(Command(argv=("py", "--list-paths")), environ, timeout=TIMEOUT)
    except MissingToolError:
        return ()
    return tuple(Path(path) for path in parse(done.stdout))


def parse(output: str) -> tuple[str, ...]:
    r"""Return the paths in the output of `py --list-paths` (old and new format), in order, without duplicates.

    A tag (`-V:3.12`, `-3.8-64`) stands before a path, the star of the default before or after it; a heading has none.

    >>> parse(" -V:3.12 *        C:\\Python312\\python.exe\n -3.8-32   D:\\P 8\\python.exe")
    ('C:\\Python312\\python.exe', 'D:\\P 8\\python.exe')
    """
    found = (re.fullmatch(_LINE, line) for line in output.splitlines())
    return tuple(dict.fromkeys(line["path"] for line in found if line))


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """An entry of the registry: who made it, the program, and the folder of the installation; each may be missing."""

    company: str
    program: str | None = None
    folder: str | None = None


def programs(entries: Iterable[Registered]) -> tuple[str, ...]:
    r"""Return the interpreters of entries, in order, without duplicates, as https://peps.python.org/pep-0514/ has it.

    >>> programs([Registered(company="PythonCore", folder="C:\\P\\"), Registered(company="Other", folder="C:\\Q")])
    ('C:\\P\\python.exe',)
    """
    found = []
    for entry in entries:
        if entry.company == "PyLauncher":  # reserved: it is no Python
            continue
        if entry.program:
            found.append(entry.program)
        elif entry.folder and entry.company == "PythonCore":
            found.append(entry.folder.rstrip("\\/") + "\\python.exe")
    return tuple(dict.fromkeys(found))


def registered() -> tuple[Path, ...]:
    """Return the interpreters in the registry that are there; none on other systems."""
    return tuple(path for path in map(Path, programs(_read_registry())) if path.is_file())


if sys.platform == "win32":
    import winreg

    _PLACES = (
        (winreg.HKEY_CURRENT_USER, 0),
        (winreg.HKEY_LOCAL_MACHINE, winreg.KEY_WOW64_64KEY),
        (winreg.HKEY_LOCAL_MACHINE, winreg.KEY_WOW64_32KEY),
    )

    def _read_registry() -> Iterator[Registered]:
        for place, view in _PLACES:
            for company in _keys(place, r"Software\Python", view):
                for tag in _keys(place, rf"Software\Python\{company}", view):
                    key = rf"Software\Python\{company}\{tag}\InstallPath"
                    yield Registered(
                        company=company,
                        program=_text(place, key, view, "ExecutablePath"),
                        folder=_text(place, key, view, None),
                    )

    def _keys(place: int, path: str, view: int) -> list[str]:
        try:
            with winreg.OpenKey(place, path, access=winreg.KEY_READ | view) as key:
                return [winreg.EnumKey(key, number) for number in range(winreg.QueryInfoKey(key)[0])]
        except OSError:  # there is none, or it was removed meanwhile
            return []

    def _text(place: int, path: str, view: int, name: str | None) -> str | None:
        try:
            with winreg.OpenKey(place, path, access=winreg.KEY_READ | view) as key:
                value = winreg.QueryValueEx(key, name or "")[0]
        except OSError:  # as above
            return None
        return value if isinstance(value, str) else None

else:

    def _read_registry() -> Iterator[Registered]:
        return iter(())
