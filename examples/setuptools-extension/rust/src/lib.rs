//! The compiled part of `setuptools_extension`.

use pyo3::prelude::*;

#[pymodule]
mod _native {
    use pyo3::prelude::*;

    /// Return the text with its letters in reverse order.
    #[pyfunction]
    fn reverse(text: &str) -> String {
        text.chars().rev().collect()
    }
}
