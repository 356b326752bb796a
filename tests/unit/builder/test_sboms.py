"""Which bills of materials a wheel carries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cratewheel.builder.sboms import crates_sbom, sbom_files
from cratewheel.builder.session import Session
from cratewheel.errors import ConfigError
from cratewheel.repair.model import Grafted
from sessions import in_folder, session
from situations import pyo3, situation

LIBRARY = Grafted(name="libz-01234567.so.1", original=Path("/lib/libz.so.1"), path=Path("/tmp/libz"), sha256="01")
CRATES = (("app.cyclonedx.json", b"{}"),)


def facts(root: Path, words: str = "", **table: Any) -> Session:
    """Return a session of a project in `root`."""
    inputs = situation(words, cargo=pyo3(), pythons=("12",), tool={"sbom": table})
    return session(in_folder(inputs, root), environ={"SOURCE_DATE_EPOCH": "0", "PATH": ""})


def test_the_crates_are_listed_with_the_checksums_of_the_lock_file(tmp_path: Path) -> None:
    (tmp_path / "Cargo.lock").write_text(
        'version = 4\n\n[[package]]\nname = "pyo3"\nversion = "0.26.0"\n'
        'source = "registry+https://github.com/rust-lang/crates.io-index"\nchecksum = "abcd"\n',
        encoding="utf-8",
    )
    ((name, text),) = crates_sbom(facts(tmp_path))
    document = json.loads(text)
    assert name == "app.cyclonedx.json"
    assert document["metadata"]["timestamp"] == "1970-01-01T00:00:00Z"
    assert {one["name"]: one.get("hashes") for one in document["components"]} == {
        "pyo3": [{"alg": "SHA-256", "content": "abcd"}],
        "pyo3-ffi": None,
    }


def test_without_a_lock_file_there_are_no_checksums_and_without_the_wish_no_list(tmp_path: Path) -> None:
    ((_, text),) = crates_sbom(facts(tmp_path))
    assert [one.get("hashes") for one in json.loads(text)["components"]] == [None, None]
    assert crates_sbom(facts(tmp_path, rust=False)) == ()


@pytest.mark.parametrize(
    ("table", "grafted", "names"),
    [
        ({}, (), ["app.cyclonedx.json"]),
        ({"auditwheel": False}, (LIBRARY,), ["app.cyclonedx.json"]),
        ({"include": ["sub/own.json", "sub/own.json"]}, (), ["app.cyclonedx.json", "own.json"]),
    ],
)
def test_each_is_there_when_it_is_wanted(
    tmp_path: Path, table: dict[str, Any], grafted: tuple[Grafted, ...], names: list[str]
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "own.json").write_bytes(b"[]")
    found = sbom_files(facts(tmp_path, **table), CRATES, grafted)
    assert [name for name, _ in found] == names
    assert dict(found)["app.cyclonedx.json"] == b"{}"


def test_one_of_the_command_line_may_lie_anywhere_and_counts_once(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "outside.json").write_bytes(b"1")
    (project / "own.json").write_bytes(b"2")
    words = f"--sbom-include {tmp_path.as_posix()}/outside.json --sbom-include own.json"
    found = sbom_files(facts(project, words, include=["own.json"]), (), ())
    assert found == (("own.json", b"2"), ("outside.json", b"1"))


def test_two_of_one_name_and_one_that_is_not_there_are_errors(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "own.json").touch()
    with pytest.raises(ConfigError, match=r"^two SBOM files have the same name in the wheel: own\.json$"):
        sbom_files(facts(tmp_path, include=["a/own.json", "b/own.json"]), (), ())
    with pytest.raises(ConfigError) as caught:
        sbom_files(facts(tmp_path, include=["gone.json"]), (), ())
    assert caught.value.message == f"the SBOM {tmp_path / 'gone.json'} does not exist"
