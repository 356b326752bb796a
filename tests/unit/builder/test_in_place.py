"""What an editable install of the mode `inplace` writes into the project."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cratewheel.archive.layout import Entry, Generated
from cratewheel.builder.in_place import write_in_project
from cratewheel.builder.session import Session
from sessions import session
from situations import modules, pyo3, situation

FOR_11 = "app/_x.cpython-311-x86_64-linux-gnu.so"
STABLE = "app/_x.abi3.so"


def in_project(root: Path) -> Session:
    """Return the session of a project with the package `app` in the folder `python`."""
    (root / "python" / "app").mkdir(parents=True, exist_ok=True)
    inputs = situation(cargo=pyo3(), pythons=("12",), module=modules("app._x", mixed=True))
    layout = replace(inputs.modules, python_source=root / "python", package_dir=root / "python" / "app")
    files = replace(inputs.project, location=replace(inputs.project.location, root=root))
    cargo = replace(inputs.cargo, target_directory=root / "target")
    return session(replace(inputs, modules=layout, project=files, cargo=cargo))


def entry(path: str, data: bytes) -> Entry:
    return Entry(path=path, source=Generated(data=data, executable=True))


def files(root: Path) -> dict[str, bytes]:
    source = root / "python"
    return {path.relative_to(source).as_posix(): path.read_bytes() for path in source.rglob("*") if path.is_file()}


def test_compiled_files_go_to_their_places_and_those_of_an_earlier_build_go(tmp_path: Path) -> None:
    build = in_project(tmp_path)
    write_in_project(build, (entry(FOR_11, b"one"),))
    assert files(tmp_path) == {FOR_11: b"one"}
    write_in_project(build, (entry(STABLE, b"two"),))
    assert files(tmp_path) == {STABLE: b"two"}


def test_what_somebody_else_has_changed_stays(tmp_path: Path) -> None:
    build = in_project(tmp_path)
    write_in_project(build, (entry(FOR_11, b"one"),))
    (tmp_path / "python" / FOR_11).write_bytes(b"by hand")
    write_in_project(build, (entry(STABLE, b"two"),))
    assert files(tmp_path) == {FOR_11: b"by hand", STABLE: b"two"}


def test_without_files_nothing_is_touched(tmp_path: Path) -> None:
    write_in_project(in_project(tmp_path), ())
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["app", "python"]
