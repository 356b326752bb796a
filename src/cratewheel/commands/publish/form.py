"""The form of an upload: metadata and digests as its fields, and the body that is sent.

See https://docs.pypi.org/api/upload/.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cratewheel.commands.publish.checks import Checked
from cratewheel.errors import UploadError
from cratewheel.system.tasks import check_cancelled

if TYPE_CHECKING:
    from typing_extensions import Self

# Fields whose name in the form is not that of `packaging`
NAMES = {
    "platforms": "platform",
    "supported_platforms": "supported_platform",
    "license_files": "license_file",
    "import_names": "import_name",
    "import_namespaces": "import_namespace",
}

Fields = tuple[tuple[str, str], ...]


def fields(checked: Checked, attestations: str | None = None) -> Fields:
    """Return the fields of the form, in the order in which they are sent; lists are fields of the same name."""
    archive = checked.archive
    return (
        (":action", "file_upload"),
        ("protocol_version", "1"),
        ("filetype", archive.filetype),
        ("pyversion", checked.pyversion),
        ("md5_digest", archive.digests.md5),
        ("sha256_digest", archive.digests.sha256),
        ("blake2_256_digest", archive.digests.blake2_256),
        *_metadata_fields(checked),
        *((("attestations", attestations),) if attestations is not None else ()),
    )


def _metadata_fields(checked: Checked) -> Iterator[tuple[str, str]]:
    for raw_name, value in checked.raw.items():
        name = NAMES.get(raw_name, raw_name)
        match value:
            case str():
                yield name, value
            case dict():
                yield from ((name, f"{label}, {url}") for label, url in value.items())
            case list() if name == "keywords":
                yield name, ",".join(value)
            case list():
                yield from ((name, item) for item in value)


class Body:
    """The body of a form with one file, to be read once; `sent` is told how many bytes were read each time."""

    def __init__(self, form: Fields, path: Path, size: int, sent: Callable[[int], None]) -> None:
        boundary = os.urandom(16).hex()
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._head = b"".join(_parts(form, boundary)) + _part(boundary, "content", path.name)
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._path, self._size, self._sent = path, size, sent
        self.length = len(self._head) + size + len(self._tail)
        self._chunks: Iterator[bytes] = iter(())
        self._rest = b""

    def __enter__(self) -> Self:
        """Open the file; raises `UploadError` where it is not the one that was checked."""
        try:
            self._stream = self._path.open("rb")
            size = os.fstat(self._stream.fileno()).st_size
        except OSError as error:
            raise UploadError(f"{self._path} cannot be read: {error.strerror}") from error
        if size != self._size:
            self._stream.close()
            raise UploadError(f"{self._path.name} has changed since it was checked", hint="upload it again")
        self._chunks = self._read_all(self._stream)
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._stream.close()

    def read(self, amount: int = -1) -> bytes:
        """Return the next bytes, at most `amount` of them; none at the end."""
        check_cancelled()
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._rest = chunk
        end = len(self._rest) if amount is None or amount < 0 else amount
        data, self._rest = self._rest[:end], self._rest[end:]
        self._sent(len(data))
        return data

    def _read_all(self, stream: BinaryIO) -> Iterator[bytes]:
        yield self._head
        while chunk := stream.read(1 << 16):
            yield chunk
        yield self._tail


def _parts(form: Iterable[tuple[str, str]], boundary: str) -> Iterator[bytes]:
    for name, value in form:
        yield f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        yield value.encode("utf-8", "surrogateescape")
        yield b"\r\n"


def _part(boundary: str, name: str, file_name: str) -> bytes:
    quoted = file_name.replace("\\", "\\\\").replace('"', '\\"')
    disposition = f'Content-Disposition: form-data; name="{name}"; filename="{quoted}"'
    return f"--{boundary}\r\n{disposition}\r\nContent-Type: application/octet-stream\r\n\r\n".encode()
