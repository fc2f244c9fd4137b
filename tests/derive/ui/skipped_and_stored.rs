use sessions::SessionData;

#[derive(SessionData)]
struct Cart {
    #[session(skip, key = "a", alias = "b", with = a, merge = a)]
    a: u32,
    #[session(skip, flash)]
    b: Vec<String>,
    #[session(skip, principal)]
    c: Option<String>,
}

fn main() {}
