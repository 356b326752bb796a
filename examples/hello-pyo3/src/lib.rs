//! A Python module of one function.

use pyo3::prelude::*;

/// The smallest module that is of any use.
#[pymodule]
mod hello_pyo3 {
    use pyo3::prelude::*;

    /// Return a greeting.
    #[pyfunction]
    fn greet(name: &str) -> String {
        format!("Hello, {name}, from Rust")
    }
}
