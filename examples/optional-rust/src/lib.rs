use pyo3::prelude::*;

/// Return the number of words in a text.
#[pyfunction]
fn count_words(text: &str) -> usize {
    text.split_whitespace().count()
}

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(count_words, module)?)
}
