"""cbindgen is installed once, or the error names the other ways."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cratewheel.bindings.cbindgen import VERSION, CbindgenPolicy, ensure_cbindgen
from cratewheel.errors import MissingToolError
from cratewheel.events import CallbackReporter

FAKE_CARGO = """#!/bin/sh
echo "$@" >> "$LOG"
[ -z "$REFUSE" ] || { echo "no network" >&2; exit 101; }
while [ "$1" != --root ]; do shift; done
mkdir -p "$2/bin" && echo cbindgen > "$2/bin/cbindgen"
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment with a cargo that installs an empty cbindgen, and with no other."""
    (tmp_path / "bin").mkdir()
    cargo = tmp_path / "bin" / "cargo"
    cargo.write_text(FAKE_CARGO)
    cargo.chmod(0o755)
    for name in ("mkdir", "sh"):
        (tmp_path / "bin" / name).symlink_to(f"/bin/{name}")
    return {"PATH": str(tmp_path / "bin"), "LOG": str(tmp_path / "log"), "HOME": str(tmp_path), "RUSTFLAGS": "-Z odd"}


def ensure(environ: dict[str, str], tmp_path: Path, **policy: bool) -> Path:
    return ensure_cbindgen(CbindgenPolicy(**policy), environ, CallbackReporter(), cwd=tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="the cargo of this test is a shell script")
def test_cbindgen_is_installed_once_for_each_user(environ: dict[str, str], tmp_path: Path) -> None:
    first = ensure(environ, tmp_path)
    assert first == tmp_path / ".cache" / "cratewheel" / f"cbindgen-{VERSION}" / "bin" / "cbindgen"
    assert ensure(environ, tmp_path) == first
    root = first.parent.parent
    assert (tmp_path / "log").read_text().splitlines() == [
        f"install --locked --quiet --debug --root {root} cbindgen@{VERSION}"
    ]


@pytest.mark.skipif(os.name == "nt", reason="the cargo of this test is a shell script")
@pytest.mark.parametrize(
    ("policy", "variables", "why"),
    [
        ({"offline": True}, {}, "cargo may not ask the network for it"),
        ({"install": False}, {}, "the key `install-cbindgen` forbids that cargo installs it"),
        ({}, {"REFUSE": "1"}, "cargo could not install it"),
    ],
)
def test_where_cbindgen_cannot_be_had_the_error_names_the_other_ways(
    environ: dict[str, str], tmp_path: Path, policy: dict[str, bool], variables: dict[str, str], why: str
) -> None:
    with pytest.raises(MissingToolError) as caught:
        ensure({**environ, **variables}, tmp_path, **policy)
    assert caught.value.message == (f"no program cbindgen was found to make the C declarations for cffi, and {why}")
    assert caught.value.hint is not None
    assert "cargo install cbindgen" in caught.value.hint
