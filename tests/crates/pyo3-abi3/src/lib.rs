//! A module with one function.

use pyo3::prelude::*;

#[pyfunction]
fn add(left: usize, right: usize) -> usize {
    left + right
}

#[pymodule]
fn pyo3_abi3(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(add, module)?)
}
