"""What the Simple API of a repository says, and what it is compared with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import uploads
from cratewheel.commands.publish.distribution import read_archive
from cratewheel.commands.publish.http import Transport
from cratewheel.commands.publish.index import UNKNOWN, Listing, compare, read_listing
from cratewheel.commands.publish.repository import Repository

pytest.importorskip("urllib3")

HTML = b'<a href="../f/demo-1.0.tar.gz#sha256=AB">x</a> <a href="demo-1.0+x.whl">y</a>'
JSON = json.dumps({"files": [{"filename": "demo-1.0.tar.gz", "hashes": {"sha256": "ab"}, "url": "x"}]}).encode()


def listing(reply: uploads.Reply | None) -> Listing:
    pages = {} if reply is None else {"/simple/demo/": reply}
    with uploads.serving(pages=pages) as server:
        base = server.url.removesuffix("legacy/")
        repository = Repository(url=server.url, simple_urls=(f"{base}nothing/", f"{base}simple"))
        return read_listing("demo", repository, Transport(environ={}, timeout=10), ("ann", "pw"))


def test_a_page_of_json() -> None:
    reply = uploads.Reply(body=JSON, headers={"Content-Type": "application/vnd.pypi.simple.v1+json"})
    assert listing(reply) == Listing(files={"demo-1.0.tar.gz": {"sha256": "ab"}})


def test_a_page_of_html() -> None:
    reply = uploads.Reply(body=HTML, headers={"Content-Type": "text/html"})
    assert listing(reply) == Listing(files={"demo-1.0.tar.gz": {"sha256": "ab"}, "demo-1.0+x.whl": {}})


@pytest.mark.parametrize(
    "reply",
    [
        None,
        uploads.Reply(status=303, headers={"Location": "https://pypi.org/simple/demo/"}),
        uploads.Reply(body=b"{}", headers={"Content-Type": "application/json"}),
        uploads.Reply(body=b"hello", headers={"Content-Type": "text/plain"}),
    ],
)
def test_what_is_no_page_says_nothing(reply: uploads.Reply | None) -> None:
    assert listing(reply) == UNKNOWN


def test_a_page_with_a_declaration_that_is_none_has_no_files() -> None:
    reply = uploads.Reply(body=b"<![]DOCTYPE html>", headers={"Content-Type": "text/html"})
    # newer releases of Python take it for a comment, as browsers do
    assert listing(reply) in (UNKNOWN, Listing(files={}))


def test_a_file_is_the_same_if_a_known_hash_is_the_same(tmp_path: Path) -> None:
    archive = read_archive(uploads.sdist(tmp_path))
    told: list[dict[str, str]] = [
        {"sha256": archive.digests.sha256, "md5": "0"},
        {"md5": archive.digests.md5},
        {"sha512": uploads.digest(archive.path, "sha512")},
        {"sha256": "0"},
        {"crc": "0"},
        {},
    ]
    found = [compare(archive, Listing(files={archive.name: hashes})) for hashes in told]
    assert compare(archive, Listing(files={})) == "absent"
    assert found == ["same", "same", "same", "other", "unknown", "unknown"]
    assert compare(archive, UNKNOWN) == "unknown"
