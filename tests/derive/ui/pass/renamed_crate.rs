//! `crate = path` leads everything the derive writes to another place.

mod vendored {
    pub use ::sessions as typed_sessions;
}

mod sessions {}

use vendored::typed_sessions::{Schema as _, SessionData};

#[derive(SessionData)]
#[session(crate = crate::vendored::typed_sessions)]
struct Cart {
    items: Vec<String>,
    bytes: [u8; 64],
    #[session(principal)]
    user: Option<u64>,
}

fn main() {
    assert_eq!(Cart::NAME, "cart");
}
