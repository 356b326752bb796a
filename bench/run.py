"""Measure every promise about speed, ours and the peer's in turn, and print the table.

    python bench/run.py                         # all rows; half an hour on two cores
    python bench/run.py --rows again-1,develop  # some of them
    python bench/run.py --json bench.json       # every sample as well

Both programs are installed fresh, into environments of the same Python. `docs/performance.md` holds a dated run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

from measure import Log, Measured, measure
from rows import OURS, PEER, ROOT, ROWS, THEIRS, Bench, found_pythons


def main() -> int:
    """Run the rows that were asked for, and return 1 when one does not reach its figure."""
    arguments = _arguments()
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    bench = _set_up(folder, arguments.python)
    log = Log(path=folder / "log.txt")
    started = _machine(bench)
    done: list[Measured] = []
    for name in arguments.rows:
        print(f"{name} …", file=sys.stderr, flush=True)
        row = ROWS[name](bench)
        done.append(measure(row, log))
        print(_line(done[-1]), file=sys.stderr, flush=True)
    print(_table(done, started))
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": started, "rows": [_as_json(one) for one in done]}, indent=1))
    if not arguments.folder:
        shutil.rmtree(folder)
    return 0 if all(one.reached for one in done) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=lambda text: text.split(","), default=list(ROWS), help="which, by commas")
    parser.add_argument("--python", type=Path, action="append", default=[], help="a Python to build for; thrice")
    parser.add_argument("--folder", type=Path, help="where to work, and leave all there (default: a temporary folder)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample to a file")
    arguments = parser.parse_args()
    unknown = set(arguments.rows) - set(ROWS)
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))} (there are {', '.join(ROWS)})")
    return arguments


def _set_up(folder: Path, pythons: Sequence[Path]) -> Bench:
    """Return both programs, installed in environments of their own, and a house of what pip will ask for."""
    house = folder / "house"
    shutil.rmtree(house, ignore_errors=True)
    house.mkdir()
    _run(sys.executable, "-m", "venv", "--clear", folder / "tools")
    tools = folder / "tools" / "bin"
    _run(tools / "pip", "install", "--quiet", "flit_core>=3.11,<4", "build")
    _run(tools / "python", "-m", "build", "--no-isolation", "--outdir", house, ROOT)
    wheel = next(house.glob("cratewheel-*.whl"))
    _run(tools / "pip", "download", "--quiet", "--dest", house, wheel, PEER, "flit_core>=3.11,<4", "pip")
    programs = {}
    for side, words in ((THEIRS, [PEER]), (OURS, [str(wheel)])):
        environment = folder / "programs" / side
        _run(sys.executable, "-m", "venv", "--clear", environment)
        _run(environment / "bin" / "pip", "install", "--quiet", "--no-index", "--find-links", house, *words)
        programs[side] = environment / "bin" / side
    return Bench(
        folder=folder,
        programs=programs,
        pythons=tuple(pythons) or found_pythons(programs[OURS], os.environ),
        house=house,
    )


def _run(*argv: str | Path) -> str:
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def _machine(bench: Bench) -> dict[str, object]:
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "processors": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 2),
        "system": platform.platform(),
        "python": platform.python_version(),
        "rustc": _run("rustc", "--version"),
        "peer": _run(bench.programs[THEIRS], "--version"),
        "ours": _run(bench.programs[OURS], "--version"),
        "pip": next(bench.house.glob("pip-*.whl")).name.split("-")[1],
        "pythons": [path.name for path in bench.pythons],
    }


def _line(measured: Measured) -> str:
    mark = "" if measured.reached else " ✗"
    sides = ", ".join(f"{side} {_spread(measured, side)}" for side in measured.samples)
    return f"  {measured.row.title}: {measured.ratio:.2f} (at most {measured.row.limit}){mark}; {sides}"


def _spread(measured: Measured, side: str) -> str:
    seconds = [one.seconds for one in measured.samples[side]]
    return f"{statistics.median(seconds):.3f} s ({min(seconds):.3f} to {max(seconds):.3f})"


def _peak(measured: Measured, side: str) -> float:
    return max(sample.peak_mb for sample in measured.samples[side])


def _table(done: Sequence[Measured], machine: Mapping[str, object]) -> str:
    head = [f"- {name}: {value}" for name, value in machine.items()]
    lines = [
        f"| work | runs | {THEIRS} | {OURS} | other | ratio | at most |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in done:
        cells = {side: f"{_spread(one, side)}<br>{_peak(one, side):.0f} MB" for side in one.samples}
        ours = [cells.pop(side, "") for side in (THEIRS, OURS)]
        other = "<br>".join(f"{side}: {cell}" for side, cell in cells.items())
        ratio = f"{one.ratio:.2f}" if one.reached else f"**{one.ratio:.2f}**"
        lines.append(f"| {' | '.join([one.row.title, str(one.row.rounds), *ours, other, ratio, str(one.row.limit)])} |")
    return "\n".join([*head, f"- load at the end: {os.getloadavg()[0]:.2f}", "", *lines])


def _as_json(measured: Measured) -> dict[str, object]:
    return {
        "name": measured.row.name,
        "title": measured.row.title,
        "limit": measured.row.limit,
        "ratio": measured.ratio,
        "ratios": measured.ratios,
        "samples": {side: [asdict(one) for one in found] for side, found in measured.samples.items()},
    }


if __name__ == "__main__":
    sys.exit(main())
