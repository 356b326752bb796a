//! Counts the words and digits of its arguments.

fn main() {
    let text = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    println!("{} words, {} digits", textkit_core::words(&text), textkit_core::digits(&text));
}
