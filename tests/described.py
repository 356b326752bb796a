"""A project whose extension module describes itself as those of pyo3 do, and compiles in a moment."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import cratewheel
from pyo3_stubs import write_stubs

MODULE = r'{"type":"module","id":"1","name":"_native","members":["2"],"incomplete":false}'
FUNCTION = r'{"type":"function","id":"2","name":"add","arguments":{},"returns":{"type":"name","id":"int"}}'
STUB = '# Made by cratewheel from what pyo3 describes of the module.\n__all__ = ["add"]\n\ndef add() -> int: ...\n'


def write_project(folder: Path, *, described: bool = True) -> Path:
    """Write a mixed project whose extension describes itself as pyo3's do, and return its folder."""
    write_stubs(folder)
    project = folder / "app"
    (project / "src").mkdir(parents=True)
    (project / "python" / "app").mkdir(parents=True)
    (project / "python" / "app" / "__init__.py").write_text("")
    (project / "Cargo.toml").write_text(
        '[package]\nname = "app"\nversion = "1.0.0"\nedition = "2021"\n[lib]\ncrate-type = ["cdylib"]\n'
        '[dependencies]\npyo3 = { path = "../pyo3" }\n'
    )
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["cratewheel"]\nbuild-backend = "cratewheel"\n'
        '[project]\nname = "app"\nversion = "1.0"\n'
        '[tool.cratewheel]\nmodule-name = "app._native"\npython-source = "python"\ngenerate-stubs = true\n'
    )
    chunks = [
        f"#[no_mangle] pub static PYO3_INTROSPECTION_1_{at}: (u32, [u8; {len(text)}]) = "
        f"({len(text)}, *b{quoted(text)});"
        for at, text in enumerate((MODULE, FUNCTION) if described else ())
    ]
    init = '#[no_mangle] pub extern "C" fn PyInit__native() -> usize { 0 }'
    lines = ["#![allow(improper_ctypes_definitions)]", init, *chunks]
    (project / "src" / "lib.rs").write_text("\n".join(lines))
    return project


def quoted(text: str) -> str:
    escaped = text.replace('"', '\\"')
    return f'"{escaped}"'


def build(project: Path) -> zipfile.ZipFile:
    (wheel,) = cratewheel.build(project, sdist=False, compatibility="linux", interpreter=[sys.executable]).wheels
    return zipfile.ZipFile(wheel.path)
