"""Header files for cffi, and the program that makes them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from cratewheel.bindings import cffi
from cratewheel.bindings.cbindgen import CbindgenPolicy
from cratewheel.errors import MissingToolError
from cratewheel.system.files import project_roots
from cratewheel.ui import Ui


def declarations(root: Path, environ: Mapping[str, str]) -> tuple[str, str]:
    err = io.StringIO()
    text = cffi.read_declarations(
        target_directory=root / "target",
        crate=root,
        workspace=root,
        cwd=root,
        roots=project_roots(root),
        scratch=root / "scratch",
        environ=environ,
        reporter=Ui(out=io.StringIO(), err=err),
        policy=CbindgenPolicy(install=False),
    )
    return text, err.getvalue()


def test_without_a_header_and_cbindgen_there_is_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(MissingToolError, match="no program cbindgen was found") as caught:
        declarations(tmp_path, {"PATH": str(tmp_path)})

    assert caught.value.hint == (
        "install it (`cargo install cbindgen`, or your system's package), or let the crate's build.rs write header.h "
        "to cargo's target directory"
    )
