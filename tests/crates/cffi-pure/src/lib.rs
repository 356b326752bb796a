//! Functions with C's calling convention.

#[repr(C)]
pub struct Point {
    x: i32,
    y: i32,
}

#[no_mangle]
pub extern "C" fn midpoint(left: Point, right: Point) -> Point {
    Point {
        x: (left.x + right.x) / 2,
        y: (left.y + right.y) / 2,
    }
}

#[no_mangle]
pub extern "C" fn add(left: i32, right: i32) -> i32 {
    left + right
}
