"""The files of a new project, as text with `@name@`, `@module@` and the like in it."""

from __future__ import annotations

PYPROJECT = """\
[build-system]
requires = ["@requires@"]
build-backend = "@backend@"

[project]
name = "@name@"
dynamic = ["version"]
requires-python = "@requires_python@"
readme = "README.md"
@dependencies@
[dependency-groups]
dev = ["pytest>=8"]
@tool@
# uv builds the project again when one of these has changed
[tool.uv]
cache-keys = [
    { file = "pyproject.toml" },
    { file = "@crate@Cargo.toml" },
    { file = "@crate@Cargo.lock" },
    { file = "@crate@src/**/*.rs" },
]
"""

CARGO = """\
[package]
name = "@name@"
version = "0.1.0"
edition = "2024"
@library@
[dependencies]
@crates@
# this crate is a workspace of its own, wherever it lies
[workspace]
"""

LIBRARY = """
[lib]
name = "@library_name@"
crate-type = ["cdylib"]
"""

PYO3 = """\
//! The part of `@name@` that is written in Rust.

use pyo3::prelude::*;

/// Return the sum of two numbers.
#[pyfunction]
fn add(left: i64, right: i64) -> i64 {
    left + right
}

/// What Python sees: its name is the module's.
#[pymodule]
fn @library_name@(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(add, module)?)
}
"""

CFFI = """\
//! A library with a C interface, which cffi makes callable from Python.

/// Return the sum of two numbers.
#[unsafe(no_mangle)]
pub extern "C" fn add(left: i64, right: i64) -> i64 {
    left + right
}

#[cfg(test)]
mod tests {
    #[test]
    fn add_adds() {
        assert_eq!(super::add(40, 2), 42);
    }
}
"""

# cffi reads this; a project with more functions lets cbindgen write it
CFFI_BUILD = """\
//! Writes the C declarations of the library, for cffi.

use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // target/<profile>/build/<crate>/out: the declarations are looked for in the folder target
    let out = env::var_os("OUT_DIR").unwrap();
    let target = Path::new(&out).ancestors().nth(4).unwrap();
    fs::write(
        target.join("header.h"),
        "int64_t add(int64_t left, int64_t right);\\n",
    )
    .unwrap();
}
"""

BIN = """\
//! The program `@name@`.

fn greeting(name: &str) -> String {
    format!("Hello, {name}!")
}

fn main() {
    let name = std::env::args().nth(1).unwrap_or("world".into());
    println!("{}", greeting(&name));
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_greeting_has_the_name_in_it() {
        assert_eq!(super::greeting("you"), "Hello, you!");
    }
}
"""

UNIFFI = """\
//! Functions that uniffi makes callable from Python.

/// Return the sum of two numbers.
#[uniffi::export]
fn add(left: i64, right: i64) -> i64 {
    left + right
}

uniffi::setup_scaffolding!();
"""

UNIFFI_BINDGEN = """\
//! Generates the Python side; of the same version as the library's uniffi.

fn main() {
    uniffi::uniffi_bindgen_main()
}
"""

STUB = """\
def add(left: int, right: int) -> int:
    \"\"\"Return the sum of two numbers.\"\"\"
"""

INIT = """\
\"\"\"A package with a part in Rust.\"\"\"

from ._native import add

__all__ = ["add"]
"""

TEST = """\
from @package@ import add


def test_add() -> None:
    assert add(40, 2) == 42
"""

CFFI_TEST = """\
from @package@ import lib


def test_add() -> None:
    assert lib.add(40, 2) == 42
"""

BIN_TEST = """\
import subprocess
import sysconfig
from pathlib import Path

PROGRAM = Path(sysconfig.get_path("scripts"), "@name@")


def test_greeting() -> None:
    said = subprocess.run([PROGRAM, "you"], capture_output=True, text=True, check=True).stdout
    assert said == "Hello, you!\\n"
"""

README = """\
# @name@

@what@

```console
$ python -m venv .venv
$ . .venv/bin/activate
$ pip install @backend@ pytest
$ @backend@ develop
$ pytest
```
"""

GITIGNORE = """\
/@crate@target/
/dist/
.venv/
__pycache__/
*.py[cod]
"""
