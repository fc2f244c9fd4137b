use sessions::SessionData;

#[derive(SessionData)]
struct CartV1 {}

#[derive(SessionData)]
#[session(previous = CartV1)]
struct Cart {
    items: Vec<String>,
}

fn main() {}
