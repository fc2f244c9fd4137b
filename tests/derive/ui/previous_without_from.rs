use sessions::SessionData;

#[derive(SessionData)]
struct Old {}

#[derive(SessionData)]
#[session(version = 2, previous = Old)]
struct Cart {
    items: Vec<String>,
}

fn main() {}
