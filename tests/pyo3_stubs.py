"""Crates that carry the names and features of pyo3's, and are compiled in a moment."""

from __future__ import annotations

from pathlib import Path

VERSION = "0.29.3"
_OLDEST, _NEWEST = 9, 14

_MANIFEST = """
[package]
name = "{name}"
version = "{version}"
edition = "2021"

[dependencies]
{dependencies}

[features]
{features}
"""


def write_stubs(folder: Path, *, version: str = VERSION) -> None:
    """Write the crates `pyo3` and `pyo3-ffi` below a folder."""
    _write(folder / "pyo3-ffi", version, "", dict(_features()))
    both = {name: [*enables, f"pyo3-ffi/{name}"] for name, enables in _features()}
    _write(folder / "pyo3", version, 'pyo3-ffi = { path = "../pyo3-ffi" }', both | {"auto-initialize": []})


def _features() -> list[tuple[str, list[str]]]:
    pinned = [
        (f"abi3-py3{minor}", [f"abi3-py3{minor + 1}"] if minor < _NEWEST else ["abi3"])
        for minor in range(_OLDEST, _NEWEST + 1)
    ]
    return [("extension-module", []), ("abi3", []), *pinned]


def _write(folder: Path, version: str, dependencies: str, features: dict[str, list[str]]) -> None:
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "lib.rs").write_text("", encoding="utf-8")
    table = "\n".join(f"{name} = {enables}" for name, enables in features.items())
    text = _MANIFEST.format(name=folder.name, version=version, dependencies=dependencies, features=table)
    (folder / "Cargo.toml").write_text(text, encoding="utf-8")
