"""Cargo.lock: where it is, which packages it takes from the disk, and what is left of it for fewer crates.

The file as cargo writes it: one `[[package]]` after the other, whose dependencies are named no longer than it takes to
tell them apart (https://doc.rust-lang.org/cargo/guide/cargo-toml-vs-cargo-lock.html).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from cratewheel.errors import ConfigError
from cratewheel.system import toml
from cratewheel.system.files import is_file, project_roots

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
    listed = packages(toml.load(path, project_roots(path.parent)), path)
    return frozenset(package["name"] for package in listed if "source" not in package)


def packages(document: Mapping[str, Any], path: PurePath) -> list[Mapping[str, Any]]:
    """Return the packages of a parsed lock file; raises `ConfigError` where it is not as cargo writes it."""
    listed = document.get("package", [])
    if not isinstance(listed, list) or not all(map(_is_package, listed)):
        raise ConfigError(
            f"{path} is no lock file of cargo: a [[package]] has a value of a wrong kind, or lacks its name or version",
            hint="restore it, or remove it and let cargo write it anew",
        )
    return listed


def _is_package(value: object) -> bool:
    if not isinstance(value, Mapping):
        return False
    dependencies = value.get("dependencies", [])
    return (
        isinstance(value.get("name"), str)
        and isinstance(value.get("version"), str)
        and all(isinstance(value.get(key, ""), str) for key in ("source", "checksum"))
        and isinstance(dependencies, list)
        and all(isinstance(dependency, str) for dependency in dependencies)
    )


def pruned(text: str, crates: Iterable[str]) -> str:
    r"""Return the lock file `text` reduced to the local packages named `crates` and what they depend on.

    The text itself comes back where nothing is to go, where it lacks one of the crates, and in formats older than 3.
    Raises `ValueError` when it is not TOML, `ConfigError` when it is no lock file.

    >>> lines = ["version = 4", "", "[[package]]", 'name = "app"', 'version = "1.0.0"', ""]
    >>> text = "\n".join([*lines, "[[package]]", 'name = "gone"', 'version = "2.0.0"', ""])
    >>> pruned(text, ["app"]) == "\n".join(lines)
    True
    """
    document = toml.loads(text)
    locked = {_key(package): package for package in packages(document, PurePath(NAME))}
    roots = {package["name"]: key for key, package in locked.items() if "source" not in package}
    if document.get("version") not in FORMATS or not roots.keys() >= set(crates):
        return text
    kept = _reachable((roots[name] for name in crates), locked)
    if len(kept) == len(locked):
        return text
    named: dict[str, list[Key]] = defaultdict(list)
    for key in kept:
        named[key[0]].append(key)
    head, *blocks = PACKAGE.split(text)
    *others, last = blocks
    last, *tail = AFTER_PACKAGES.split(last, maxsplit=1)
    try:
        keys = [_key(toml.loads(block)["package"][0]) for block in (*others, last)]
    except (LookupError, ValueError):  # what looks like the beginning of a package is a line of a text
        return text
    chosen = [
        DEPENDENCY.sub(lambda found: f' "{_short(found[1], named)}",', block)
        for key, block in zip(keys, (*others, last), strict=True)
        if key in kept
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
    followed: set[str] = set()
    while queue:
        key = queue.pop()
        if key not in seen:
            seen.add(key)
            for dependency in set(packages[key].get("dependencies", [])) - followed:
                followed.add(dependency)
                queue.extend(_meant(dependency, by_name[dependency.split(" ")[0]]))
    return frozenset(seen)


def _meant(dependency: str, same_name: Iterable[Key]) -> Iterator[Key]:
    """Yield the packages that `name`, `name version` or `name version (source)` may mean: one, in a sound file."""
    _, version, source = (*dependency.split(" ", 2), "", "")[:3]
    for key in same_name:
        # the source of a git dependency stands without its commit where that is not needed
        if version in ("", key[1]) and (not source or key[2].startswith(source.strip("()"))):
            yield key


def _short(dependency: str, kept: Mapping[str, list[Key]]) -> str:
    """Return the shortest name of a dependency among the packages kept, as cargo spells it."""
    name, version, _ = (*dependency.split(" ", 2), "", "")[:3]
    same_name = kept.get(name, [])
    if len(same_name) == 1:
        return name
    if len([key for key in same_name if key[1] == version]) == 1:
        return f"{name} {version}"
    return dependency
