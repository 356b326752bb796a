"""What is refused before compiling, from what was found on the machine and in the project."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cratewheel.archive.layout import Entry, FromFile
from cratewheel.builder.checks import Preconditions, ask_preconditions, check_before_compiling, refuse_impossible
from cratewheel.errors import ConfigError, CratewheelError, MissingToolError
from cratewheel.planning.decide import decide
from cratewheel.project.inputs import Inputs
from cratewheel.targets.toolchain import Finding, Toolchain
from cratewheel.targets.triples import parse
from sessions import in_folder, session
from situations import METADATA, PROGRAM, from_elsewhere, pyo3, situation

MODULE = situation(cargo=pyo3("0.28.3"), pythons=("12",))
BIN = situation(cargo=PROGRAM)
WASI = from_elsewhere("wasm32-wasip1", cargo=PROGRAM)
SCRIPT = Entry(path="app-0.1.0.data/scripts/app", source=FromFile(path="/work/scripts/app"), why="data folder")
NO_LINKER = Toolchain(
    target=parse("aarch64-unknown-linux-gnu"),
    findings=(Finding(kind="linker", ok=False, text="no linker", hint="pass --zig"),),
)


def test_a_build_that_lacks_nothing_goes_on() -> None:
    refuse_impossible(MODULE, decide(MODULE), Preconditions())


@pytest.mark.parametrize(
    ("inputs", "found", "kind", "words"),
    [
        (MODULE, Preconditions(tools=(NO_LINKER,)), MissingToolError, "no linker"),
        (MODULE, Preconditions(out_is_file=True), ConfigError, "is not a folder"),
        (BIN, Preconditions(data=(SCRIPT,)), ConfigError, "the script /work/scripts/app"),
        (
            MODULE,
            Preconditions(
                included=(Entry(path="other-2.dist-info/x", source=FromFile(path="/work/x"), why="include"),)
            ),
            ConfigError,
            "installers reject other-2.dist-info/x",
        ),
        (
            replace(WASI, metadata=replace(METADATA, entry_points="[console_scripts]\nx = app:main\n")),
            Preconditions(),
            ConfigError,
            "the project has entry points",
        ),
    ],
    ids=["tools", "out", "doubles", "uninstallable", "wasi"],
)
def test_what_would_fail_after_the_compiler_fails_before(
    inputs: Inputs, found: Preconditions, kind: type[CratewheelError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        refuse_impossible(inputs, decide(inputs), found)


def test_a_path_that_no_pth_file_can_hold_is_refused_for_an_editable_install() -> None:
    layout = replace(MODULE.modules, python_source=Path("/work/a\nb"), package_dir=Path("/work/a\nb/app"))
    inputs = replace(MODULE, modules=layout, options=replace(MODULE.options, editable=True))
    with pytest.raises(ConfigError, match="an editable install cannot lead to the folder"):
        refuse_impossible(inputs, decide(MODULE), Preconditions())


def test_what_is_on_the_disk_is_found(tmp_path: Path) -> None:
    data = tmp_path / "app.data" / "scripts"
    data.mkdir(parents=True)
    for path in (data / "app", data / "other", tmp_path / "out", tmp_path / "a.txt"):
        path.touch()
    tool = {"include": ["*.txt"]}
    inputs = in_folder(situation(f"--out {tmp_path.as_posix()}/out", cargo=PROGRAM, tool=tool), tmp_path)
    inputs = replace(inputs, modules=replace(inputs.modules, data=tmp_path / "app.data"))
    found = ask_preconditions(session(inputs))
    assert found.out_is_file
    assert [entry.path for entry in found.included] == ["a.txt"]
    assert [entry.path for entry in found.data] == [f"app-0.1.0.data/scripts/{name}" for name in ("app", "other")]


def test_a_level_of_compression_is_a_number(tmp_path: Path) -> None:
    inputs = in_folder(situation("--compression-level x", cargo=PROGRAM), tmp_path)
    with pytest.raises(CratewheelError, match=r"^--compression-level must be a whole number, found 'x'$"):
        check_before_compiling(session(inputs))
    check_before_compiling(session(in_folder(situation(cargo=PROGRAM), tmp_path)))
