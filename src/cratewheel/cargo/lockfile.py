"""Reads and prunes Cargo.lock.

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
FORMATS = (3, 4)  # older formats keep checksums in a separate table
PACKAGE = re.compile(r"(?m)^(?=\[\[package\]\]\r?$)")
AFTER_PACKAGES = re.compile(r"(?m)^(?=\[(?!\[package\]\]))")
DEPENDENCY = re.compile(r'(?m)^ "([^"\n]+)",(?=\r?$)')


def find(crate: Path, workspace_root: Path) -> Path | None:
    """Return the lock file that cargo uses for the crate in the folder `crate`, or None.

    Cargo reads the workspace root's; one beside a crate that has a workspace above it is left over, but is better than
    nothing to those who unpack the crate. Raises `ConfigError` for a pipe, a socket or a device.
    """
    for folder in (workspace_root, crate):
        candidate = folder / NAME
        if is_file(candidate):
            return candidate
    return None


def local_packages(path: Path | None) -> frozenset[str]:
    """Return the names of the packages in a lock file that are path dependencies.

    Without a file there are none. Raises `ConfigError` when it is not TOML.
    """
    if path is None:
        return frozenset()
    listed = packages(toml.load_file(path, project_roots(path.parent)), path)
    return frozenset(package["name"] for package in listed if "source" not in package)


def packages(document: Mapping[str, Any], path: PurePath) -> list[Mapping[str, Any]]:
    """Return the packages of a parsed lock file; raises `ConfigError` if it is not valid."""
    listed = document.get("package", [])
    if not isinstance(listed, list) or not all(map(_is_package, listed)):
        raise ConfigError(
            f"{path} is not a valid Cargo.lock: a [[package]] has a value of the wrong type, or no name or version",
            hint="restore it, or delete it so that cargo writes a new one",
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


def prune(text: str, crates: Iterable[str]) -> str:
    r"""Return the lock file `text` reduced to the local packages named `crates` and their dependencies.

    The text itself comes back where nothing is to go, where it lacks one of the crates, and in formats older than 3.
    Raises `ValueError` when it is not TOML, `ConfigError` when it is no lock file.

    >>> lines = ["version = 4", "", "[[package]]", 'name = "app"', 'version = "1.0.0"', ""]
    >>> text = "\n".join([*lines, "[[package]]", 'name = "gone"', 'version = "2.0.0"', ""])
    >>> prune(text, ["app"]) == "\n".join(lines)
    True
    """
    document = toml.parse(text)
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
        keys = [_key(toml.parse(block)["package"][0]) for block in (*others, last)]
    except (LookupError, ValueError):  # a line of a string looked like the start of a package
        return text
    chosen = [
        DEPENDENCY.sub(lambda found: f' "{_short_name(found[1], named)}",', block)
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
                queue.extend(_candidates(dependency, by_name[dependency.split(" ")[0]]))
    return frozenset(seen)


def _candidates(dependency: str, same_name: Iterable[Key]) -> Iterator[Key]:
    """Yield the packages that `name`, `name version` or `name version (source)` may mean: one in a valid file."""
    _, version, source = (*dependency.split(" ", 2), "", "")[:3]
    for key in same_name:
        # the source of a git dependency has no commit
        if version in ("", key[1]) and (not source or key[2].startswith(source.strip("()"))):
            yield key


def _short_name(dependency: str, kept: Mapping[str, list[Key]]) -> str:
    """Return the shortest unambiguous name of a dependency among the kept packages, as cargo writes it."""
    name, version, _ = (*dependency.split(" ", 2), "", "")[:3]
    same_name = kept.get(name, [])
    if len(same_name) == 1:
        return name
    if len([key for key in same_name if key[1] == version]) == 1:
        return f"{name} {version}"
    return dependency
