"""Runs Linux programs for Windows ones under wine, as if they were Windows': there is no rustc for Windows here.

`Server` starts them; what Windows' Python runs as `cargo.exe` asks it. Paths are `Z:\\…` on one side and `/…` on the
other, in arguments, variables and what is printed; rustc says that it runs on Windows.
"""

from __future__ import annotations

import json
import os
import re
import socketserver
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

HOST, HERE = "x86_64-pc-windows-gnu", "x86_64-unknown-linux-gnu"
_TAKEN = re.compile(r"(CARGO|RUST|PYO3|CRATEWHEEL|CC_|AR_|SOURCE_DATE_EPOCH|GIT_)\w*")
_WINDOWS_PATH = re.compile(r"(?<![\w/])([A-Za-z]):((?:[\\/]+[^\\/\"'=;:*?<>|\n]+)*[\\/]*)")
# a path of the network, which wine has in a folder, and the prefixes of long paths
_NETWORK_PATH = re.compile(r"(?<![\w\\:])\\\\(?:[?.]\\UNC\\)?((?![?.]\\)[\w.-]+(?:\\[^\\/\"'=;:*?<>|\n]+)*)")
_LONG_PATH = re.compile(r"(?<![\w\\])\\\\[?.]\\(?=[A-Za-z]:)")


def to_linux(text: str, prefix: Path) -> str:
    r"""Return a text with the Windows paths in it as Linux paths.

    >>> to_linux('build.x="Z:\\\\a\\\\b c"', Path("/w")), to_linux("--out=C:\\x", Path("/w"))
    ('build.x="/a/b c"', '--out=/w/drive_c/x')
    >>> to_linux(r"\\server\share\a", Path("/w")), to_linux(r"\\?\UNC\server\a", Path("/w"))
    ('/w/dosdevices/unc/server/share/a', '/w/dosdevices/unc/server/a')
    >>> to_linux(r"\\?\Z:\b", Path("/w"))
    '/b'
    """

    def replaced(found: re.Match[str]) -> str:
        path = re.sub(r"[\\/]+", "/", found[2])
        return path or "/" if found[1].upper() == "Z" else f"{prefix}/drive_{found[1].lower()}{path}"

    def of_network(found: re.Match[str]) -> str:
        return str(prefix / "dosdevices" / "unc" / found[1].replace("\\", "/"))

    return _WINDOWS_PATH.sub(replaced, _LONG_PATH.sub("", _NETWORK_PATH.sub(of_network, text)))


def to_windows(value: Any) -> Any:
    r"""Return a value of JSON with the Linux paths in it as Windows paths.

    >>> to_windows({"a": ["/x/y", "path+file:///x#1.0", "src/lib.rs"]})
    {'a': ['Z:\\x\\y', 'path+file:///Z:/x#1.0', 'src/lib.rs']}
    """
    match value:
        case str() if value.startswith("/"):
            return "Z:" + value.replace("/", "\\")
        case str():
            return value.replace("path+file:///", "path+file:///Z:/")
        case list():
            return [to_windows(one) for one in value]
        case dict():
            return {key: to_windows(one) for key, one in value.items()}
    return value


def for_windows(argv: list[str]) -> list[str]:
    """Return a command line of cargo or rustc that compiles for Windows unless it names a target, as theirs do there.

    >>> for_windows(["cargo", "rustc", "--lib", "--", "-g"])
    ['cargo', 'rustc', '--target', 'x86_64-pc-windows-gnu', '--lib', '--', '-g']
    """
    compiles = argv[0] == "cargo" and bool({"build", "rustc", "run", "test"} & set(argv[1:3]))
    asks = argv[0] == "rustc" and "--print" in " ".join(argv)
    if any(word == "--target" or word.startswith("--target=") for word in argv) or not (compiles or asks):
        return argv
    at = 1 if asks else 1 + min(argv.index(word) for word in ("build", "rustc", "run", "test") if word in argv[1:])
    return [*argv[:at], "--target", HOST, *argv[at:]]


def line_to_windows(line: bytes) -> bytes:
    """Return a line that a program printed: JSON, or a path alone, as Windows has it."""
    text = line.decode("utf-8", "surrogateescape")
    if text.startswith(("{", "[")):
        with suppress(ValueError):
            return json.dumps(to_windows(json.loads(text))).encode() + b"\n"
    if text.startswith("/"):
        return str(to_windows(text)).encode("utf-8", "surrogateescape")
    return text.replace(f"host: {HERE}", f"host: {HOST}").encode("utf-8", "surrogateescape")


class _Handler(socketserver.StreamRequestHandler):
    """One program: its command comes as a line of JSON; what it prints goes back in frames, its status as the last."""

    server: Server

    def handle(self) -> None:
        asked = json.loads(self.rfile.readline())
        prefix = self.server.prefix
        argv = for_windows([asked["program"], *(to_linux(word, prefix) for word in asked["arguments"])])
        given = {
            name: to_linux(value, prefix)
            for name, value in asked["environ"].items()
            if _TAKEN.fullmatch(name) and name not in ("CARGO", "RUSTC", "CARGO_HOME")
        }
        environ = {**self.server.environ, **given}
        cwd = to_linux(asked["cwd"], prefix)
        with subprocess.Popen(
            argv, cwd=cwd, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,
        ) as child:  # fmt: skip
            self.server.started.append(tuple(argv))
            lock = threading.Lock()
            readers = [
                threading.Thread(target=self._pass_on, args=(stream, number, lock, child))
                for number, stream in ((1, child.stdout), (2, child.stderr))
            ]
            for reader in readers:
                reader.start()
            for reader in readers:
                reader.join()
            status = child.wait()
        with suppress(OSError):
            self._send(0, str(status if status >= 0 else 128 - status).encode(), lock)

    def _pass_on(self, stream: Any, number: int, lock: threading.Lock, child: subprocess.Popen[bytes]) -> None:
        try:
            for line in stream:
                self._send(number, line_to_windows(line), lock)
        except OSError:  # who asked has ended
            child.kill()

    def _send(self, number: int, data: bytes, lock: threading.Lock) -> None:
        with lock:
            self.wfile.write(b"%d %d\n" % (number, len(data)) + data)


class Server(socketserver.ThreadingTCPServer):
    """Listens on this machine alone; `environ` is that of the programs, `prefix` wine's folder."""

    daemon_threads = True

    def __init__(self, environ: Mapping[str, str], prefix: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.environ, self.prefix = dict(environ), prefix
        self.started: list[tuple[str, ...]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


def ask(program: str) -> int:
    """Have the server run a program with the arguments of this one; return its status."""
    import socket

    with socket.create_connection(("127.0.0.1", int(os.environ["LINUX_PROGRAMS"]))) as connection:
        asked = {"program": program, "arguments": sys.argv[1:], "environ": dict(os.environ), "cwd": str(Path.cwd())}
        connection.sendall(json.dumps(asked).encode() + b"\n")
        answers = connection.makefile("rb")
        while header := answers.readline():
            number, size = map(int, header.split())
            data = answers.read(size)
            if number == 0:
                return int(data)
            stream = (sys.stdout if number == 1 else sys.stderr).buffer
            stream.write(data)
            stream.flush()
    return 1
