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


def test_a_class_is_made_and_told_the_kind_of_build(tmp_path: Path) -> None:
    (tmp_path / "provider_class.py").write_text(
        "class Own:\n"
        "    def build_state(self, state):\n        self.state = state\n"
        "    def dynamic_metadata(self, settings, project):\n        return {'version': self.state}\n"
        "    def dynamic_wheel(self, settings, project):\n        return hasattr(self, 'state')\n",
        encoding="utf-8",
    )
    assert answer(tmp_path, "provider_class:Own") == {"answer": {"version": "wheel"}}
    assert answer(tmp_path, "provider_class:Own", "dynamic_wheel") == {"answer": False}


@pytest.mark.parametrize(
    ("kind", "error"),
    [("ConfigError", "wrong"), ("MissingToolError", "missing")],
)
def test_an_error_of_ours_keeps_its_words(tmp_path: Path, kind: str, error: str) -> None:
    module = f"provider_{error}"
    (tmp_path / f"{module}.py").write_text(
        f"from cratewheel.errors import {kind}\n"
        f"def dynamic_metadata(settings, project):\n    raise {kind}('m', hint='h', notes=('n',))\n",
        encoding="utf-8",
    )
    assert answer(tmp_path, module) == {"error": error, "message": "m", "hint": "h", "notes": ("n",)}


def test_an_answer_that_is_no_json_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "provider_of_sets.py"
    path.write_text("def dynamic_metadata(settings, project):\n    return {1}\n", encoding="utf-8")
    assert answer(tmp_path, "provider_of_sets")["message"] == "TypeError: Object of type set is not JSON serializable"


def test_a_provider_that_nobody_registered_is_unknown() -> None:
    request: dict[str, object] = {
        "name": "nobody.here",
        "source": None,
        "hook": "x",
        "arguments": [],
        "build_state": "wheel",
    }
    assert provider_process._answer(request)["error"] == "unknown"
