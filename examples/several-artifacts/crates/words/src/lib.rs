//! The module `textkit._words`.

use pyo3::prelude::*;

#[pymodule]
mod _words {
    use pyo3::prelude::*;

    /// The number of words in a text.
    #[pyfunction]
    fn count(text: &str) -> usize {
        textkit_core::words(text)
    }
}
