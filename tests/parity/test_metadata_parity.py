"""The metadata of small, hard projects: ours beside that of maturin."""

from __future__ import annotations

import configparser
import email
import email.policy
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

import cratewheel
from cratewheel.errors import ConfigError
from cratewheel.project.metadata import CoreMetadata
from metadata_projects import REFUSED, SAME, Case
from requirement_meaning import meaning

pytestmark = pytest.mark.parity

# Headers that only ours has: PEP 794 is younger than the peer.
NEWER = frozenset({"Metadata-Version", "Import-Name", "Import-Namespace"})

Headers = list[tuple[str, object]]


@pytest.fixture(scope="module")
def peer() -> Path:
    """The program of maturin that was installed to compare with."""
    beside = Path(sys.executable).with_name("maturin.exe" if os.name == "nt" else "maturin")
    program = beside if beside.exists() else shutil.which("maturin")
    if program is None:
        pytest.skip("maturin is not installed, neither beside this Python nor on PATH")
    if shutil.which("cargo") is None:
        pytest.skip("maturin asks cargo for metadata, and there is no cargo on PATH")
    return Path(program)


@pytest.mark.parametrize("case", SAME.values(), ids=SAME)
def test_metadata_is_that_of_the_peer(case: Case, peer: Path, tmp_path: Path) -> None:
    folder = lay_out(case, tmp_path / "project")
    done, written = run_peer(peer, folder, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    ours = read_metadata(folder)

    headers, description = parsed(written["METADATA"])
    our_headers, our_description = parsed(ours.text.encode())
    assert our_headers == headers
    assert our_description == description
    assert sections(ours.entry_points) == sections(written.get("entry_points.txt", b"").decode())
    assert {f"licenses/{target}": source.read_bytes() for target, source in ours.license_files} == {
        name: content for name, content in written.items() if name.startswith("licenses/")
    }


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_the_peer_refuses_is_an_error(case: Case, peer: Path, tmp_path: Path) -> None:
    folder = lay_out(case, tmp_path / "project")
    done, _ = run_peer(peer, folder, tmp_path / "out")
    assert done.returncode != 0
    with pytest.raises(ConfigError):
        _ = read_metadata(folder)


def lay_out(case: Case, root: Path) -> Path:
    """Write the project, and return the folder in which a user would be."""
    for name, text in case.tree().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return root / case.folder


def run_peer(peer: Path, folder: Path, out: Path) -> tuple[subprocess.CompletedProcess[str], Mapping[str, bytes]]:
    """Run the peer's metadata hook, and return what it wrote by path below the .dist-info folder."""
    out.mkdir()
    done = subprocess.run(
        [peer, "pep517", "write-dist-info", "--offline", "--metadata-directory", out],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    files = [path for path in out.rglob("*") if path.is_file()]
    return done, {path.relative_to(out).as_posix().partition("/")[2]: path.read_bytes() for path in files}


def read_metadata(folder: Path) -> CoreMetadata:
    """Return what we make of the project's files."""
    return cratewheel.read_metadata(folder)


def parsed(text: bytes) -> tuple[Headers, str]:
    """Return headers as a sorted multiset, requirements and specifiers by what they mean, and the description."""
    message = email.message_from_bytes(text, policy=email.policy.compat32)
    found = ((key, tidy(key, str(value))) for key, value in message.items() if key not in NEWER)
    headers = sorted(found, key=repr)
    body = message.get_payload(decode=True)
    assert isinstance(body, bytes)
    return headers, "\n".join(line.rstrip() for line in body.decode().strip().splitlines())


def tidy(key: str, value: str) -> object:
    if key == "Requires-Dist":
        return meaning(value)
    return SpecifierSet(value) if key == "Requires-Python" else " ".join(value.split())


def sections(text: str) -> dict[str, dict[str, str]]:
    """Return the entry points by group and name."""
    parser = configparser.RawConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[method-assign, assignment]  # names are case-sensitive: its documented use
    parser.read_string(text)
    return {group: dict(parser[group]) for group in sorted(set(parser.sections()))}
