use sessions::SessionData;

#[derive(SessionData)]
#[session(name = "cart", name = "basket")]
struct Cart {
    #[session(key = "i", secret)]
    #[session(secret, key = "j")]
    items: Vec<String>,
}

fn main() {}
