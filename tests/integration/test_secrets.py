"""Values of variables and words of command lines, which may be secrets: on the disk and on the screen nowhere."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters

pytestmark = [pytest.mark.cargo, pytest.mark.skipif(os.name == "nt", reason="the environment is laid out as on POSIX")]

MARK = "PLANTED-VALUE"
VARIABLES = (
    "CARGO_REGISTRY_TOKEN", "CARGO_REGISTRIES_OURS_TOKEN", "MATURIN_PASSWORD", "MATURIN_PYPI_TOKEN",
    "MATURIN_REPOSITORY_URL", "CRATEWHEEL_ANYTHING", "RUST_ANYTHING", "AWS_SECRET_ACCESS_KEY", "TWINE_PASSWORD",
    "GITHUB_TOKEN",
)  # fmt: skip
WORDS = ("--config", f'http.proxy="http://user:{MARK}-of-a-proxy@localhost:1"', "--offline", "-vv")


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the bytes of every file below a folder, and of what is in archives there."""
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as archive:
                yield from ((f"{path}/{name}", archive.read(name)) for name in archive.namelist())
        elif path.suffix == ".gz":
            with tarfile.open(path) as archive:
                for member in archive:
                    if (stream := archive.extractfile(member)) is not None:
                        yield f"{path}/{member.name}", stream.read()
        else:
            yield str(path), path.read_bytes()


def test_no_value_is_kept_or_shown(run_light: Cratewheel, interpreters: Interpreters, tmp_path: Path) -> None:
    root = run_light.copy("light-module")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "environment"], check=True)
    environ = {name: f"{MARK}-{number}" for number, name in enumerate(VARIABLES)}
    environ |= {"XDG_CACHE_HOME": str(tmp_path / "cache"), "CARGO_TARGET_DIR": str(tmp_path / "target")}
    commands: list[list[str | Path]] = [
        ["build", "-i", interpreters.this],
        ["build", "-i", interpreters.this, "--explain", "--dry-run"],
        ["develop", "-i", tmp_path / "environment" / "bin" / "python"],
        ["sdist", "--explain"],
    ]
    said = "".join(
        run.ok().stderr + run.stdout
        for run in (run_light(*command, *WORDS, cwd=root, env=environ) for command in commands)
    )
    assert MARK not in said
    assert [name for name, data in contents(tmp_path) if MARK.encode() in data] == []
