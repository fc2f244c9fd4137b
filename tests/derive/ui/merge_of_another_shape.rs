use sessions::{SessionData, merge};

#[derive(SessionData)]
struct Cart {
    #[session(merge = two)]
    two: u32,
    #[session(merge = borrowed)]
    borrowed: String,
    #[session(merge = merge::sum)]
    sum: String,
    #[session(merge = merge::union)]
    union: u32,
    #[session(merge = merge::append)]
    append: u32,
    #[session(merge = missing)]
    missing: u32,
}

fn two(ours: u32, theirs: u32) -> u32 {
    ours + theirs
}

fn borrowed(_: &String, ours: &String, _: &String) -> String {
    ours.clone()
}

fn main() {}
