//! Runs the black-box tests.
fn main() {}
