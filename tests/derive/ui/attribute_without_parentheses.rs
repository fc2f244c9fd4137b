use sessions::SessionData;

#[derive(SessionData)]
#[session]
struct Cart {
    #[session = "i"]
    items: Vec<String>,
}

fn main() {}
