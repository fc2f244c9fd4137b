use sessions::SessionData;

#[derive(SessionData)]
struct Cart {
    #[session(flash, copy, merge = sum, principal, default = Some(1))]
    a: Option<u32>,
}

fn main() {}
