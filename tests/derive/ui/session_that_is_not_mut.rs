use sessions::Session;

#[derive(sessions::SessionData)]
struct Cart {
    count: u32,
}

async fn page(cart: Session<Cart>) {
    cart.set_count(1_u32);
}

fn main() {}
