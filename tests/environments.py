"""Virtual environments with little in them, for programs that read all that is installed each time they start."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

UV = Path(sys.executable).with_name("uv")


def create(folder: Path) -> Path:
    """Create an empty environment of this Python, and return its program."""
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder], check=True, capture_output=True)
    return folder / "bin" / "python"


def site_packages(python: Path) -> Path:
    """Return where an environment on POSIX has its packages."""
    (site,) = (python.parents[1] / "lib").glob("*/site-packages")
    return site


def link(python: Path, names: Iterable[str]) -> None:
    """Link distributions that are installed here, and all that they require, into an environment."""
    site = site_packages(python)
    # a folder in which pip finds only what it uninstalls, it moves away as a whole, with its links
    (site / "links.txt").write_text("The distributions here are links.\n", encoding="utf-8")
    for found in _with_required(names):
        files = found.files or ()
        for top in {file.parts[0] for file in files} - {"..", "__pycache__"}:
            (site / top).symlink_to(Path(str(found.locate_file(top))))
        for file in (file for file in files if file.parts[0] == ".."):
            program = Path(str(found.locate_file(file))).resolve()
            if program.parent.name == "bin" and not program.read_bytes().startswith(b"#!"):  # of the Python here
                (python.parent / program.name).symlink_to(program)


def _with_required(names: Iterable[str]) -> Iterator[Distribution]:
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        found = distribution(waiting.pop())
        if found.name in seen:
            continue
        seen.add(found.name)
        yield found
        requirements = map(Requirement, found.requires or ())
        waiting += [one.name for one in requirements if one.marker is None or one.marker.evaluate({"extra": ""})]
