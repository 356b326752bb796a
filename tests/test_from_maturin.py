"""The page that has every name of maturin, and what it is here."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "compare_with_maturin.py"


@pytest.fixture(scope="module")
def comparison() -> ModuleType:
    spec = importlib.util.spec_from_file_location("compare_with_maturin", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_every_name_is_here_or_in_the_table_of_differences(comparison: ModuleType) -> None:
    peer = json.loads(comparison.DATA.read_text(encoding="utf-8"))
    assert comparison.missing(peer) == ()


def test_the_page_is_what_the_script_writes(comparison: ModuleType) -> None:
    peer = json.loads(comparison.DATA.read_text(encoding="utf-8"))
    written = comparison.PAGE.read_text(encoding="utf-8")
    assert written == comparison.page(peer), "run scripts/compare_with_maturin.py"


def test_a_name_that_is_nowhere_is_missing(comparison: ModuleType) -> None:
    peer = {
        "options": {"build": [["--strip"], ["--frobnicate"]], "frobnicate": []},
        "keys": ["sbom.rust", "sbom.frobnicate", "generate-ci.github.linux.runner"],
        "variables": ["MATURIN_FROBNICATE"],
        "config-settings": ["frobnicate"],
    }
    assert comparison.missing(peer) == (
        "option build --frobnicate",
        "command frobnicate",
        "key sbom.frobnicate",
        "variable MATURIN_FROBNICATE",
        "config setting frobnicate",
    )
