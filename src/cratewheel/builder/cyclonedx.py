"""Writes SBOMs in CycloneDX 1.5 JSON, reproducibly: the same crates give the same bytes.

See https://cyclonedx.org/docs/1.5/json/, and https://github.com/package-url/purl-spec for the `purl` of a crate. The
document has no random serial number, time of the build or absolute path: a crate of the workspace is identified by its
path relative to the wheel's crate, another local crate by its name.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import PurePath
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, unquote

from cratewheel.cargo import licences
from cratewheel.cargo.lockfile import packages
from cratewheel.cargo.model import CargoMetadata, CrateTarget, DependencyKind, Package
from cratewheel.system.redaction import strip_userinfo

Json = dict[str, Any]
Checksums = Mapping[tuple[str, str], str]

SPEC_VERSION = "1.5"
CRATES_IO = ("registry+https://github.com/rust-lang/crates.io-index", "sparse+https://index.crates.io/")

_SHIPPED: tuple[DependencyKind, ...] = ("normal", "build")
_NOT_SHIPPED = frozenset(("bench", "custom-build", "example", "test"))
_AUTHOR = r"(?P<name>[^<]*?)\s*(?:<(?P<email>[^>]+)>)?"


def file_name(metadata: CargoMetadata) -> str:
    """Return the file name in `sboms/` of the wheel's dist-info (PEP 770)."""
    return f"{metadata.root_package.name}.cyclonedx.json"


def checksums(lock: Mapping[str, Any], path: PurePath) -> dict[tuple[str, str], str]:
    """Return the SHA-256 of each registry crate in the parsed Cargo.lock at `path`, by name and version."""
    return {
        (package["name"], package["version"]): package["checksum"]
        for package in packages(lock, path)
        if "checksum" in package
    }


def crates(
    metadata: CargoMetadata,
    *,
    tool_version: str,
    hashes: Checksums = MappingProxyType({}),
    targets: tuple[str, ...] = (),
    timestamp: int | None = None,
    clarified: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """Return the SBOM of the root package: the package itself and the crates that its build needs.

    Dev-dependencies are skipped; crates needed only by build scripts have the scope "excluded". `targets`
    are the triples that `metadata` was resolved for, or empty for all platforms; `hashes` come from `checksums`;
    `timestamp` is SOURCE_DATE_EPOCH, if it is set; `clarified` are licences that the project says, by a crate's name.
    """
    assert metadata.root is not None, "a virtual workspace has no wheel"
    edges = {package: _edges(metadata, package, _SHIPPED) for package in metadata.nodes}
    reached = _reachable(metadata.root, edges)
    required = _reachable(
        metadata.root, {package: _edges(metadata, package, ("normal",)) for package in metadata.nodes}
    )
    references = {package: _purl(metadata, metadata.packages[package]) for package in reached}
    components = [
        _component(
            replace(one, license=clarified.get(one.name, one.license)),
            references[package],
            hashes,
            required=package in required,
        )
        for package in sorted(reached - {metadata.root}, key=lambda package: references[package])
        for one in [metadata.packages[package]]
    ]
    dependencies = [
        {"ref": references[package], "dependsOn": sorted(references[other] for other in edges[package])}
        for package in sorted(reached, key=lambda package: (package != metadata.root, references[package]))
    ]
    document: Json = {
        "version": 1,
        "metadata": _metadata(metadata, references[metadata.root], tool_version, targets, timestamp),
        "components": components,
        "dependencies": [entry if entry["dependsOn"] else {"ref": entry["ref"]} for entry in dependencies],
    }
    return _document(document)


def grafted(
    name: str,
    version: str,
    libraries: Iterable[tuple[str, str, str | None]],
    *,
    tool_version: str,
    timestamp: int | None,
) -> bytes:
    """Return the SBOM of the libraries copied into a wheel of the distribution `name`.

    Each library has its file name in the wheel, the SHA-256 of the original file, and the package URL of
    the system package that installed it, if known.
    """
    # package URLs of PyPI have names in lower case, with dashes
    own = f"pkg:pypi/{quote(name.lower().replace('_', '-'), safe='')}@{quote(version, safe='')}"
    components: list[Json] = []
    for file, sha256, purl in sorted(libraries):
        component: Json = {"type": "library", "bom-ref": f"file:{file}", "name": file}
        component["hashes"] = [{"alg": "SHA-256", "content": sha256}]
        if purl is not None:
            component["purl"] = purl
            component["version"] = unquote(purl.partition("@")[2].partition("?")[0])
        components.append(component)
    about: Json = {"timestamp": _timestamp(timestamp)} if timestamp is not None else {}
    about["tools"] = {"components": [{"type": "application", "name": "cratewheel", "version": tool_version}]}
    about["component"] = {"type": "library", "bom-ref": own, "name": name, "version": version, "purl": own}
    references = [component["bom-ref"] for component in components]
    dependencies: list[Json] = [{"ref": own, "dependsOn": references}, *({"ref": one} for one in references)]
    return _document({"version": 1, "metadata": about, "components": components, "dependencies": dependencies})


def _document(content: Json) -> bytes:
    head: Json = {"bomFormat": "CycloneDX", "specVersion": SPEC_VERSION}
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps({**head, **content}, sort_keys=True))
    document = {**head, "serialNumber": f"urn:uuid:{serial}", **content}
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def _timestamp(timestamp: int) -> str:
    moment = datetime.datetime.fromtimestamp(timestamp, tz=datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _edges(metadata: CargoMetadata, package: str, kinds: Iterable[DependencyKind]) -> tuple[str, ...]:
    wanted = set(kinds)
    return tuple({edge.package: None for edge in metadata.nodes[package].dependencies if wanted & set(edge.kinds)})


def _reachable(start: str, edges: Mapping[str, tuple[str, ...]]) -> set[str]:
    seen = {start}
    queue = [start]
    while queue:
        new = [package for package in edges[queue.pop()] if package not in seen]
        seen.update(new)
        queue.extend(new)
    return seen


def _metadata(
    metadata: CargoMetadata, reference: str, tool_version: str, targets: tuple[str, ...], timestamp: int | None
) -> Json:
    root = metadata.root_package
    main = _component(root, reference, {}, required=True)
    main["type"] = _type(root.targets)
    parts = [
        {
            "type": _type((target,)),
            "bom-ref": f"{reference}#{target.kinds[0]}:{target.name}",
            "name": target.name,
            "version": root.version,
            "purl": f"{reference}#{quote(_source_name(target, root))}",
        }
        for target in root.targets
        if not _NOT_SHIPPED.intersection(target.kinds)
    ]
    if parts:
        main["components"] = parts
    about: Json = {}
    if timestamp is not None:
        about["timestamp"] = _timestamp(timestamp)
    about["tools"] = {"components": [{"type": "application", "name": "cratewheel", "version": tool_version}]}
    authors = [author for text in root.authors if (author := _author(text))]
    if authors:
        about["authors"] = authors
    about["component"] = main
    about["properties"] = [{"name": "cdx:rustc:sbom:target:triple", "value": target} for target in targets] or [
        {"name": "cdx:rustc:sbom:target:all_targets", "value": "true"}
    ]
    return about


def _component(package: Package, reference: str, hashes: Checksums, *, required: bool) -> Json:
    component: Json = {"type": "library", "bom-ref": reference}
    if package.authors:
        component["author"] = ", ".join(package.authors)
    component["name"] = package.name
    component["version"] = package.version
    if package.description:
        component["description"] = " ".join(package.description.split())
    component["scope"] = "required" if required else "excluded"
    digest = hashes.get((package.name, package.version))
    if digest and package.source is not None:
        component["hashes"] = [{"alg": "SHA-256", "content": digest}]
    licences = _licences(package)
    if licences:
        component["licenses"] = licences
    component["purl"] = reference
    links = (
        ("documentation", package.documentation),
        ("website", package.homepage),
        ("vcs", package.repository),
    )
    found = [
        {"type": kind, "url": strip_userinfo(url, mark="")} for kind, url in links if url and not re.search(r"\s", url)
    ]
    if found:
        component["externalReferences"] = found
    return component


def _licences(package: Package) -> list[Json]:
    if package.license:
        try:
            return [{"expression": licences.canonical(package.license)}]
        except licences.NotALicenceError:
            return [{"license": {"name": package.license}}]
    if package.license_file:
        return [{"license": {"name": f"see {PurePath(package.license_file).name}"}}]
    return []


def _purl(metadata: CargoMetadata, package: Package) -> str:
    purl = f"pkg:cargo/{quote(package.name)}@{quote(package.version)}"
    source = package.source
    if source in CRATES_IO:
        return purl
    if source is None:
        return f"{purl}?download_url=file://{quote(_relative_path(metadata, package))}"
    scheme, _, address = source.partition("+")
    if scheme == "git":
        repository, _, commit = address.partition("#")
        place = _public_url(repository.partition("?")[0])
        return f"{purl}?vcs_url={quote(f'git+{place}@{commit}', safe=':/')}"
    return f"{purl}?repository_url={quote(_public_url(address or source), safe=':/')}"


def _relative_path(metadata: CargoMetadata, package: Package) -> str:
    """Return the path to a crate relative to the wheel's crate; None for a crate outside of its workspace."""
    folder, home = package.manifest_path.parent, metadata.root_package.manifest_path.parent
    if not folder.is_relative_to(metadata.workspace_root):
        return package.name
    return PurePath(os.path.relpath(folder, home)).as_posix()


def _public_url(url: str) -> str:
    """Return a URL without user and password; of a local one, only the last part.

    >>> _public_url("https://me:secret@example.org/index"), _public_url("file:///home/me/index/")
    ('https://example.org/index', 'file:///index')
    """
    if url.startswith("file:"):
        return f"file:///{url.rstrip('/').rpartition('/')[2]}"
    return strip_userinfo(url, mark="")


def _source_name(target: CrateTarget, package: Package) -> str:
    """Return the path of a target's source relative to the crate, or its name if it is elsewhere."""
    folder = package.manifest_path.parent
    inside = target.source.is_relative_to(folder)
    return target.source.relative_to(folder).as_posix() if inside else target.source.name


def _type(targets: Iterable[CrateTarget]) -> str:
    shipped = [target for target in targets if not _NOT_SHIPPED.intersection(target.kinds)]
    return "application" if shipped and all("bin" in target.kinds for target in shipped) else "library"


def _author(text: str) -> Json:
    match = re.fullmatch(_AUTHOR, text.strip())
    return {} if match is None else {key: value for key, value in match.groupdict().items() if value}
