"""Archives to upload, and a server that answers as a test says."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import io
import socket
import struct
import subprocess
import sys
import tarfile
import threading
import time
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

METADATA = """\
Metadata-Version: 2.4
Name: demo
Version: 1.0
Summary: A demonstration
Keywords: rust,wheel
Author-email: Ann <ann@example.org>
License-Expression: MIT
License-File: LICENSE
Classifier: Programming Language :: Rust
Classifier: Programming Language :: Python :: 3
Requires-Python: >=3.8
Requires-Dist: numpy>=1.20
Provides-Extra: fast
Project-URL: Source, https://example.org/demo
Description-Content-Type: text/markdown; charset=UTF-8; variant=GFM

# demo

Grüße.
"""


def wheel(
    folder: Path,
    *,
    tag: str = "cp312-cp312-manylinux_2_17_x86_64",
    metadata: str = METADATA,
    name: str = "demo-1.0",
    inside: str | None = None,
    record: str | None = None,
    extra: Mapping[str, str] | None = None,
) -> Path:
    """Write a small wheel and return it; `inside` is the tag of its WHEEL file, `record` its RECORD."""
    info = f"{name}.dist-info"
    files = {
        "demo/__init__.py": "x = 1\n",
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {inside or tag}\n",
        f"{info}/licenses/LICENSE": "free\n",
        **(extra or {}),
    }
    path = folder / f"{name}-{tag}.whl"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in files.items():
            archive.writestr(zipfile.ZipInfo(member), text)
        lines = "".join(f"{member},,\n" for member in (*files, f"{info}/RECORD"))
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD"), lines if record is None else record)
    return path


def sdist(folder: Path, *, metadata: str = METADATA, name: str = "demo-1.0", members: Sequence[str] = ()) -> Path:
    """Write a small sdist and return it; `members` are more files, by their whole names."""
    path = folder / f"{name}.tar.gz"
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for member, text in {
            f"{name}/PKG-INFO": metadata,
            f"{name}/LICENSE": "free\n",
            **dict.fromkeys(members, ""),
        }.items():
            info = tarfile.TarInfo(member)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the server answers: `reset` and `silent` are for none at all."""

    status: int = 200
    reason: str = "OK"
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    reset: bool = False
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request as the server got it: the fields of its form, and its file."""

    method: str
    path: str
    user: str | None
    fields: tuple[tuple[str, str], ...] = ()
    file: str | None = None
    content: bytes = b""
    agent: str = ""


OK = Reply()


class Server(ThreadingHTTPServer):
    """Answers the POSTs one after the other as `replies` say, and then with 200; GETs as `pages` say, else with 404."""

    daemon_threads = True

    def __init__(self, replies: Sequence[Reply], pages: Mapping[str, Reply]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies, self.pages = list(replies), pages
        self.received: list[Received] = []
        self.ended = threading.Event()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """The address to upload to."""
        return f"http://127.0.0.1:{self.server_address[1]}/legacy/"

    @property
    def uploads(self) -> list[Received]:
        """The requests that brought a file."""
        return [one for one in self.received if one.file is not None]

    def handle_error(self, request: object, client_address: object) -> None:  # a client may go away
        """Say nothing."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:  # the interface is the library's
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.received.append(_received(self, body))
            page = self.server.pages.get(f"POST {self.path}")
            reply = page or (self.server.replies.pop(0) if self.server.replies else OK)
        self._answer(reply)

    def do_GET(self) -> None:  # as above
        with self.server.lock:
            self.server.received.append(_received(self, b""))
        self._answer(self.server.pages.get(self.path, Reply(status=404, reason="Not Found")))

    def _answer(self, reply: Reply) -> None:
        if reply.silent:
            self.server.ended.wait()
            return
        if reply.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        self.send_response(reply.status, reply.reason)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as above
        """Say nothing."""


def _received(handler: BaseHTTPRequestHandler, body: bytes) -> Received:
    scheme, _, encoded = handler.headers.get("Authorization", "").partition(" ")
    user = base64.b64decode(encoded).decode() if scheme == "Basic" else None
    kind = handler.headers.get("Content-Type", "")
    fields: list[tuple[str, str]] = []
    file, content = None, b""
    if kind.startswith("multipart/"):
        message = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
        for part in message.get_payload():
            assert not isinstance(part, str)
            data = part.get_payload(decode=True)
            assert isinstance(data, bytes)
            if part.get_filename():
                file, content = part.get_filename(), data
            else:
                fields.append((str(part.get_param("name", header="content-disposition")), data.decode()))
    return Received(
        method=handler.command,
        path=handler.path,
        user=user,
        fields=tuple(fields),
        file=file,
        content=content or body,
        agent=handler.headers.get("User-Agent", ""),
    )


@contextmanager
def serving(*replies: Reply, pages: Mapping[str, Reply] | None = None) -> Iterator[Server]:
    """Yield a server that runs."""
    server = Server(replies, pages or {})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


def digest(path: Path, algorithm: str = "sha256") -> str:
    """Return the digest of a file."""
    return hashlib.new(algorithm, path.read_bytes()).hexdigest()


def until(condition: object, seconds: float = 30.0) -> None:
    """Wait until a function says true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert callable(condition)
        with suppress(OSError):
            if condition():
                return
        time.sleep(0.05)
    raise AssertionError("it did not come to pass")


@contextmanager
def pypiserver(folder: Path) -> Iterator[str]:
    """Run a real server over a folder and yield its address."""
    # not imported here: it changes how this process imports
    if importlib.util.find_spec("pypiserver") is None:
        pytest.skip("pypiserver is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder.mkdir()
    words = ["run", "-p", str(port), "-i", "127.0.0.1", "-P", ".", "-a", ".", "--disable-fallback", str(folder)]
    with subprocess.Popen(
        [sys.executable, "-m", "pypiserver", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            url = f"http://127.0.0.1:{port}/"
            until(lambda: urllib.request.urlopen(f"{url}simple/", timeout=5).status == 200, seconds=60)
            yield url
        finally:
            server.terminate()
