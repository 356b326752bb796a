"""Which files of a package cannot be imported without its compiled module."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.archive.layout import Entry, FromFile
from cratewheel.contents.unguarded_imports import unguarded_imports


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import app._native", True),
        ("import app._native as fast", True),
        ("from app._native import f", True),
        ("from app import _native", True),
        ("from . import _native", True),
        ("from ._native import f", True),
        ("class A:\n    from ._native import f", True),
        ("with x():\n    import app._native", True),
        ("try:\n    from ._native import f\nfinally:\n    pass", True),
        ("try:\n    from ._native import f\nexcept KeyError:\n    pass", True),
        ("try:\n    from ._native import f\nexcept ImportError:\n    f = None", False),
        ("try:\n    from ._native import f\nexcept (OSError, ModuleNotFoundError):\n    f = None", False),
        ("try:\n    from ._native import f\nexcept:\n    f = None", False),
        ("try:\n    import x\nexcept ImportError:\n    from ._native import f", False),
        ("if x:\n    from ._native import f", False),
        ("def g():\n    from ._native import f", False),
        ("from . import other", False),
        ("import app._native_other", False),
        ("from ._native import (", False),
        ("'_native'", False),
    ],
)
def test_imports_that_run_and_are_not_guarded_are_found(tmp_path: Path, code: str, found: bool) -> None:
    file = tmp_path / "f.py"
    file.write_text(code)
    entry = Entry(path="app/__init__.py", source=FromFile(path=str(file)), why="")
    assert unguarded_imports([entry], ["app._native"]) == (("app/__init__.py",) if found else ())


def test_a_relative_import_counts_from_the_place_in_the_wheel(tmp_path: Path) -> None:
    file = tmp_path / "f.py"
    file.write_text("from .._native import f")
    source = FromFile(path=str(file))
    below = Entry(path="app/sub/x.py", source=source, why="")
    stub = Entry(path="app/sub/x.pyi", source=source, why="")
    other = Entry(path="other/sub/x.py", source=source, why="")
    gone = Entry(path="app/sub/y.py", source=FromFile(path=str(tmp_path / "gone.py")), why="")
    assert unguarded_imports([below, stub, other, gone], ["app._native"]) == ("app/sub/x.py",)
