use sessions::SessionData;

#[derive(SessionData)]
struct Cart {
    #[session(copy)]
    items: Vec<String>,
}

fn main() {}
