"""Every folder on a file system of its own, and a project in a lower layer of overlayfs, as in a container's image."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from faults.interruption import COMMAND
from faults.test_deaf_programs import environ_of
from faults.test_deaf_programs import root as root  # the fixture

LAYERS = """set -eu
mount -t tmpfs none "$1"
mkdir "$1/upper" "$1/work"
mount -t overlay none -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work,redirect_dir=off" "$2"
for folder in "$3/out" "$3/tmp" "$3/target" "$2"/environment/lib/python*/site-packages; do
  mkdir -p "$folder"
  mount -t tmpfs none "$folder"
done
"""
RUN = """cd "$2/deaf"
export CARGO_TARGET_DIR="$3/target"
"$4" -c "$5" build --sdist --out "$3/out" --quiet
"$4" -c "$5" develop --quiet -i ../environment/bin/python
"$4" -c "$5" develop --quiet -i ../environment/bin/python
../environment/bin/deaf
unset CARGO_TARGET_DIR
"$4" -c "$5" build --no-sdist --out "$3/out" --quiet
"$4" -c "$5" clean --quiet
echo out: $(ls "$3/out" | sed 's/.*[.]//')
echo kept: $(ls target/cratewheel)
"""

pytestmark = [
    pytest.mark.cargo,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has overlayfs"),
]


@pytest.mark.long
def test_outputs_land_and_are_removed_on_whichever_file_system(root: Path, tmp_path: Path) -> None:
    layers, lower, places = tmp_path / "layers", tmp_path / "lower", tmp_path / "places"
    for folder in (layers, lower, places):
        folder.mkdir()
    (root / "build.rs").unlink()
    (root / "src" / "main.rs").write_text('fn main() { println!("runs"); }\n', encoding="utf-8")
    root.rename(lower / "deaf")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", lower / "environment"], check=True)
    environ = environ_of(tmp_path, TMPDIR=str(places / "tmp"), XDG_CACHE_HOME=str(tmp_path / "cache"))
    del environ["CARGO_TARGET_DIR"]
    build: list[str | Path] = [*COMMAND, "build", "--sdist", "--out", tmp_path / "first"]  # what the image has
    subprocess.run(build, cwd=lower / "deaf", env=environ | {"TMPDIR": str(tmp_path)}, check=True, capture_output=True)

    def run(script: str) -> subprocess.CompletedProcess[str]:
        words: list[str | Path] = [
            "unshare",
            "--mount",
            "sh",
            "-c",
            script,
            "sh",
            layers,
            lower,
            places,
            COMMAND[0],
            COMMAND[2],
        ]
        return subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)

    if run(LAYERS).returncode:
        pytest.skip("nothing can be mounted here")
    done = run(LAYERS + RUN)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "runs" in lines
    assert lines[-2:] == ["out: whl gz", "kept: lock"]
