from __future__ import annotations

from pathlib import Path

import pytest

from crate_graphs import CDYLIB, app, crate, graph
from cratewheel.cargo.model import CargoMetadata, CrateTarget
from cratewheel.project.interpreters import reads_interpreter

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
