"""Crates from bills of materials, cargo-auditable's section, and texts."""

from __future__ import annotations

import json
import zlib

import pytest

from cratewheel.commands.inspect.crates import from_auditable, from_lockfile, from_paths, from_sbom, merge
from cratewheel.commands.inspect.model import Crate, CrateSource


def crate(name: str, version: str, licence: str | None = None, *, source: CrateSource = "sbom") -> Crate:
    return Crate(name=name, version=version, licence=licence, source=source)


SBOM = {
    "bomFormat": "CycloneDX",
    "metadata": {
        "component": {
            "name": "app",
            "version": "0.1.0",
            "purl": "pkg:cargo/app@0.1.0",
            "licenses": [{"expression": "MIT"}],
        }
    },
    "components": [
        {"name": "a", "version": "1.0.0", "purl": "pkg:cargo/a@1.0.0", "licenses": [{"license": {"id": "Zlib"}}]},
        {"name": "b", "version": "2.0.0", "purl": "pkg:cargo/b@2.0.0", "scope": "excluded"},
        {"name": "openssl", "version": "3", "purl": "pkg:generic/openssl@3"},
        "odd",
    ],
}


def test_crates_of_a_bill_of_materials() -> None:
    assert from_sbom(json.dumps(SBOM).encode()) == (crate("app", "0.1.0", "MIT"), crate("a", "1.0.0", "Zlib"))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b'{"components": 3}', b"\xff", b"[" * 100_000])
def test_other_documents_have_none(data: bytes) -> None:
    assert from_sbom(data) == ()


def test_crates_of_cargo_auditable() -> None:
    packages = [
        {"name": "a", "version": "1.0.0", "source": "crates.io", "root": True},
        {"name": "cc", "version": "1.2.0", "source": "crates.io", "kind": "build"},
    ]
    data = zlib.compress(json.dumps({"packages": packages}).encode())
    assert from_auditable(data) == (crate("a", "1.0.0", source="auditable"),)
    assert from_auditable(data + bytes(16)) == from_auditable(data)  # sections are padded
    assert (from_auditable(b"x"), from_auditable(zlib.compress(b"[]"))) == ((), ())


def test_crates_of_a_lock_file() -> None:
    assert from_lockfile([{"name": "a", "version": "1.0.0"}, {"name": 3}, "x"]) == (
        crate("a", "1.0.0", source="lockfile"),
    )


def test_crates_that_texts_name() -> None:
    data = b"/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/aho-corasick-1.1.3/src/lib.rs\0"
    data += rb"C:\Users\x\.cargo\registry\src\index.crates.io-1949\wasi-0.14.2+wasi-0.2.4\src\lib.rs"
    assert from_paths(data + data) == (
        crate("aho-corasick", "1.1.3", source="paths"),
        crate("wasi", "0.14.2+wasi-0.2.4", source="paths"),
    )


def test_each_crate_is_there_once_and_the_first_counts() -> None:
    assert merge(
        [(crate("b", "1.0.0"), crate("a_b", "1.0.0", "MIT")), (crate("a-b", "1.0.0"), crate("b", "2.0.0"))]
    ) == (
        crate("a_b", "1.0.0", "MIT"),
        crate("b", "1.0.0"),
        crate("b", "2.0.0"),
    )
