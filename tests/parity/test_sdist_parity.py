"""Source distributions of projects of every shape: what maturin packs of each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from sdist_projects import CASES, Case

pytestmark = pytest.mark.parity


@pytest.fixture(scope="module")
def peer() -> Path:
    """The program of maturin that was installed to compare with."""
    beside = Path(sys.executable).with_name("maturin.exe" if os.name == "nt" else "maturin")
    chosen = os.environ.get("CRATEWHEEL_TEST_PEER") or (str(beside) if beside.exists() else shutil.which("maturin"))
    if chosen is None or shutil.which("cargo") is None:
        pytest.skip("maturin or cargo is not installed")
    return Path(chosen)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_peer_packs_the_same_files(case: Case, peer: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for name, text in case.tree.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(text.encode())
    if case.git:
        subprocess.run(["git", "init", "-q"], cwd=tree, check=True)
        subprocess.run(["git", "add", "--all"], cwd=tree, check=True)
    done = subprocess.run(
        [peer, "sdist", "--out", tmp_path / "out"], cwd=tree / case.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with tarfile.open(tmp_path / "out" / "demo-1.0.0.tar.gz") as archive:
        theirs = {member.name.removeprefix("demo-1.0.0/") for member in archive}
    assert theirs == {*case.files, *case.peer_more} - set(case.peer_lacks)
