//! A Python module of one function.

use pyo3::prelude::*;

/// Return a greeting.
#[pyfunction]
fn greet(name: &str) -> String {
    format!("Hello, {name}, from Rust")
}

/// The smallest module that is of any use.
#[pymodule]
fn hello_pyo3(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(greet, module)?)
}
