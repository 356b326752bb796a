"""Starts the command in a process that has its modules: importing them is most of what a short command costs.

As a program, this is a server that imports cratewheel, and forks itself for each command; as a module, its client. Each
command is a process of its own all the same, with its own folder, environment and streams. Whatever Python itself has
to be told is left to `python -m cratewheel`; so is everything where `CRATEWHEEL_TEST_FRESH=1` is set.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

EXECUTABLE = sys.executable
MODULE = ("-m", "cratewheel")
# Variables that Python or the loader reads before any module of ours is there
READ_AT_START = ("PYTHON", "LANG", "LC_", "LD_", "DYLD_", "MALLOC_", "TZ")
SOURCE = Path(__file__).parents[1] / "src"
# What functions of ours import when they are called
ALSO = (
    "concurrent.futures", "csv", "difflib", "email.message", "email.parser", "email.policy", "hashlib", "http.client",
    "importlib.metadata", "packaging.licenses", "packaging.markers", "packaging.metadata", "packaging.requirements",
    "packaging.specifiers", "packaging.tags", "packaging.utils", "packaging.version", "pyproject_metadata", "shutil",
    "sysconfig", "tarfile", "tempfile", "urllib.request", "uuid", "zipfile",
)  # fmt: skip
CHUNK = 1 << 16
SCRIPT = "from cratewheel.__main__ import program\nprogram()\n"
# A program that is the command for a script: its streams, folder and environment are those of the command.
PROGRAM = """#!{python} -IS
import json, os, signal, socket, sys
server = socket.socket(fileno={server})
ours, theirs = socket.socketpair()
socket.send_fds(server, [b"."], [theirs.fileno(), 1, 2, 0])
theirs.close()
ours.sendall(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode())
ours.shutdown(socket.SHUT_WR)
answers = ours.makefile("r")
answers.readline()
status = int(answers.readline())
if status < 0:
    signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
sys.exit(status)
"""


class ForkServer:
    """The server of this test process; it is started for the first command in its own locale, with that environment."""

    def __init__(self) -> None:
        self.environ: dict[str, str] | None = None
        self.able = hasattr(os, "fork") and not os.environ.get("CRATEWHEEL_TEST_FRESH")

    def run(
        self, words: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run `python -m cratewheel` with these words, or `python -c`, as `subprocess.run` does that captures text."""
        argv = [sys.executable, *(() if "-c" in words[:1] else MODULE), *words]
        if not self.able or sys.executable != EXECUTABLE or _has_modules(cwd):
            return _run_fresh(argv, cwd=cwd, env=env, timeout=timeout)
        if self.environ is None and _locale(env) == _locale(os.environ):
            self._start(env)
        if _read_at_start(env) != self.environ:
            return _run_fresh(argv, cwd=cwd, env=env, timeout=timeout)
        ours, theirs = socket.socketpair()
        out, their_out = os.pipe()
        err, their_err = os.pipe()
        answers = ours.makefile("r")
        with ours, answers, os.fdopen(out, "rb") as stdout, os.fdopen(err, "rb") as stderr:
            socket.send_fds(self.connection, [b"."], [theirs.fileno(), their_out, their_err])
            theirs.close()
            os.close(their_out)
            os.close(their_err)
            ours.sendall(json.dumps([list(words), str(cwd), dict(env)]).encode())
            ours.shutdown(socket.SHUT_WR)
            pid = int(answers.readline())
            try:
                said = _read_both(stdout, stderr, time.monotonic() + timeout)
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(argv, timeout) from None
            status = int(answers.readline())
        return subprocess.CompletedProcess(argv, status, *said)

    def run_after(
        self, code: str, words: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run some code, and then the command as the installed script does, in one process."""
        script = f"{code}\nimport sys\nsys.argv[1:] = {[str(word) for word in words]}\n{SCRIPT}"
        return self.run(["-c", script], cwd=cwd, env=env, timeout=timeout)

    def program(self, env: Mapping[str, str]) -> tuple[str, tuple[int, ...]]:
        """Return the text of a program that is the command, where it can be one, and what its callers pass on to it.

        It is for those that start it in `env`.
        """
        if not self.able:
            return f'#!/bin/sh\nexec "{sys.executable}" -m cratewheel "$@"\n', ()
        if self.environ is None:
            self._start(env)
        assert _read_at_start(env) == self.environ, "this server is for another environment"
        number = self.connection.fileno()
        return PROGRAM.format(python=sys.executable, server=number), (number,)

    def close(self) -> None:
        """End the server."""
        if self.environ is not None:
            self.connection.close()
            self.server.wait(timeout=60)

    def _start(self, environ: Mapping[str, str]) -> None:
        self.environ = _read_at_start(environ)
        self.connection, theirs = socket.socketpair()
        self.server = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        atexit.register(self.close)


SERVER = ForkServer()  # one for all that import this, under whatever name they are imported themselves


def _run_fresh(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=timeout,
        check=False,
    )


def _read_at_start(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.startswith(READ_AT_START)}


def _locale(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.startswith(("LANG", "LC_"))}


def _has_modules(cwd: Path) -> bool:
    """Return whether a folder has what `python -m`, started there, could import in place of another module."""
    known = {*sys.stdlib_module_names, "cratewheel", *(name.partition(".")[0] for name in ALSO)}
    return any(entry.name.partition(".")[0] in known for entry in os.scandir(cwd) if _is_importable(entry))


def _is_importable(entry: os.DirEntry[str]) -> bool:
    return entry.name.endswith((".py", ".so")) or entry.is_dir()


def _read_both(stdout: BinaryIO, stderr: BinaryIO, ends: float) -> tuple[str, str]:
    """Return what comes through two pipes until both are closed."""
    said: dict[int, list[bytes]] = {stdout.fileno(): [], stderr.fileno(): []}
    with selectors.DefaultSelector() as selector:
        for pipe in said:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            found = selector.select(max(0.0, ends - time.monotonic()))
            if not found:
                raise TimeoutError
            for key, _ in found:
                data = os.read(key.fd, CHUNK)
                said[key.fd].append(data)
                if not data:
                    selector.unregister(key.fd)
    out, err = (b"".join(data).decode("utf-8", "replace") for data in said.values())
    return _one_newline(out), _one_newline(err)


def _one_newline(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def serve(connection: socket.socket) -> list[str] | None:
    """Fork for each command. Return its words in the process that is to run it, and None when there are no more."""
    paths = sorted((SOURCE / "cratewheel").rglob("*.py"))
    ours = [".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    for name in (*ours, *ALSO):
        # a module that cannot be imported is left to the command that needs it, which shows why
        with suppress(ImportError, SyntaxError):
            if "plugins" not in name and not name.endswith("__main__"):
                importlib.import_module(name)
    if hasattr(gc, "freeze"):  # PyPy has none
        gc.freeze()
    while True:
        data, descriptors, *_ = socket.recv_fds(connection, 1, 4)
        if not data:
            return None
        if os.fork() == 0:
            connection.close()
            return _attend(descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _attend(descriptors: list[int]) -> list[str]:
    """Return the words of a command in the process that is to run it; tell the client its number and end status."""
    client = socket.socket(fileno=descriptors[0])
    request = b""
    while data := client.recv(CHUNK):
        request += data
    words, cwd, environ = json.loads(request)
    pid = os.fork()
    if pid == 0:
        client.close()
        for standard, descriptor in zip((1, 2, 0), descriptors[1:], strict=False):
            os.dup2(descriptor, standard)
            os.close(descriptor)
        os.chdir(cwd)
        if "LC_CTYPE" in os.environ:  # Python has set it for all that it starts, where the locale is C
            environ.setdefault("LC_CTYPE", os.environ["LC_CTYPE"])
        os.environ.clear()
        os.environ.update(environ)
        return list(words)
    for descriptor in descriptors[1:]:
        os.close(descriptor)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the command that Ctrl-C ends
    client.sendall(f"{pid}\n".encode())
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    client.sendall(f"{status}\n".encode())
    os._exit(0)


def main() -> None:
    """Serve, and be the command in each process that is forked for one."""
    del sys.path[0]  # of the tests
    words = None
    with suppress(KeyboardInterrupt):  # the tests end with Ctrl-C, and so does this
        words = serve(socket.socket(fileno=int(sys.argv[1])))
    if words is None:
        return
    try:
        _be_command(words)
        status: object = 0
    except SystemExit as end:
        status = end.code
    if status is None or isinstance(status, int):
        _end(status or 0)
    sys.exit(str(status))


def _be_command(words: list[str]) -> None:
    if "-c" in words[:1]:
        sys.orig_argv = [EXECUTABLE, *words]
        sys.argv = ["-c"]
        sys.path.insert(0, "")
        exec(words[1], {"__name__": "__main__", "__builtins__": __builtins__})
    else:
        sys.orig_argv = [EXECUTABLE, *MODULE, *words]
        sys.argv = ["cratewheel", *words]
        sys.path.insert(0, str(Path.cwd()))
        runpy.run_module("cratewheel", run_name="__main__", alter_sys=True)


def _end(status: int) -> None:
    """End this process as Python does, but without freeing all of its objects, which takes longer than a command."""
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads; it has no public name
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except OSError:
            sys.exit(status)  # Python says what it says then
    os._exit(status & 0xFF)


if __name__ == "__main__":
    main()
