use sessions::SessionData;

#[derive(SessionData)]
#[session(name = "my cart")]
struct Spaced {}

#[derive(SessionData)]
#[session(name = "")]
struct Nameless {}

#[derive(SessionData)]
#[session(name = "__host-cart")]
struct Prefixed {}

#[derive(SessionData)]
struct Überkorb {}

fn main() {}
