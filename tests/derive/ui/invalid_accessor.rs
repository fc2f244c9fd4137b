use sessions::SessionData;

#[derive(SessionData)]
struct Cart {
    #[session(accessor = "the items")]
    items: Vec<String>,
    #[session(accessor = "self")]
    count: u32,
}

fn main() {}
