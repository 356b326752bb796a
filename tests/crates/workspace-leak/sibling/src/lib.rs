//! Nothing: the features in Cargo.toml are what matters.
