//! A Python module that says for which ABI it was compiled.

use pyo3::prelude::*;

/// It has no state, so it needs no GIL.
#[pymodule(gil_used = false)]
mod abi_families {
    use pyo3::prelude::*;

    /// Return the square of a number.
    #[pyfunction]
    fn square(number: u64) -> u64 {
        number * number
    }
}
