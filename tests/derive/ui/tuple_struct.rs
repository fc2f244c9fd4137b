use sessions::SessionData;

#[derive(SessionData)]
struct Cart(Vec<String>);

fn main() {}
