"""What reads data of others raises errors of ours only, in bounded memory and time, whatever the data is.

`CRATEWHEEL_FUZZ_SECONDS=120` gives each reader so many seconds of the processor and other inputs each time, unless
`CRATEWHEEL_FUZZ_SEED` says which; without it, the inputs are a few that are the same each time.
`corpus/` has what was wrong once, by reader: each file is tried again.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from cratewheel.errors import CratewheelError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="memory and time are bounded as POSIX has it")

if os.name != "nt":
    from fuzz.run import BATCH, read_current
    from fuzz.targets import TARGETS
else:
    TARGETS = {}

SECONDS = float(os.environ.get("CRATEWHEEL_FUZZ_SECONDS", "0"))
SEED = int(os.environ.get("CRATEWHEEL_FUZZ_SEED") or (random.randrange(10**9) if SECONDS else 1))
CORPUS = Path(__file__).parent / "corpus"
SLOWDOWN = 60  # times the processor's time that a run may take on a busy machine


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_data_gives_results_or_errors_of_ours(name: str, tmp_path: Path) -> None:
    current = tmp_path / "current"
    done = subprocess.run(
        [sys.executable, "-m", "fuzz.run", name, str(SECONDS), str(SEED), current],
        cwd=Path(__file__).parents[1], env=os.environ | {"TMPDIR": str(tmp_path)}, capture_output=True, text=True,
        check=False, timeout=SLOWDOWN * (SECONDS + 10),
    )  # fmt: skip
    assert done.returncode == 0, f"{name} with seed {SEED} fails for {read_current(current)!r}\n{done.stderr[-4000:]}"
    answer = json.loads(done.stdout)
    assert answer["inputs"] >= BATCH
    print(name, answer)  # noqa: T201  # `-rP` shows it


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*/*")), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_wrong_once_is_right(path: Path) -> None:
    target = TARGETS[path.parent.name]
    with suppress(CratewheelError, *target.documented):
        target.read(path.read_bytes())


def test_the_corpus_belongs_to_readers() -> None:
    assert {path.name for path in CORPUS.iterdir()} <= TARGETS.keys()
