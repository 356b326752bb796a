from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crate_graphs import BIN, CDYLIB, app, crate, detected, graph
from cratewheel.cargo.model import CargoMetadata, CrateTarget
from cratewheel.interpreter.model import Interpreter
from cratewheel.options.arguments import parse_flags
from cratewheel.options.resolve import resolve
from cratewheel.project import interpreters
from cratewheel.project.interpreters import find_interpreters, interpreters_needed, reads_interpreter
from cratewheel.targets.triples import parse
from cratewheel.ui import Ui
from situations import METADATA

BUILD_CONFIG = crate("pyo3-build-config")


def project(folder: Path, script: str | None) -> CargoMetadata:
    """Return a crate whose build script uses pyo3-build-config; None leaves the script away."""
    source = folder / "build.rs"
    if script is not None:
        source.write_text(script, encoding="utf-8")
    own = CrateTarget(name="build-script-build", kinds=("custom-build",), crate_types=("bin",), source=source)
    return graph(app(CDYLIB, own), BUILD_CONFIG, edges={"app": (("pyo3-build-config", "build"),)})


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("fn main() { pyo3_build_config::use_pyo3_cfgs(); }", False),
        ("fn main() { pyo3_build_config::add_extension_module_link_args(); }", False),
        ("fn main() { pyo3_build_config::get().run_python_script(SCRIPT).unwrap(); }", True),
        ("fn main() { println!(\"{:?}\", pyo3_build_config::get().lib_dir); }", True),
        (None, True),
    ],
)  # fmt: skip
def test_a_build_script_may_ask_pyo3_for_the_interpreter_itself(
    tmp_path: Path, script: str | None, expected: bool
) -> None:
    assert reads_interpreter(project(tmp_path, script)) == expected


def test_pyo3_s_own_build_scripts_do_not_count(tmp_path: Path) -> None:
    source = tmp_path / "build.rs"
    source.write_text("executable", encoding="utf-8")
    own = CrateTarget(name="build-script-build", kinds=("custom-build",), crate_types=("bin",), source=source)
    metadata = graph(
        app(),
        crate("pyo3-ffi", targets=(own,)),
        BUILD_CONFIG,
        edges={"app": (("pyo3-ffi", "normal"),), "pyo3-ffi": (("pyo3-build-config", "build"),)},
    )

    assert not reads_interpreter(metadata)


def found(metadata: CargoMetadata, **changes: Any) -> tuple[Interpreter, ...]:
    """Return the interpreters of a build on a machine where none is found."""
    options, _ = resolve(parse_flags("build", "", []), environ={}, tools=None)
    return find_interpreters(
        detected(metadata),
        METADATA,
        replace(options, **changes),
        parse("x86_64-unknown-linux-gnu"),
        {"PATH": ""},
        Ui(out=io.StringIO(), err=io.StringIO()),
    )


def test_a_program_needs_no_interpreter() -> None:
    assert found(graph(app(BIN))) == ()
    assert found(graph(app(CDYLIB), crate("uniffi", "0.29.4"))) == ()


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (graph(app(CDYLIB), crate("pyo3", "0.26.0"), crate("pyo3-ffi", "0.26.0")), "all"),
        (graph(app(CDYLIB)), "one"),
        (graph(app(BIN)), "none"),
        (graph(app(CDYLIB), crate("uniffi", "0.29.4")), "none"),
    ],
    ids=["pyo3", "cffi", "program", "uniffi"],
)
def test_bindings_need_all_interpreters_or_one_or_none(metadata: CargoMetadata, expected: str) -> None:
    assert interpreters_needed(detected(metadata)) == expected


@pytest.mark.parametrize(
    ("triple", "changes", "environ", "expected"),
    [
        ("x86_64-unknown-linux-gnu", {}, {}, None),
        ("aarch64-pc-windows-msvc", {}, {}, "aarch64"),
        ("aarch64-pc-windows-msvc", {"target": ("aarch64-pc-windows-msvc",)}, {}, "aarch64"),
        ("aarch64-apple-darwin", {}, {}, "aarch64"),
        ("aarch64-apple-darwin", {"target": ("aarch64-apple-darwin",)}, {}, None),
        ("aarch64-apple-darwin", {"universal2": True}, {}, None),
        ("aarch64-apple-darwin", {}, {"ARCHFLAGS": "-arch arm64"}, None),
    ],
)
def test_on_windows_and_macos_a_python_must_be_for_the_processor_unless_another_is_asked_for(
    triple: str, changes: dict[str, Any], environ: dict[str, str], expected: str | None
) -> None:
    options, _ = resolve(parse_flags("build", "", []), environ={}, tools=None)
    assert interpreters._required_arch(parse(triple), replace(options, **changes), environ) == expected


@pytest.mark.parametrize(
    ("host", "changes", "environ"),
    [
        ("x86_64-unknown-linux-gnu", {}, {}),
        ("aarch64-apple-darwin", {"universal2": True}, {}),
        ("aarch64-apple-darwin", {}, {"ARCHFLAGS": "-arch arm64"}),
        ("aarch64-apple-darwin", {"interpreter": ("/nowhere/python",)}, {}),
    ],
)
def test_pythons_do_not_choose_the_target_where_something_else_does(
    host: str, changes: dict[str, Any], environ: dict[str, str]
) -> None:
    options, _ = resolve(parse_flags("build", "", []), environ={}, tools=None)
    reporter = Ui(out=io.StringIO(), err=io.StringIO())
    chosen = replace(options, **changes)
    assert interpreters.target_of_pythons(chosen, host, {"PATH": "", "HOME": "/nowhere", **environ}, reporter) is None
