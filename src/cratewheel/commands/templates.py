"""The files of a new project, as text with `@name@`, `@module@` and the like in it."""

from __future__ import annotations

PYPROJECT = """\
[build-system]
requires = ["@requires@"]
build-backend = "@backend@"

[project]
name = "@name@"
description = "@what@"
readme = "README.md"
requires-python = "@requires_python@"
@license@classifiers = [
@classifiers@
]
dynamic = ["version"]
@dependencies@

@urls@

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
name = "@crate_name@"
@package@

@library@

[dependencies]
@crates@

@lints@
"""

URLS = """\
[project.urls]
Repository = "@url@"
"""

NO_URLS = """\
# [project.urls]
# Repository = "https://github.com/you/@name@"
"""

LIBRARY = """\
[lib]
name = "@library_name@"
crate-type = ["cdylib"]
"""

UNIFFI_PROGRAM = """\
[[bin]]
name = "uniffi-bindgen"
path = "uniffi-bindgen.rs"
"""

PYO3 = """\
//! The part of `@name@` that is written in Rust.

use pyo3::prelude::*;

/// @what@.
#[pymodule]
mod @library_name@ {
    use pyo3::prelude::*;

    /// Return the sum of two numbers.
    #[pyfunction]
    fn add(left: i64, right: i64) -> i64 {
        left + right
    }
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
    let out = env::var_os("OUT_DIR").unwrap();
    fs::write(
        Path::new(&out).join("header.h"),
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

CFFI_STUB = """\
from typing import Any

class _Library:
    def add(self, left: int, right: int) -> int:
        \"\"\"Return the sum of two numbers.\"\"\"

ffi: Any
lib: _Library
"""

INIT = """\
\"\"\"@what@.\"\"\"

from ._native import add

__all__ = ["add"]
"""

CFFI_INIT = """\
\"\"\"@what@.\"\"\"

from ._native import lib

__all__ = ["add"]


def add(left: int, right: int) -> int:
    \"\"\"Return the sum of two numbers.\"\"\"
    return lib.add(left, right)
"""

BIN_INIT = """\
\"\"\"The Python package beside the program @name@.\"\"\"
"""

TEST = """\
from @module@ import add


def test_add() -> None:
    assert add(40, 2) == 42
"""

CFFI_TEST = """\
from @module@ import lib


def test_add() -> None:
    assert lib.add(40, 2) == 42
"""

BIN_TEST = """\
import subprocess
import sysconfig
from pathlib import Path

NAME = "@crate_name@"
PROGRAM = Path(sysconfig.get_path("scripts"), NAME)


def test_greeting() -> None:
    greeting = subprocess.check_output([PROGRAM, "you"], text=True)
    assert greeting == "Hello, you!\\n"
"""

README = """\
# @name@

@what@.

```sh
python -m venv .venv
. .venv/bin/activate
python -m pip install @backend@ pytest
@backend@ develop
python -m pytest
```
"""

GITIGNORE = """\
# Rust
@target@

# Python
__pycache__/
*.py[cod]
*.so
*.dylib
*.dll
*.egg-info/
/build/
/dist/
/wheels/

# environments and caches
.env
.venv/
venv/
.coverage
htmlcov/
.mypy_cache/
.pytest_cache/
.ruff_cache/

# editors and desktops
.idea/
.vscode/
*.swp
.DS_Store
"""

# https://spdx.org/licenses/MIT.html
MIT = """\
MIT License

Copyright (c) @year@ @author@

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""
