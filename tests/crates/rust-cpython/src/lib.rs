//! A module with one function.

use cpython::{py_fn, py_module_initializer, PyResult, Python};

fn add(_: Python, left: u32, right: u32) -> PyResult<u32> {
    Ok(left + right)
}

py_module_initializer!(rust_cpython, |py, module| {
    module.add(py, "__doc__", "Sums, from Rust.")?;
    module.add(py, "add", py_fn!(py, add(left: u32, right: u32)))?;
    Ok(())
});
