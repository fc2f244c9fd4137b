use sessions::Session;

struct Cart {
    items: Vec<String>,
}

async fn page(cart: Session<Cart>) {}

fn main() {}
