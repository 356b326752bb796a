use pyo3::prelude::*;

#[pymodule]
mod _native {
    use pyo3::prelude::*;

    /// Return the number of words in a text.
    #[pyfunction]
    fn count_words(text: &str) -> usize {
        text.split_whitespace().count()
    }
}
