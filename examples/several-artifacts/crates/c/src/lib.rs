//! The library for C, declared in `python/textkit/c/textkit.h`.

use std::ffi::{c_char, CStr};

/// # Safety
/// `text` ends with a zero byte.
#[no_mangle]
pub unsafe extern "C" fn textkit_words(text: *const c_char) -> usize {
    textkit_core::words(&CStr::from_ptr(text).to_string_lossy())
}
