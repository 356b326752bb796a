"""The files of a wheel for programs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from cratewheel.archive.layout import Entry, FromFile

WHY = "compiled program"


def entries(programs: Iterable[tuple[str, Path]], *, data_dir: str) -> tuple[Entry, ...]:
    """Return each program as a script of the wheel; `programs` are file names (`demo.exe`) and compiled files.

    `data_dir` is the wheel's `<distribution>-<version>.data`
    (https://packaging.python.org/en/latest/specifications/binary-distribution-format/#the-data-directory).
    """
    folder = PurePosixPath(data_dir) / "scripts"
    return tuple(
        Entry(path=str(folder / name), source=FromFile(path=str(artifact), executable=True), why=WHY)
        for name, artifact in sorted(programs)
    )


def file_name(program: str, target_os: str) -> str:
    """Return the file name of a program.

    >>> file_name("demo", "windows"), file_name("demo", "wasi"), file_name("demo", "linux")
    ('demo.exe', 'demo.wasm', 'demo')
    """
    if target_os in ("wasi", "emscripten"):
        return f"{program}.wasm"
    return f"{program}.exe" if target_os in ("windows", "cygwin") else program
