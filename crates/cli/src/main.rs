//! remission
fn main() {}
