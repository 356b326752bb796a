//! The module `textkit._digits`.

use pyo3::prelude::*;

#[pymodule]
mod _digits {
    use pyo3::prelude::*;

    /// The number of digits in a text.
    #[pyfunction]
    fn count(text: &str) -> usize {
        textkit_core::digits(text)
    }
}
