"""The work that is measured: what a developer, CI and an installer do with the tool all day."""

from __future__ import annotations

import colorsys
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count, cycle
from pathlib import Path

from measure import Row, Run, Side

ROOT = Path(__file__).parents[1]
CRATE = ROOT / "tests" / "crates" / "pyo3-mixed"
LIGHT = ROOT / "tests" / "crates" / "light-module"
PEER = "maturin==1.16.0"
OURS: Side = "cratewheel"
THEIRS: Side = "maturin"

# Variables of the caller that would change what is built.
AMBIENT = re.compile(r"CARGO_(?!HOME)|RUSTFLAGS|PYO3_|MATURIN_|CRATEWHEEL_|VIRTUAL_ENV|CONDA_|PYTHON|PIP_|UV_")


def ratio(seconds: Mapping[Side, float]) -> float:
    """Return our time over the peer's."""
    return seconds[OURS] / seconds[THEIRS]


def difference(seconds: Mapping[Side, float]) -> float:
    """Return by how much our time is above the peer's: as much as what each adds to a third, without measuring that."""
    return seconds[OURS] - seconds[THEIRS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What all rows share: a folder of their own, the two programs, and the Pythons that are built for.

    `house` is a folder of wheels, so that no network is measured.
    """

    folder: Path
    programs: Mapping[Side, Path]
    pythons: tuple[Path, ...]
    house: Path

    @property
    def env(self) -> dict[str, str]:
        """The caller's environment without what would change a build."""
        return {name: value for name, value in os.environ.items() if not AMBIENT.match(name)}

    def project(self, side: Side, name: str, source: Path = CRATE) -> Path:
        """Return a new copy of a project for one side, whose pyproject.toml names that tool."""
        path = self.folder / side / name
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(source, path, ignore=shutil.ignore_patterns("target", "__pycache__"))
        file = path / "pyproject.toml"
        text = re.sub(r"requires = \[.*\]", f'requires = ["{side}"]', file.read_text())
        file.write_text(re.sub(r'build-backend = ".*"', f'build-backend = "{side}"', text))
        return path

    def build(self, side: Side, project: Path, *words: str | Path, before: Callable[[], None] | None = None) -> Run:
        """Return the run of the side's `build --release` in a project, with a folder `out` of its own."""
        wheels_only = ("--no-sdist",) if side == OURS else ()  # the peer makes an sdist only when it is asked to
        argv = (self.programs[side], "build", "--release", "--out", "out", *wheels_only, *words)
        return Run(argv=argv, cwd=project, env=self.env, before=before or (lambda: None))

    def warm(self, *runs: Run) -> None:
        """Do once what is not to be measured."""
        for run in runs:
            run.before()
            subprocess.run([str(word) for word in run.argv], cwd=run.cwd, env=run.env, check=True, capture_output=True)


def interpreters(*pythons: Path) -> tuple[str | Path, ...]:
    """Return the words that choose interpreters, for both tools."""
    return ("-i", *pythons)


def again(bench: Bench, number: int, limit: float) -> Row:
    """Return the row of a build with nothing changed."""
    sides = {}
    for side in (THEIRS, OURS):
        run = bench.build(side, bench.project(side, f"again-{number}"), *interpreters(*bench.pythons[:number]))
        bench.warm(run, run)
        sides[side] = run
    title = f"build again, nothing changed, {number} interpreter{'s' if number > 1 else ''}"
    return Row(
        name=f"again-{number}", title=title, sides=sides, rounds=15 if number == 1 else 5, ratio=ratio, limit=limit
    )


def line(bench: Bench) -> Row:
    """Return the row of a build after one line of the crate changed."""
    sides = {}
    for side in (THEIRS, OURS):
        project = bench.project(side, "line")
        run = bench.build(side, project, *interpreters(*bench.pythons), before=_edit(project))
        bench.warm(run, run)
        sides[side] = run
    title = f"one line of the crate changed, {len(bench.pythons)} interpreters"
    return Row(name="line", title=title, sides=sides, rounds=5, ratio=ratio, limit=0.35)


def _edit(project: Path) -> Callable[[], None]:
    source = project / "src" / "lib.rs"
    text = source.read_text()
    numbers = count(1)
    return lambda: void(source.write_text(text.replace("left + right", f"left + right + {next(numbers)}")))


def void(value: object) -> None:
    """Do nothing with a value."""


def first(bench: Bench) -> Row:
    """Return the row of a build with an empty target directory."""
    sides = {}
    for side in (THEIRS, OURS):
        project = bench.project(side, "first")
        sides[side] = bench.build(side, project, *interpreters(*bench.pythons), before=_emptied(project))
    title = f"first build, {len(bench.pythons)} interpreters, nothing cached"
    return Row(name="first", title=title, sides=sides, rounds=3, ratio=ratio, limit=0.75)


def _emptied(project: Path) -> Callable[[], None]:
    return lambda: shutil.rmtree(project / "target", ignore_errors=True)


def overhead(bench: Bench) -> Row:
    """Return the row of what a tool adds to bare `cargo rustc` in the first build for one interpreter: in seconds.

    The crate is one that rustc compiles in a second: pyo3 takes now more, now less, by much more than tools add.
    """
    python = bench.pythons[0]
    sides: dict[Side, Run] = {}
    for side in (THEIRS, OURS):
        project = bench.project(side, "overhead", LIGHT)
        sides[side] = bench.build(side, project, *interpreters(python), before=_emptied(project))
    project = bench.project("cargo", "overhead", LIGHT)
    argv = ("cargo", "rustc", "--release", "--lib", "--crate-type", "cdylib")
    env = {**bench.env, "PYO3_PYTHON": str(python)}
    sides["cargo"] = Run(argv=argv, cwd=project, env=env, before=_emptied(project))

    title = "first build of a small crate: seconds above bare `cargo rustc`, less the peer's"
    return Row(name="overhead", title=title, sides=sides, rounds=15, ratio=difference, limit=0.0)


def pip_wheel(bench: Bench, *, other: bool) -> Row:
    """Return the row of a second `pip wheel .` in isolation; with `other`, from another environment than the last."""
    folders = [bench.folder / f"environment-{letter}" for letter in ("ab" if other else "a")]
    for folder in folders:
        subprocess.run([bench.pythons[0], "-m", "venv", "--clear", folder], check=True)
        # today's pip: the one that a Python brings along is as old as the Python
        newest = ("install", "--quiet", "--upgrade", "--no-index", "--find-links", bench.house, "pip")
        subprocess.run([folder / "bin" / "pip", *newest], check=True)
    sides = {}
    name = "pip-other" if other else "pip-same"
    for side in (THEIRS, OURS):
        project = bench.project(side, name)
        words = ("wheel", ".", "--no-deps", "--wheel-dir", "out", "--no-index", "--find-links", str(bench.house))
        script = (
            'VIRTUAL_ENV=$(readlink current); export VIRTUAL_ENV PATH="$VIRTUAL_ENV/bin:$PATH"; '
            f"exec pip --disable-pip-version-check {' '.join(words)}"
        )
        run = Run(argv=("sh", "-c", script), cwd=project, env=bench.env, before=_switch(project / "current", folders))
        bench.warm(run, run)
        sides[side] = run
    where = "run from another virtual environment" if other else "same environment"
    title = f"second `pip wheel .` in isolation, nothing changed: {where}"
    return Row(name=name, title=title, sides=sides, rounds=11, ratio=ratio, limit=0.35 if other else 0.9)


def _switch(current: Path, folders: list[Path]) -> Callable[[], None]:
    """Return what makes the next environment the current one: what is on the PATH of its shell."""
    slot = cycle(folders)

    def switch() -> None:
        current.unlink(missing_ok=True)
        current.symlink_to(next(slot))

    return switch


def develop(bench: Bench) -> Row:
    """Return the row of `develop` with nothing changed."""
    sides = {}
    for side in (THEIRS, OURS):
        project = bench.project(side, "develop")
        environment = project / ".venv"
        subprocess.run([bench.pythons[0], "-m", "venv", environment], check=True)
        path = f"{environment / 'bin'}{os.pathsep}{bench.env['PATH']}"
        env = {**bench.env, "VIRTUAL_ENV": str(environment), "PATH": path}
        run = Run(argv=(bench.programs[side], "develop"), cwd=project, env=env)
        bench.warm(run, run)
        sides[side] = run
    title = "`develop` again, nothing changed, mixed project"
    return Row(name="develop", title=title, sides=sides, rounds=15, ratio=ratio, limit=0.25)


def metadata_hook(bench: Bench) -> Row:
    """Return the row of the hook that pip calls first."""
    sides = {}
    for side in (THEIRS, OURS):
        project = bench.project(side, "hook")
        code = f"import {side}; {side}.prepare_metadata_for_build_wheel('out')"
        (project / "out").mkdir()
        # a frontend puts the environment's programs on PATH
        programs = bench.programs[side].parent
        env = {**bench.env, "PATH": f"{programs}{os.pathsep}{bench.env['PATH']}"}
        sides[side] = Run(argv=(programs / "python", "-c", code), cwd=project, env=env)
        bench.warm(sides[side])
    title = "`prepare_metadata_for_build_wheel`"
    return Row(name="hook", title=title, sides=sides, rounds=15, ratio=ratio, limit=0.5)


def start_up(bench: Bench) -> Row:
    """Return the row of the shortest answer, in starts of a Python that does nothing."""
    program = bench.programs[OURS]
    sides = {
        "python": Run(argv=(program.parent / "python", "-c", "pass"), cwd=bench.folder, env=bench.env),
        OURS: Run(argv=(program, "--help"), cwd=bench.folder, env=bench.env),
    }
    bench.warm(*sides.values())

    def starts(seconds: Mapping[Side, float]) -> float:
        return seconds[OURS] / seconds["python"]

    return Row(name="help", title="`--help`, in starts of Python", sides=sides, rounds=15, ratio=starts, limit=3.0)


def pack(bench: Bench) -> Row:
    """Return the row of a wheel around rustc's own driver library, some 150 MB, with everything compiled."""
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], check=True, capture_output=True, text=True).stdout.strip()
    library = max(Path(sysroot, "lib").glob("librustc_driver-*"), key=lambda path: path.stat().st_size)
    sides, wheels = {}, {}
    for side in (THEIRS, OURS):
        project = bench.project(side, "pack")
        shutil.copy(library, project / "python" / "pyo3_mixed" / "driver.so")
        run = bench.build(side, project, *interpreters(bench.pythons[0]), before=_without_wheels(project))
        bench.warm(run)
        sides[side], wheels[side] = run, project / "out"

    def check() -> None:
        sizes = {side: sum(path.stat().st_size for path in out.glob("*.whl")) for side, out in wheels.items()}
        grown = sizes[OURS] / sizes[THEIRS] - 1
        print(f"  wheel sizes: {sizes}, ours {grown:+.2%}", file=sys.stderr)
        if grown > 0.01:
            raise AssertionError(f"our wheel is {grown:.2%} bigger")

    title = f"packing a wheel around a library of {library.stat().st_size / 1e6:.0f} MB"
    return Row(name="pack", title=title, sides=sides, rounds=7, ratio=ratio, limit=0.6, check=check)


def _without_wheels(project: Path) -> Callable[[], None]:
    return lambda: shutil.rmtree(project / "out", ignore_errors=True)


def many_files(bench: Bench, kind: str, limit: float) -> Row:
    """Return the row of an archive (`wheel` or `sdist`) of a project with 20,000 Python files."""
    sides = {side: _archive(bench, side, kind, 20_000) for side in (THEIRS, OURS)}
    title = f"{kind} with 20,000 Python files"
    return Row(name=f"files-{kind}", title=title, sides=sides, rounds=9, ratio=ratio, limit=limit)


def linear(bench: Bench, kind: str) -> Row:
    """Return the row of how the same grows: four times the files."""
    sides = {"5,000": _archive(bench, OURS, kind, 5_000), "20,000": _archive(bench, OURS, kind, 20_000)}

    def growth(seconds: Mapping[Side, float]) -> float:
        return seconds["20,000"] / seconds["5,000"]

    title = f"{kind}: four times the files"
    return Row(name=f"linear-{kind}", title=title, sides=sides, rounds=5, ratio=growth, limit=4.5)


def _archive(bench: Bench, side: Side, kind: str, number: int) -> Run:
    project = bench.project(side, f"files-{kind}-{number}")
    package = project / "python" / "pyo3_mixed"
    source = Path(colorsys.__file__).read_text()  # 4 kB that stay as they are
    for at in range(number // 100):
        folder = package / f"part_{at}"
        folder.mkdir()
        for index in range(100):
            (folder / f"module_{index}.py").write_text(f"NUMBER = {at * 100 + index}\n{source}")
    before = _without_wheels(project)
    if kind == "sdist":
        return Run(argv=(bench.programs[side], "sdist", "--out", "out"), cwd=project, env=bench.env, before=before)
    run = bench.build(side, project, *interpreters(bench.pythons[0]), before=before)
    bench.warm(run)
    return run


def install(bench: Bench) -> Row:
    """Return the row of installing us from our sdist: in seconds, not as a ratio."""
    environment = bench.folder / "installed"
    archive = next(bench.house.glob("cratewheel-*.tar.gz"))

    def before() -> None:
        subprocess.run([bench.pythons[-1], "-m", "venv", "--clear", environment], check=True)

    words = ("install", "--quiet", "--no-cache-dir", "--no-index", "--find-links", bench.house, archive)
    argv = (environment / "bin" / "python", "-m", "pip", "--disable-pip-version-check", *words)
    run = Run(argv=argv, cwd=bench.folder, env=bench.env, before=before)
    return Row(
        name="install",
        title="installing from our sdist, in seconds",
        sides={OURS: run},
        rounds=3,
        ratio=lambda seconds: seconds[OURS],
        limit=10.0,
    )


ROWS: Mapping[str, Callable[[Bench], Row]] = {
    "again-1": lambda bench: again(bench, 1, 0.25),
    "again-3": lambda bench: again(bench, 3, 0.05),
    "line": line,
    "first": first,
    "pip-same": lambda bench: pip_wheel(bench, other=False),
    "pip-other": lambda bench: pip_wheel(bench, other=True),
    "develop": develop,
    "hook": metadata_hook,
    "help": start_up,
    "pack": pack,
    "files-wheel": lambda bench: many_files(bench, "wheel", 1.0),
    "files-sdist": lambda bench: many_files(bench, "sdist", 1.25),
    "linear-wheel": lambda bench: linear(bench, "wheel"),
    "linear-sdist": lambda bench: linear(bench, "sdist"),
    "overhead": overhead,
    "install": install,
}


def found_pythons(program: Path, env: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the newest three CPythons with a GIL that `cratewheel list-python` finds."""
    argv = [str(program), "list-python", "--json"]
    done = subprocess.run(argv, check=True, capture_output=True, text=True, env=env)
    found = json.loads(done.stdout)
    ours = [one for one in found if one["implementation"] == "cpython" and not one["gil_disabled"]]
    return tuple(Path(one["executable"]) for one in ours)[-3:]
