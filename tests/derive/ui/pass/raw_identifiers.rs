//! A keyword is a name like any other: raw in Rust, plain on the wire.
#![expect(non_camel_case_types, reason = "a type of this name is what is tested")]

use sessions::{Schema as _, Session, SessionData};

#[derive(SessionData)]
struct r#struct {
    r#type: String,
    r#match: Option<String>,
    #[session(accessor = "loop")]
    turns: u32,
    #[session(flash(one = "fn"))]
    r#impl: Vec<String>,
}

#[expect(dead_code, reason = "compiled, not run")]
fn accessors(mut session: Session<r#struct>) {
    assert_eq!(*session.r#type(), "a");
    session.type_mut().push('a');
    session.set_type("b");
    session.set_match("c");
    let _: Option<String> = session.take_match();
    let _: u32 = session.r#loop();
    session.set_loop(1);
    session.push_fn("d");
    let _: Vec<String> = session.take_impl();
}

fn main() {
    assert_eq!(r#struct::NAME, "struct");
}
