"""Unit tests start no program: what does belongs to tests/integration, under the same name."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import NoReturn

import pytest


@pytest.fixture(autouse=True, scope="module")
def _no_programs() -> Iterator[None]:
    """Have whatever starts a program fail, in fixtures of modules as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess.Popen, "__init__", _refuse)
        yield


def _refuse(_: object, argv: object, *_arguments: object, **_options: object) -> NoReturn:
    pytest.fail(f"a unit test starts a program, and belongs to tests/integration: {argv}")
