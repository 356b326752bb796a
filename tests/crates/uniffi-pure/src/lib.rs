//! A library with one function and one record.

#[derive(uniffi::Record)]
pub struct Point {
    x: i32,
    y: i32,
}

#[uniffi::export]
fn midpoint(left: Point, right: Point) -> Point {
    Point {
        x: (left.x + right.x) / 2,
        y: (left.y + right.y) / 2,
    }
}

#[uniffi::export]
fn add(left: u32, right: u32) -> u32 {
    left + right
}

uniffi::setup_scaffolding!();
