//! The part of `hello_mixed` that is worth compiling.

use std::collections::BTreeMap;

use pyo3::prelude::*;

/// Return how often each letter occurs in `text`, whatever its case.
#[pyfunction]
fn count_letters(text: &str) -> BTreeMap<char, usize> {
    let mut counts = BTreeMap::new();
    for letter in text.chars().filter(|c| c.is_alphabetic()) {
        for lower in letter.to_lowercase() {
            *counts.entry(lower).or_insert(0) += 1;
        }
    }
    counts
}

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(count_letters, module)?)
}
