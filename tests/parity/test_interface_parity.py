"""The checked-in list of what maturin takes is that of the maturin that is installed."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.parity
SCRIPT = Path(__file__).parents[2] / "scripts" / "compare_with_maturin.py"


def test_the_list_is_what_the_installed_maturin_takes() -> None:
    program = Path(sys.executable).with_name("maturin")
    if not program.exists():
        pytest.skip("maturin is not installed")
    spec = importlib.util.spec_from_file_location("compare_with_maturin", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    comparison = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = comparison
    spec.loader.exec_module(comparison)

    listed = json.loads(comparison.DATA.read_text(encoding="utf-8"))
    assert comparison.read_peer(program) == listed
    assert listed["keys"] == list(comparison.KEYS)
    assert not comparison._reads_key(program, "frobnicate")
    assert comparison.unlisted_variables(program) == ()
