"""The wheel of the Python part: its files, its warnings, and when it is not made."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pytest

from cratewheel.builder import pure
from cratewheel.builder.session import Session
from cratewheel.errors import CargoBuildError, ConfigError, CratewheelError, MismatchError
from cratewheel.events import Event, WarningEvent
from cratewheel.options.values import OptionalRust
from sessions import in_folder, session
from situations import modules, pyo3, situation

FAILED = CargoBuildError("cargo could not build the crate (status 101)", notes=("the command was `…`",), hint="fix it")
FILES = {"app/__init__.py": "try:\n    from ._native import f\nexcept ImportError:\n    pass\n", "app/data.txt": ""}


def optional_session(
    root: Path, events: list[Event] | None = None, files: Mapping[str, str] = MappingProxyType({})
) -> Session:
    for name, text in {**FILES, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    facts = situation(cargo=pyo3("0.28.3"), pythons=("12",), module=modules("app._native", mixed=True))
    options = replace(facts.options, optional=OptionalRust(when=("compile-error",)))
    return session(in_folder(replace(facts, options=options), root), events=events)


def warnings(events: list[Event]) -> list[tuple[str, str | None]]:
    return [(event.text, event.hint) for event in events if isinstance(event, WarningEvent)]


def test_after_a_failed_compile_the_wheel_has_the_python_files_alone(tmp_path: Path) -> None:
    events: list[Event] = []
    found = pure.pure_session(optional_session(tmp_path, events), FAILED)
    ((text, hint),) = warnings(events)
    assert text == (
        "app 0.1.0 is built without Rust, as a wheel of its Python part for every system (py3-none-any): "
        "cargo could not build the crate (status 101)"
    )
    assert hint == "fix it; --require-rust makes this an error"
    content = pure.assemble_pure(found)
    assert [entry.path for entry in content.layout] == ["app/__init__.py", "app/data.txt"]
    assert str(content.tag) == "py3-none-any"
    assert content.dist_info.sboms == ()
    assert len(warnings(events)) == 1


def test_other_errors_are_raised(tmp_path: Path) -> None:
    for error in (MismatchError("x"), ConfigError("x")):
        with pytest.raises(type(error)):
            pure.pure_session(optional_session(tmp_path), error)


class Usage(NamedTuple):
    """What `shutil.disk_usage` returns."""

    total: int
    used: int
    free: int


def test_a_full_disk_is_no_reason_for_another_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = optional_session(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1 << 30, 1 << 30, 1 << 12))
    (tmp_path / "target").mkdir()
    with pytest.raises(CargoBuildError):
        pure.pure_session(found, FAILED)


def test_a_compiled_file_cannot_be_in_it(tmp_path: Path) -> None:
    found = pure.pure_session(optional_session(tmp_path, files={"app/libz.so": "", "app/x.pyd": ""}), FAILED)
    with pytest.raises(ConfigError) as caught:
        pure.assemble_pure(found)
    assert caught.value.message == "a wheel for every system (py3-none-any) cannot have app/libz.so, a compiled file"
    assert caught.value.notes == ("nor app/x.pyd",)


def test_an_import_without_a_try_is_warned_of(tmp_path: Path) -> None:
    events: list[Event] = []
    files = {"app/fast.py": "from ._native import f\n"}
    pure.assemble_pure(pure.pure_session(optional_session(tmp_path, events, files), FAILED))
    assert warnings(events)[1:] == [
        (
            "app/fast.py cannot be imported from this wheel: it imports the compiled module",
            "import it in a `try` with `except ImportError`, and use Python code instead",
        )
    ]


def test_a_project_that_is_not_optional_raises_its_error(tmp_path: Path) -> None:
    found = optional_session(tmp_path)
    strict = replace(found, inputs=replace(found.inputs, options=replace(found.inputs.options, require_rust=True)))
    with pytest.raises(CratewheelError, match="status 101"):
        pure.pure_session(strict, FAILED)
