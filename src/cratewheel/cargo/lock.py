"""Cargo.lock: where it is, which packages it takes from the disk, and what is left of it for fewer crates.

The file as cargo writes it: one `[[package]]` after the other, whose dependencies are named no longer than it takes to
tell them apart (https://doc.rust-lang.org/cargo/guide/cargo-toml-vs-cargo-lock.html).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cratewheel import toml
from cratewheel.files import is_file, project_roots

NAME = "Cargo.lock"
FORMATS = (3, 4)  # older ones keep checksums in a table of their own
PACKAGE = re.compile(r"(?m)^(?=\[\[package\]\]\r?$)")
AFTER_PACKAGES = re.compile(r"(?m)^(?=\[(?!\[package\]\]))")
DEPENDENCY = re.compile(r'(?m)^ "([^"\n]+)",(?=\r?$)')


def find(crate: Path, workspace_root: Path) -> Path | None:
    """Return the lock file that cargo uses for the crate in the folder `crate`, or None where there is none.

    Cargo reads the workspace root's; one beside a crate that has a workspace above it is left over, but is better than
    nothing to those who unpack the crate. Raises `ConfigError` for a pipe, a socket or a device.
    """
    for folder in (workspace_root, crate):
        candidate = folder / NAME
        if is_file(candidate):
            return candidate
    return None


def local_packages(path: Path | None) -> frozenset[str]:
    """Return the names of the packages of a lock file that come from no registry or repository: those found by path.

    Without a file there are none. Raises `ConfigError` when it is not TOML.
    """
    if path is None:
        return frozenset()
    packages = toml.load(path, project_roots(path.parent)).get("package", [])
    return frozenset(package["name"] for package in packages if "source" not in package)


def pruned(text: str, crates: Iterable[str]) -> str:
    r"""Return the lock file `text` reduced to the local packages named `crates` and what they depend on.

    The text itself comes back where nothing is to go, where it lacks one of the crates, and in formats older than 3.
    Raises `ValueError` when it is not TOML.

    >>> lines = ["version = 4", "", "[[package]]", 'name = "app"', 'version = "1.0.0"', ""]
    >>> text = "\n".join([*lines, "[[package]]", 'name = "gone"', 'version = "2.0.0"', ""])
    >>> pruned(text, ["app"]) == "\n".join(lines)
    True
    """
    document = toml.loads(text)
    packages = {_key(package): package for package in document.get("package", [])}
    roots = {package["name"]: key for key, package in packages.items() if "source" not in package}
    if document.get("version") not in FORMATS or not roots.keys() >= set(crates):
        return text
    kept = _reachable((roots[name] for name in crates), packages)
    if len(kept) == len(packages):
        return text
    head, *blocks = PACKAGE.split(text)
    *others, last = blocks
    last, *tail = AFTER_PACKAGES.split(last, maxsplit=1)
    chosen = [
        DEPENDENCY.sub(lambda found: f' "{_short(found[1], kept)}",', block)
        for block in (*others, last)
        if _key(toml.loads(block)["package"][0]) in kept
    ]
    end = "".join(tail)
    whole = head + "".join(chosen)
    return whole + end if end else whole.rstrip("\r\n") + ("\r\n" if "\r\n" in head else "\n")


Key = tuple[str, str, str]


def _key(package: Mapping[str, Any]) -> Key:
    return package["name"], package["version"], package.get("source", "")


def _reachable(roots: Iterable[Key], packages: Mapping[Key, Mapping[str, Any]]) -> frozenset[Key]:
    by_name: dict[str, list[Key]] = defaultdict(list)
    for key in packages:
        by_name[key[0]].append(key)
    queue = list(roots)
    seen: set[Key] = set()
    while queue:
        key = queue.pop()
        if key not in seen:
            seen.add(key)
            for dependency in packages[key].get("dependencies", []):
                queue.extend(_meant(dependency, by_name[dependency.split(" ")[0]]))
    return frozenset(seen)


def _meant(dependency: str, same_name: Iterable[Key]) -> Iterator[Key]:
    """Yield the packages that `name`, `name version` or `name version (source)` may mean: one, in a sound file."""
    _, version, source = (*dependency.split(" ", 2), "", "")[:3]
    for key in same_name:
        # the source of a git dependency stands without its commit where that is not needed
        if version in ("", key[1]) and (not source or key[2].startswith(source.strip("()"))):
            yield key


def _short(dependency: str, kept: Iterable[Key]) -> str:
    """Return the shortest name of a dependency among the packages kept, as cargo spells it."""
    name, version, _ = (*dependency.split(" ", 2), "", "")[:3]
    same_name = [key for key in kept if key[0] == name]
    if len(same_name) == 1:
        return name
    if len([key for key in same_name if key[1] == version]) == 1:
        return f"{name} {version}"
    return dependency
