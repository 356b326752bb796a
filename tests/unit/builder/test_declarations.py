"""When cbindgen is there before a library is compiled."""

from __future__ import annotations

from pathlib import Path

import pytest

from crate_graphs import CDYLIB, target
from cratewheel.bindings.cbindgen import CbindgenPolicy
from cratewheel.builder.declarations import cbindgen_policy, prepare_cbindgen
from cratewheel.errors import MissingToolError
from sessions import in_folder, session
from situations import CFFI, PROGRAM, plain, situation

BUILD_SCRIPT = target("build-script-build", "custom-build")


@pytest.mark.parametrize(
    ("words", "policy"),
    [
        ("", CbindgenPolicy(install=True, offline=False)),
        ("--offline", CbindgenPolicy(install=True, offline=True)),
        ("--frozen", CbindgenPolicy(install=True, offline=True)),
    ],
)
def test_nothing_is_installed_without_a_network(words: str, policy: CbindgenPolicy) -> None:
    assert cbindgen_policy(situation(words, cargo=CFFI).options) == policy


def test_cbindgen_is_needed_where_nothing_else_can_write_the_header(tmp_path: Path) -> None:
    environ = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    needed = in_folder(situation("--offline", cargo=CFFI), tmp_path)
    with pytest.raises(MissingToolError, match="no program cbindgen was found"):
        prepare_cbindgen(session(needed, environ=environ))
    for other in (PROGRAM, plain(CDYLIB, BUILD_SCRIPT)):
        prepare_cbindgen(session(in_folder(situation("--offline", cargo=other), tmp_path), environ=environ))
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "header.h").touch()
    prepare_cbindgen(session(needed, environ=environ))
