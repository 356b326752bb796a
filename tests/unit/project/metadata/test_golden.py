"""Whole METADATA files, as they were when last looked at.

`python tests/unit/project/metadata/test_golden.py` (with `tests` and `src` on PYTHONPATH) writes them again; read what
changed.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata, parse_email
from packaging.requirements import Requirement

import golden
from cratewheel.cargo import manifest
from cratewheel.errors import ConfigError
from cratewheel.project import metadata, pyproject
from cratewheel.project.metadata import CoreMetadata
from metadata_projects import REFUSED, SAME, Case

GOLDEN = Path(__file__).parent / "golden"
CHOSEN = (
    "cargo-only", "nothing-dynamic", "all-dynamic", "contacts", "requirements", "requires-python", "entry-points",
    "empty-values", "import-names", "licence-long-text", "licence-file", "licences-globs", "readme-text",
    "cargo-authors", "member-dynamic", "root-names-member",
)  # fmt: skip
# What PyPI refuses, and `packaging` with it; each is a warning of ours.
INVALID = ("licence-wrong-expression",)


@pytest.mark.parametrize("name", CHOSEN)
def test_metadata_is_as_it_was(name: str, tmp_path: Path) -> None:
    golden = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    assert shown(read(SAME[name], tmp_path), tmp_path) == respelled(golden)


@pytest.mark.parametrize("name", [name for name in SAME if name not in INVALID])
def test_metadata_is_what_packaging_reads(name: str, tmp_path: Path) -> None:
    core = read(SAME[name], tmp_path)
    if "\nImport-Name" in core.text and not hasattr(Metadata, "import_names"):
        pytest.skip("this version of packaging is older than Import-Name")
    raw, unknown = parse_email(core.text)
    assert unknown == {}
    parsed = Metadata.from_raw(raw)
    assert parsed.name == core.name
    assert str(parsed.version) == core.version
    assert [str(item) for item in parsed.requires_dist or []] == list(core.requires_dist)
    assert parsed.license_files == ([str(target) for target, _ in core.license_files] or None)
    assert (parsed.description or "").rstrip("\n") == (core.description or "").rstrip("\n")


def respelled(text: str) -> str:
    """Return a golden file with its requirements as the installed `packaging` spells them: 24.2 has `name@ url`."""
    return re.sub(r"(?m)^(Requires-Dist: )(.*)$", lambda line: line[1] + str(Requirement(line[2])), text)


def read(case: Case, root: Path) -> CoreMetadata:
    for name, text in case.tree().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    folder = root / case.folder
    crate = folder / (
        "crates/p/Cargo.toml" if case.folder == "." and "crates/p/Cargo.toml" in case.files else "Cargo.toml"
    )
    project = next((path for path in (folder / "pyproject.toml", root / "pyproject.toml") if path.is_file()), None)
    return metadata.read(pyproject.read(project) if project else None, manifest.read(crate))


def shown(core: CoreMetadata, root: Path) -> str:
    files = "".join(f"licenses/{target} = {path.relative_to(root).as_posix()}\n" for target, path in core.license_files)
    says = (
        "".join(f"{text}\n" for text in (*core.notes, *core.warnings))
        .replace(f"{root}{os.sep}", "<root>/")
        .replace(str(root), "<root>")
    )
    return f"{core.text}=== entry points\n{core.entry_points}=== licence files\n{files}=== said\n{says}"


def test_each_golden_file_has_its_case() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(CHOSEN)
    assert set(INVALID) <= set(SAME)


if __name__ == "__main__":
    for name in CHOSEN:
        with tempfile.TemporaryDirectory() as folder:
            text = shown(read(SAME[name], Path(folder)), Path(folder))
        (GOLDEN / f"{name}.txt").write_text(text, encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="its words for files that are not there")
def test_what_is_said_of_each_project(tmp_path: Path) -> None:
    """The warnings, or the error and its hint."""
    found = {}
    for name, case in {**SAME, **REFUSED}.items():
        root = tmp_path / name
        try:
            said = list(read(case, root).warnings)
        except ConfigError as error:
            said = [error.message, *error.notes, f"help: {error.hint}"]
        found[name] = [re.sub(r"[/\\\\]+", "/", text.replace(str(root), "ROOT")) for text in said]
    golden.check_json(GOLDEN / "said.json", {name: said for name, said in found.items() if said})
