use sessions::SessionData;

#[derive(SessionData)]
#[session(principal, key = "c")]
struct Cart {
    #[session(version = 2)]
    items: Vec<String>,
}

fn main() {}
