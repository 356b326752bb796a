"""Which crates were compiled in: read from a bill of materials, from cargo-auditable's section, or a Cargo.lock.

Where none of these is there, the names of source files in messages of panics tell most of them. See PEP 770 for
`sboms/`, https://cyclonedx.org/docs/1.5/json/, and https://github.com/rust-secure-code/cargo-auditable.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from cratewheel.commands.inspect.model import Crate

LARGEST_LIST = 32 << 20  # bytes of a list of crates, unpacked

_PATH = re.compile(
    rb"[/\\]registry[/\\]src[/\\][\w.-]{1,80}[/\\]([A-Za-z][\w-]{0,63}?)-(\d+\.\d+\.\d+[\w.+-]{0,40})[/\\]", re.ASCII
)


def from_sbom(data: bytes) -> tuple[Crate, ...]:
    """Return the crates of a bill of materials in CycloneDX's JSON that are linked; none if it is something else."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return ()
    return tuple(_from_components(document)) if isinstance(document, dict) else ()


def _from_components(document: dict[str, Any]) -> Iterator[Crate]:
    metadata = document.get("metadata")
    root = metadata.get("component") if isinstance(metadata, dict) else None
    components = document.get("components")
    for component in [root, *(components if isinstance(components, list) else ())]:
        match component:
            case {"name": str(name), "purl": str(purl), **more} if purl.startswith("pkg:cargo/"):
                if more.get("scope") != "excluded":
                    version = more.get("version")
                    yield Crate(
                        name=name,
                        version=version if isinstance(version, str) else "",
                        licence=_licence(more.get("licenses")),
                        source="sbom",
                    )


def _licence(entries: object) -> str | None:
    """Return the licence as one expression, where the entries are several, all of them count."""
    words = []
    for entry in entries if isinstance(entries, list) else ():
        match entry:
            case {"expression": str(text)} | {"license": {"id": str(text)}} | {"license": {"name": str(text)}}:
                words.append(text)
    return " AND ".join(words) or None


def from_auditable(data: bytes) -> tuple[Crate, ...]:
    """Return the crates of cargo-auditable's section: JSON that zlib has packed; none if it is damaged."""
    unpacker = zlib.decompressobj()
    try:
        document = json.loads(unpacker.decompress(data, LARGEST_LIST))
    except (zlib.error, ValueError, RecursionError):
        return ()
    packages = document.get("packages") if isinstance(document, dict) else None
    found = []
    for package in packages if isinstance(packages, list) else ():
        match package:
            case {"name": str(name), "version": str(version), **more} if more.get("kind", "runtime") == "runtime":
                found.append(Crate(name=name, version=version, licence=None, source="auditable"))
    return tuple(found)


def from_lockfile(packages: Iterable[object]) -> tuple[Crate, ...]:
    """Return the crates of a Cargo.lock."""
    found = []
    for package in packages:
        match package:
            case {"name": str(name), "version": str(version)}:
                found.append(Crate(name=name, version=version, licence=None, source="lockfile"))
    return tuple(found)


def from_paths(data: bytes) -> tuple[Crate, ...]:
    """Return the crates whose source files the texts of a compiled file name, as the messages of panics do.

    >>> from_paths(b"/root/.cargo/registry/src/index.crates.io-6f17/memchr-2.7.4/src/lib.rs")
    (Crate(name='memchr', version='2.7.4', licence=None, source='paths'),)
    """
    found = dict.fromkeys(_PATH.findall(data))
    return tuple(
        Crate(name=name.decode(), version=version.decode(), licence=None, source="paths") for name, version in found
    )


def merge(groups: Iterable[tuple[Crate, ...]]) -> tuple[Crate, ...]:
    """Return each crate once, sorted; of several that say the same the first counts, for it may know the licence."""
    found: dict[tuple[str, str], Crate] = {}
    for group in groups:
        for crate in group:
            found.setdefault((crate.name.replace("_", "-"), crate.version), crate)
    return tuple(found[key] for key in sorted(found))
