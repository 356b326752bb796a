//! What all artifacts share.

/// The number of words in a text.
pub fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// The number of decimal digits in a text.
pub fn digits(text: &str) -> usize {
    text.chars().filter(char::is_ascii_digit).count()
}
