//! The part of `hello_mixed` that is worth compiling.

use pyo3::prelude::*;

#[pymodule]
mod _native {
    use pyo3::prelude::*;
    use std::collections::BTreeMap;

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
}
