"""What is sent: the fields of the form, and the body."""

from __future__ import annotations

from pathlib import Path

import pytest

import uploads
from cratewheel.commands.publish import form
from cratewheel.commands.publish.checks import check
from cratewheel.commands.publish.distribution import read_archive
from cratewheel.errors import UploadError


def test_the_form_has_all_digests_and_all_metadata(tmp_path: Path) -> None:
    newest = uploads.METADATA.replace("2.4", "2.5").replace("\n\n", "\nImport-Name: demo\nImport-Namespace: ns\n\n", 1)
    path = uploads.wheel(tmp_path, metadata=newest)
    checked = check(read_archive(path), pypi=True)
    assert checked.problems == ()
    fields = form.fields(checked, "[{}]")
    assert sorted(fields) == sorted(
        [
            (":action", "file_upload"),
            ("protocol_version", "1"),
            ("filetype", "bdist_wheel"),
            ("pyversion", "cp312"),
            ("md5_digest", uploads.digest(path, "md5")),
            ("sha256_digest", uploads.digest(path)),
            ("blake2_256_digest", read_archive(path).digests.blake2_256),
            ("metadata_version", "2.5"),
            ("name", "demo"),
            ("version", "1.0"),
            ("summary", "A demonstration"),
            ("keywords", "rust,wheel"),
            ("author_email", "Ann <ann@example.org>"),
            ("license_expression", "MIT"),
            ("license_file", "LICENSE"),
            ("classifiers", "Programming Language :: Rust"),
            ("classifiers", "Programming Language :: Python :: 3"),
            ("requires_python", ">=3.8"),
            ("requires_dist", "numpy>=1.20"),
            ("provides_extra", "fast"),
            ("project_urls", "Source, https://example.org/demo"),
            ("description_content_type", "text/markdown; charset=UTF-8; variant=GFM"),
            ("description", "# demo\n\nGrüße.\n"),
            ("import_name", "demo"),
            ("import_namespace", "ns"),
            ("attestations", "[{}]"),
        ]
    )


def test_an_sdist_is_of_the_python_version_source(tmp_path: Path) -> None:
    checked = check(read_archive(uploads.sdist(tmp_path)), pypi=True)
    assert [value for name, value in form.fields(checked) if name in ("filetype", "pyversion")] == ["sdist", "source"]


def test_a_body_has_the_length_that_it_says_and_tells_what_was_read(tmp_path: Path) -> None:
    path = uploads.sdist(tmp_path)
    sent: list[int] = []
    with form.Body((("name", "dé"),), path, path.stat().st_size, sent.append) as body:
        parts = list(iter(lambda: body.read(1000), b""))
    whole = b"".join(parts)
    boundary = body.content_type.partition("boundary=")[2]
    assert max(map(len, parts)) <= 1000
    assert len(whole) == body.length == sum(sent)
    assert (
        whole
        == (
            f'--{boundary}\r\nContent-Disposition: form-data; name="name"\r\n\r\ndé\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="content"; filename="{path.name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        + path.read_bytes()
        + f"\r\n--{boundary}--\r\n".encode()
    )


def test_a_file_that_has_changed_since_is_not_sent(tmp_path: Path) -> None:
    path = uploads.sdist(tmp_path)
    body = form.Body((), path, path.stat().st_size + 1, lambda _: None)
    with pytest.raises(UploadError, match="has changed since it was checked"), body:
        pass
    path.unlink()
    with pytest.raises(UploadError, match="cannot be read: No such file"), body:
        pass
