"""Which files of a project a repository has: its Simple API (PEP 503, PEP 691)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from cratewheel.commands.publish.distribution import CHUNK, Archive
from cratewheel.commands.publish.http import Transport
from cratewheel.commands.publish.repository import Repository

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"

Hashes = Mapping[str, str]
Comparison = Literal["absent", "same", "other", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The files of a project by name, each with the hashes that are told; not `known` where there is no API."""

    files: Mapping[str, Hashes]
    known: bool = True


UNKNOWN = Listing(files={}, known=False)


def read_listing(
    project: str, repository: Repository, transport: Transport, credentials: tuple[str, str] | None
) -> Listing:
    """Return what the repository has of a project; `UNKNOWN` where its API is at none of the places.

    Raises `ConnectionFailedError` where it cannot be reached.
    """
    for url in repository.simple_urls:
        same_host = urlsplit(url).netloc == urlsplit(repository.url).netloc
        answer = transport.request(
            "GET",
            f"{url.rstrip('/')}/{project}/",
            headers={"Accept": ACCEPT, "Cache-Control": "max-age=0"},
            credentials=credentials if same_host and not repository.is_pypi else None,
        )
        if answer.ok:
            found = _parse(answer.body, answer.headers.get("content-type", ""))
            if found is not None:
                return found
        elif answer.status == 404 and repository.is_pypi:
            return Listing(files={})  # there is no such project yet
    return UNKNOWN


def _parse(body: bytes, kind: str) -> Listing | None:
    if "json" in kind:
        import json

        try:
            return Listing(files={file["filename"]: _hashes(file["hashes"]) for file in json.loads(body)["files"]})
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
    if "html" not in kind:
        return None
    parser = _Links()
    try:
        parser.feed(body.decode("utf-8", "replace"))
    except AssertionError:  # html.parser, for a declaration that is none: `<![]`
        return None
    return Listing(files=parser.files)


def _hashes(found: Any) -> Hashes:
    return {str(name).lower(): str(value).lower() for name, value in found.items()}


class _Links(HTMLParser):
    """Collects the files that a page links to, with the hash in each link's fragment."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, Hashes] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of a link."""
        link = dict(attrs).get("href") if tag == "a" else None
        if not link:
            return
        try:
            parts = urlsplit(link)
        except ValueError:  # it is no URL, and so no file
            return
        algorithm, equals, value = parts.fragment.partition("=")
        self.files[unquote(parts.path.rpartition("/")[2])] = {algorithm.lower(): value.lower()} if equals else {}


def compare(archive: Archive, listing: Listing) -> Comparison:
    """Return whether the repository has a file of this name, and with the same bytes."""
    hashes = listing.files.get(archive.name)
    if not listing.known or hashes is None:
        return "absent" if listing.known else "unknown"
    for algorithm in ("sha256", "sha512", "sha384", "blake2b", "md5", "sha224", "sha1"):
        if algorithm in hashes:
            return "same" if _digest(archive, algorithm) == hashes[algorithm] else "other"
    return "unknown"


def _digest(archive: Archive, algorithm: str) -> str:
    known = {"sha256": archive.digests.sha256, "md5": archive.digests.md5}
    if algorithm in known:
        return known[algorithm]
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with archive.path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
