"""Archives in other people's hands: unzip, tar, pip, uv, check-wheel-contents; and git as the judge of ignore files."""

from __future__ import annotations

import csv
import importlib.metadata
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from cratewheel.archive import sdist, wheel
from cratewheel.archive.compression import make_compression
from cratewheel.archive.dist_info import DistInfo
from cratewheel.archive.layout import Entry, FromFile, Generated, layout
from cratewheel.system import files
from cratewheel.targets.wheel_tags import WheelTag

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the names of these files are none on Windows")

METADATA = "Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n"


def run(*words: str | Path, cwd: Path | None = None, environ: Mapping[str, str] = MappingProxyType({})) -> str:
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environ},
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def program(name: str) -> str:
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        pytest.skip(f"{name} is not on this machine")
    return found


@pytest.fixture
def odd_wheel(tmp_path: Path) -> Path:
    """A wheel of pure Python whose names try every quoting."""
    library = tmp_path / "large.bin"
    library.write_bytes(os.urandom(1 << 20) * 3)
    texts = {
        "odd/__init__.py": b"from pathlib import Path\nhere = Path(__file__).parent\n",
        "odd/a, b.txt": b"comma",
        'odd/"quoted".txt': b"quotes",
        "odd/\u00fcn\u00ef.txt": b"accents",
        "odd-1.0.data/data/share/odd/x.txt": b"data",
    }
    entries = [Entry(path=path, source=Generated(data=data)) for path, data in texts.items()]
    large = Entry(path="odd/large.bin", source=FromFile(path=str(library)))
    tool = Entry(
        path="odd-1.0.data/scripts/odd-tool",
        source=Generated(data=b"#!python\nprint('odd')\n", executable=True),
    )
    info = DistInfo(
        directory="odd-1.0.dist-info",
        tag=WheelTag.parse("py3-none-any"),
        generator="cratewheel (test)",
        metadata=METADATA,
        entry_points="[console_scripts]\nodd-entry=odd:here.exists\n",
    )
    path = tmp_path / "dist" / "odd-1.0-py3-none-any.whl"
    return wheel.write(layout([*entries, large, tool]), info, path).path


def test_unzip_finds_no_fault(odd_wheel: Path) -> None:
    assert "No errors detected" in run(program("unzip"), "-t", odd_wheel)


def installed(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in (folder / "odd").iterdir()
        if path.is_file() and path.name != "large.bin"
    }


CONTENT = {
    "odd/__init__.py": b"from pathlib import Path\nhere = Path(__file__).parent\n",
    "odd/a, b.txt": b"comma",
    'odd/"quoted".txt': b"quotes",
    "odd/\u00fcn\u00ef.txt": b"accents",
}


@pytest.mark.skipif(
    # find_spec would make setuptools use the distutils of the standard library in this process
    not any(importlib.metadata.distributions(name="pip")),
    reason="no pip in this environment",
)
def test_pip_installs_the_wheel_and_reads_its_record(odd_wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    run(
        sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--no-compile",
        "--disable-pip-version-check", "--target", target, odd_wheel,
    )  # fmt: skip
    assert installed(target) == CONTENT
    with (target / "odd-1.0.dist-info" / "RECORD").open(newline="", encoding="utf-8") as record:
        assert {row[0] for row in csv.reader(record)} > CONTENT.keys()
    assert (target / "share" / "odd" / "x.txt").read_bytes() == b"data"
    assert os.access(target / "bin" / "odd-tool", os.X_OK)


def test_uv_installs_the_wheel(odd_wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    run(
        program("uv"), "pip", "install", "--no-index", "--no-deps", "--offline", "--python", sys.executable,
        "--target", target, odd_wheel, environ={"UV_CACHE_DIR": str(tmp_path / "cache")},
    )  # fmt: skip
    assert installed(target) == CONTENT


def test_check_wheel_contents_agrees(odd_wheel: Path) -> None:
    # W004 is about the names, which are odd on purpose
    assert "OK" in run(program("check-wheel-contents"), "--ignore", "W004", odd_wheel)


@pytest.mark.parametrize("method", ["stored", "bzip2"])
def test_unzip_reads_the_other_methods(tmp_path: Path, method: str) -> None:
    info = DistInfo(directory="x-1.dist-info", tag=WheelTag.parse("py3-none-any"), generator="g", metadata=METADATA)
    how = make_compression("bzip2" if method == "bzip2" else "stored")
    built = wheel.write((), info, tmp_path / "x-1-py3-none-any.whl", compression=how, large_files=True)
    assert "No errors detected" in run(program("unzip"), "-t", built.path)


def test_tar_unpacks_an_sdist_with_its_modes(tmp_path: Path) -> None:
    entries = (
        Entry(path="PKG-INFO", source=Generated(data=METADATA.encode())),
        Entry(path="configure", source=Generated(data=b"#!/bin/sh\n", executable=True)),
        Entry(path="f\u00fcr/" + "lang/" * 40 + "x.rs", source=Generated(data=b"fn main() {}\n")),
    )
    built = sdist.write(entries, tmp_path / "odd-1.0.tar.gz")
    run(program("tar"), "xzf", built.path, "-C", tmp_path, environ={"LC_ALL": "C.UTF-8"})
    top = tmp_path / "odd-1.0"
    assert (top / ("f\u00fcr/" + "lang/" * 40 + "x.rs")).read_bytes() == b"fn main() {}\n"
    assert os.access(top / "configure", os.X_OK)
    assert not os.access(top / "PKG-INFO", os.X_OK)


NAMES = ("a", "b", "ab", "foo", "foo.py", "b.txt", ".h", "a b", "[x]", "!a", "#c", "x-y", "A", "a{b}")
PIECES = (
    "a", "b", "foo", "*", "**", "?", "[ab]", "[!a]", "[^b]", "[a-c]", "[]]", "[]-a]", "[[:alpha:]]", "\\a", "\\*",
    ".py", "*.py", ".txt", "/", "/", "/", "**/", "/**", "!", "#", "\\#", "\\!", " ", "\\ ", "{a,b}", "-", "[x]",
    "\\[x\\]", "***", "[a", "\\", "[!]a-]", "A", ".",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(25))
def test_git_and_the_walk_ignore_the_same_files(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    git = program("git")
    environ = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "HOME": str(tmp_path / "home")}
    root = tmp_path / "project"
    run(git, "init", "--quiet", root, environ=environ)
    folders = [root]
    for _ in range(6):
        folder = chance.choice(folders) / chance.choice(NAMES)
        if not folder.exists():
            folder.mkdir()
            folders.append(folder)
    for _ in range(30):
        path = chance.choice(folders) / chance.choice(NAMES)
        if not path.exists():
            path.touch()
    for folder in chance.sample(folders, min(len(folders), 3)):
        lines = ["".join(chance.choices(PIECES, k=chance.randint(1, 4))) for _ in range(chance.randint(1, 5))]
        marked = [f"!{line}" if chance.random() < 0.3 else line for line in lines]
        (folder / ".gitignore").write_bytes(chance.choice(("\n", "\r\n")).join(marked).encode())
    listed = run(git, "ls-files", "--others", "--exclude-standard", "-z", cwd=root, environ=environ).split("\0")
    walked = [Path(path).relative_to(root).as_posix() for path in files.walk(root)]
    assert sorted(walked) == sorted(filter(None, listed))
