use sessions::SessionData;

#[derive(SessionData)]
enum Cart {
    Empty,
    Full(Vec<String>),
}

fn main() {}
