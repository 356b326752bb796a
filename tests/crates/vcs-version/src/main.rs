fn main() {
    println!("{} {}", env!("CRATEWHEEL_VERSION"), env!("CARGO_PKG_VERSION"));
}
