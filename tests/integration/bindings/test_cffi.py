"""Header files for cffi, and the program that makes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cffi_declarations import declarations
from cratewheel.errors import MissingToolError


def test_without_a_header_and_cbindgen_there_is_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(MissingToolError, match="no program cbindgen was found") as caught:
        declarations(tmp_path, {"PATH": str(tmp_path)})

    assert caught.value.hint == (
        "install it (`cargo install cbindgen`, or your system's package), or let the crate's build.rs write header.h "
        "to cargo's target directory"
    )
