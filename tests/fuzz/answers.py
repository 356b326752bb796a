"""Readers of what programs, caches and servers say."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import cargo_output
from cratewheel.cargo import query
from cratewheel.cargo import run as cargo_run
from cratewheel.commands.inspect import crates
from cratewheel.commands.publish import http, index, trusted
from cratewheel.errors import CratewheelError
from cratewheel.interpreter import from_files
from cratewheel.interpreter.cache import Cache
from fuzz.target import JSON_WORDS, LINUX, TEXT_WORDS, Target, folder, in_file, text


def read_sysconfigdata(data: bytes) -> None:
    from_files.from_sysconfigdata(in_file("_sysconfigdata__linux_x86_64-linux-gnu.py", data), target=LINUX)


SYSCONFIGDATA = b"""# system configuration generated and used by the sysconfig module
build_time_vars = {'ABIFLAGS': '', 'EXT_SUFFIX': '.cpython-312-x86_64-linux-gnu.so', 'MULTIARCH': 'x86_64-linux-gnu',
 'Py_DEBUG': 0, 'Py_GIL_DISABLED': 0, 'SIZEOF_VOID_P': 8, 'SOABI': 'cpython-312-x86_64-linux-gnu', 'VERSION': '3.12',
 'HOST_GNU_TYPE': 'x86_64-pc-linux-gnu', 'LDVERSION': '3.12', 'CFLAGS': '-O2 ' '-g'}
"""


def read_python_files(data: bytes) -> None:
    """Read PyO3's configuration file, and a build-details.json."""
    readers: tuple[Callable[[], object], ...] = (
        lambda: from_files.from_config_file(text(data), target=LINUX),
        lambda: from_files.from_build_details(in_file("build-details.json", data), target=LINUX),
    )
    for read in readers:
        with suppress(CratewheelError):
            read()


DETAILS = {
    "schema_version": "1.0",
    "base_prefix": "/usr",
    "platform": "linux-x86_64",
    "language": {"version": "3.14", "version_info": {"major": 3}},
    "implementation": {"name": "cpython"},
    "abi": {"flags": ["t"], "extension_suffix": ".cpython-314t-x86_64-linux-gnu.so"},
    "suffixes": {"extensions": [".cpython-314-x86_64-linux-gnu.so", ".abi3.so", ".so"]},
}
CONFIG_FILE = b"implementation=CPython\nversion=3.12\nshared=true\nabi3=false\npointer_width=64\nbuild_flags=\n"


def read_cargo(data: bytes) -> None:
    """Read lines of `cargo build`, an answer of `cargo metadata`, and one of `rustc -vV`."""
    lines = text(data).split("\n")
    messages: list[Mapping[str, Any]] = []
    for line in lines:
        message = cargo_run._message(line)
        if message is not None and message.get("reason") in ("compiler-artifact", "build-script-executed"):
            messages.append(cargo_run.outside_container(message, {"/target": Path("/home/target")}))
    for word in (None, "demo"):
        cargo_run.read_messages(messages, package=cargo_output.ROOT, binary=word)
    readers: tuple[Callable[[], object], ...] = (
        lambda: query.parse_answer(lines[0], "cargo metadata"),
        lambda: query.parse_rustc(text(data)),
    )
    for read in readers:
        with suppress(CratewheelError):
            read()


def cargo_seeds() -> list[bytes]:
    package = {
        "id": cargo_output.ROOT,
        "name": "demo",
        "version": "0.1.0",
        "source": None,
        "manifest_path": "/p/Cargo.toml",
        "targets": [{"name": "demo", "kind": ["cdylib"], "crate_types": ["cdylib"], "src_path": "/p/src/lib.rs"}],
        "dependencies": [
            {
                "name": "a", "req": "^1", "kind": None, "optional": False, "rename": None, "features": ["x"],
                "uses_default_features": True, "target": "cfg(unix)", "source": None,
            }
        ],
        "features": {"default": ["a"]},
        "metadata": None, "edition": "2021", "license": "MIT", "license_file": None, "description": None,
        "authors": [], "repository": None,
    }  # fmt: skip
    answer = {
        "packages": [package],
        "resolve": {"nodes": [{"id": cargo_output.ROOT, "deps": [], "features": []}], "root": cargo_output.ROOT},
        "workspace_root": "/p", "workspace_members": [cargo_output.ROOT], "target_directory": "/p/target",
    }  # fmt: skip
    script = {
        "reason": "build-script-executed", "package_id": cargo_output.ROOT, "linked_libs": ["dylib=x"],
        "linked_paths": ["native=/l"], "cfgs": [], "env": [], "out_dir": "/target/o",
    }  # fmt: skip
    whole = [cargo_output.artifact(), script, {"reason": "build-finished", "success": True}]
    other = cargo_output.artifact(package_id="b", filenames=["/t/libb.rlib"])
    rustc = b"rustc 1.90.0\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\nrelease: 1.90.0\nLLVM version: 20.1\n"
    lines = b"\n".join(json.dumps(one).encode() for one in (*whole, other))
    return [lines, b"hello\n" + lines, json.dumps(answer).encode(), rustc]


def read_index(data: bytes) -> None:
    """Read what an index answers, and what a file of the cache holds."""
    index._parse(data, "application/vnd.pypi.simple.v1+json")
    index._parse(data, "text/html")
    cache = folder() / "cache"
    cache.mkdir(exist_ok=True, mode=0o700)
    (cache / "interpreters.json").write_bytes(data)
    stored = Cache(cache, {}, warn=lambda _: None)
    stored.get(Path("/usr/bin/python3"))
    crates.from_sbom(data)
    crates.from_auditable(data)
    for kind in ("application/json", "text/html"):
        answer = http.Answer(status=200, reason="OK", headers={"content-type": kind}, body=data)
        http._page_text(answer)
        trusted._text_of(answer, "token")


INDEX_WORDS = (
    b'{"error":' * 400,
    b"<script>" * 5000,
    b"files",
    b"hashes",
    b"sha256",
    b"filename",
    b"<a href='",
    b"#sha256=",
    b"http://[",
    b"]",
    b"%",
    b"&#",
)
PAGE = b'<!DOCTYPE html><html><body><a href="https://x/demo-1.0.tar.gz#sha256=ab">demo</a></body></html>'
LISTING = b'{"meta": {"api-version": "1.0"}, "files": [{"filename": "demo-1.0.tar.gz", "hashes": {"sha256": "ab"}}]}'
ERRORS = b'{"errors": [{"description": "no"}], "message": {"error": ["x"]}, "token": "t"}'


TARGETS: Mapping[str, Target] = {
    "sysconfigdata": Target(
        read=read_sysconfigdata,
        seeds=lambda: [SYSCONFIGDATA],
        words=(*TEXT_WORDS, b"lambda: 0", b"-" * 3000, b"(" * 300, b"{**a}", b"1+1j", b"f'{x}'", b"{[]: 1}", b"None"),
    ),
    "python-files": Target(
        read=read_python_files,
        seeds=lambda: [json.dumps(DETAILS).encode(), CONFIG_FILE],
        words=(*JSON_WORDS, b"=", b"\n"),
    ),
    "cargo": Target(read=read_cargo, seeds=cargo_seeds, words=(*JSON_WORDS, b'"reason"', b"\n", b"{")),
    "index": Target(read=read_index, seeds=lambda: [PAGE, LISTING, ERRORS], words=(*JSON_WORDS, *INDEX_WORDS)),
}
