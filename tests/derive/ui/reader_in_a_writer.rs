use sessions::Session;

#[derive(sessions::SessionData)]
struct Cart {
    count: u32,
}

async fn page(mut cart: Session<Cart>) {
    cart.set_count(cart.count() + 1);
}

fn main() {}
