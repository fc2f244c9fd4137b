use sessions::{Session, SessionData};

#[derive(SessionData)]
struct Cart<'a, T>
where
    T: Clone,
{
    coupon: Option<&'a str>,
    item: T,
}

fn show(mut cart: Session<Cart<'static, u8>>) {
    cart.set_item(1);
    let _ = cart.take_coupon();
}

fn main() {}
