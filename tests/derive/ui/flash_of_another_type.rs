use sessions::{Session, SessionData};

#[derive(SessionData)]
struct Cart {
    #[session(flash(one = "notice"))]
    notices: String,
}

fn show(mut cart: Session<Cart>) {
    cart.push_notice("hello");
    let _ = cart.take_notices();
}

fn main() {}
