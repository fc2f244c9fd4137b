use sessions::{Session, SessionData};

#[derive(SessionData)]
struct Cart {
    #[session(flash(each = "a"))]
    a: Vec<String>,
    #[session(flash())]
    b: Vec<String>,
    #[session(flash(one = c))]
    c: Vec<String>,
    #[session(flash = "d")]
    d: Vec<String>,
    #[session(flash(one = "e e"))]
    e: Vec<String>,
    #[session(flash(one = "f", two = "g"))]
    f: Vec<String>,
}

fn show(mut cart: Session<Cart>) {
    cart.push_a("hello");
    cart.push_d("hello");
    let _ = cart.take_f();
}

fn main() {}
