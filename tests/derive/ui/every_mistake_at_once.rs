use sessions::{Session, SessionData};

#[derive(SessionData)]
#[session(name = "my cart", version = 0, nmae = "x")]
struct Cart {
    #[session(flash)]
    notices: String,
    #[session(principal, skip)]
    user: u64,
    #[session(key = "user")]
    renew: u32,
    #[session(kye = "c")]
    count: u32,
}

// Nothing here adds to the errors above.
fn show(mut cart: Session<Cart>) -> u32 {
    cart.push_notices("hello");
    cart.set_user(1);
    let other = cart.read();
    let _: &Cart = &other;
    drop(other);
    cart.set_count(3);
    cart.count()
}

fn main() {
    let _ = show;
}
