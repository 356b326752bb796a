"""The bindings between Rust and Python: which kind a crate has, and the files each kind needs."""
