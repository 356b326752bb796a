fn main() {
    println!("three");
}
