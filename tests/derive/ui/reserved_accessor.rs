use sessions::{Session, SessionData};

#[derive(SessionData)]
struct Cart {
    handle: String,
    renew: bool,
    #[session(accessor = "clone")]
    copied: u32,
    #[session(accessor = "basket")]
    save: u32,
    borrow: u32,
    #[session(skip)]
    as_: u32,
}

fn show(mut cart: Session<Cart>) -> u32 {
    cart.set_renew(true);
    cart.basket()
}

fn main() {}
