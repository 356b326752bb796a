"""pyenv: its installed versions, and the ones that its shims run.

A shim takes a fifth of a second to find out what two small files say, so it is answered for here instead of run. The
rules are those of `pyenv version-name` and `pyenv which`:
https://github.com/pyenv/pyenv#understanding-python-version-selection
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

_NUMBERED = r"[0-9]+(\.[0-9]+)*t?"
_UNFINISHED = r"(-dev|-src|-latest|(a|b|rc)[0-9]+)$"


def roots(environ: Mapping[str, str], home: Path | None) -> tuple[Path, ...]:
    """Return the pyenv folders of this machine: PYENV_ROOT, those with shims on PATH, and `~/.pyenv`."""
    named = [Path(environ[name]) for name in ("PYENV_ROOT", "PYENV") if environ.get(name)]  # PYENV: pyenv-win
    on_path = [folder.parent for folder in path_folders(environ) if folder.name == "shims"]
    default = [home / ".pyenv", home / ".pyenv" / "pyenv-win"] if home else []
    found = dict.fromkeys(root for root in (*named, *on_path, *default) if (root / "versions").is_dir())
    return tuple(found)


def path_folders(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the absolute folders of PATH, in order, without duplicates."""
    words = environ.get("PATH", os.defpath).split(os.pathsep)
    return tuple(dict.fromkeys(Path(word) for word in words if os.path.isabs(word)))  # noqa: PTH117 (before it is a Path)


def list_versions(root: Path) -> tuple[Path, ...]:
    """Return the version folders of a pyenv root: CPython versions first, newest first, then the others.

    Virtual environments that pyenv-virtualenv links here come among the others.
    """
    try:
        found = [entry for entry in (root / "versions").iterdir() if entry.is_dir()]
    except OSError:
        return ()
    return tuple(sorted(found, key=lambda entry: _newest_first(entry.name)))


def active_versions(root: Path, environ: Mapping[str, str], cwd: Path) -> tuple[Path, ...]:
    """Return the version folders that the shims of `root` use in the folder `cwd`, in order.

    PYENV_VERSION decides, else the nearest `.python-version` above PYENV_DIR and `cwd`, else the file `version` of the
    root. A word may be the beginning of a version; one that is not there, and `system`, give nothing.
    """
    words = (
        environ.get("PYENV_VERSION", "").split(":") if environ.get("PYENV_VERSION") else _selected(root, environ, cwd)
    )
    found = [_resolve(root, word) for word in words if word and word != "system"]
    return tuple(dict.fromkeys(folder for folder in found if folder is not None))


def _selected(root: Path, environ: Mapping[str, str], cwd: Path) -> list[str]:
    starts = [Path(environ["PYENV_DIR"])] if environ.get("PYENV_DIR") else []
    local = [folder / ".python-version" for start in (*starts, cwd) for folder in (start, *start.parents)]
    for file in (*local, root / "version"):
        if file.is_file():
            return _words(file)
    return []


def _words(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    first = [line.split()[0] for line in lines if line.strip()]
    # a word with a slash would lead out of the folder of versions (CVE-2022-35861)
    return [word for word in first if not word.startswith("#") and "/" not in word and word != ".."]


def _resolve(root: Path, word: str) -> Path | None:
    for name in (word, word.removeprefix("python-")):
        folder = root / "versions" / name
        if folder.is_dir():
            return folder
    wanted = word.removeprefix("python-")
    free = "t" if wanted.endswith("t") else ""
    stem = wanted.removesuffix("t")
    for folder in list_versions(root):
        name = folder.name
        if not name.startswith((f"{stem}.", f"{stem}-")) or re.search(_UNFINISHED, name):
            continue
        if name.endswith("t") == bool(free):
            return folder
    return None


def _newest_first(name: str) -> tuple[bool, tuple[int, ...], str]:
    numbers = tuple(-int(part) for part in re.findall(r"[0-9]{1,18}", name))
    return (re.fullmatch(_NUMBERED, name) is None, numbers or (0,), name)
