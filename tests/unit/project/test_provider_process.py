from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cratewheel.project import provider_process


@pytest.fixture(autouse=True)
def _imports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


def answer(folder: Path, module: str, hook: str = "dynamic_metadata") -> dict[str, object]:
    request = {"name": module, "source": str(folder), "hook": hook, "arguments": [{}, {}], "build_state": "wheel"}
    return provider_process._answer(request)


def test_a_hook_that_a_provider_lacks_has_no_answer(tmp_path: Path) -> None:
    (tmp_path / "provider_without_hooks.py").touch()
    assert answer(tmp_path, "provider_without_hooks") == {"answer": None}


def test_an_error_of_a_provider_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "provider_that_fails.py"
    path.write_text("def dynamic_metadata(settings, project):\n    return 1 / 0\n")
    assert answer(tmp_path, "provider_that_fails") == {
        "error": "raised",
        "message": "ZeroDivisionError: division by zero",
        "place": f"in dynamic_metadata, {path}:2",
    }


def test_a_module_or_class_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "provider_without_class.py").touch()
    assert answer(tmp_path, "provider_nowhere") == {"error": "unknown", "known": []}
    assert answer(tmp_path, "provider_without_class:Missing") == {
        "error": "broken",
        "message": "module 'provider_without_class' has no attribute 'Missing'",
    }
