use sessions::SessionData;

#[derive(SessionData)]
#[session(name = cart, version = "2", previous, crate = "sessions")]
struct Cart {
    #[session(key, alias = 1, accessor = things)]
    items: Vec<String>,
    #[session(skip = true, copy(yes), secret = "no")]
    seen: bool,
    #[session(default = )]
    count: u32,
    #[session(with = 1, merge)]
    total: u32,
    #[session("user")]
    user: Option<String>,
    #[session(key = "a" "b", secret)]
    token: String,
}

fn main() {}
