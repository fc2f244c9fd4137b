use sessions::SessionData;

#[derive(SessionData)]
struct Cart {
    items: Vec<String>,
    items_mut: Vec<String>,
    #[session(accessor = "items")]
    things: Vec<String>,
    #[session(flash(one = "notice"))]
    notices: Vec<String>,
    #[session(flash)]
    notice: Option<String>,
}

fn main() {}
