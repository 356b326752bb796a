"""Releases of cratewheel itself, and what the page on security says of the tests."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "security.md"
BUILD = "from flit_core import buildapi as b; import sys; b.build_sdist(sys.argv[1]); b.build_wheel(sys.argv[1])"


def test_each_test_that_the_page_on_security_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE.read_text(encoding="utf-8"))
    assert len(named) >= 25
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not re.search(rf"^def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert missing == []


def test_a_release_is_built_again_with_the_same_bytes(tmp_path: Path) -> None:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("there is no git, or no repository")
    commit = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=True)
    environ = os.environ | {"SOURCE_DATE_EPOCH": commit.stdout.strip()}
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True).stdout
    (tmp_path / "tree.tar").write_bytes(archive)
    hashes = []
    for name, mask in (("first", 0o022), ("second", 0o077)):  # another folder, another day, another mask
        folder = tmp_path / name
        with tarfile.open(tmp_path / "tree.tar") as tree:
            for member in tree:
                path = folder / member.name
                if member.isfile() and member.name.startswith(("src/", "README", "LICENSE", "pyproject")):
                    content = tree.extractfile(member)
                    assert content is not None
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content.read())
                    path.chmod((member.mode | 0o600) & ~mask)
        out = folder / "dist"
        out.mkdir()
        subprocess.run(
            [sys.executable, "-c", BUILD, str(out)], cwd=folder, env=environ, check=True, capture_output=True
        )
        hashes.append({path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in out.iterdir()})
    assert hashes[0] == hashes[1]
    assert len(hashes[0]) == 2
