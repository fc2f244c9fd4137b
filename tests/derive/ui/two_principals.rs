use sessions::SessionData;

#[derive(SessionData)]
struct Login {
    #[session(principal)]
    user: Option<u64>,
    #[session(principal)]
    admin: Option<u64>,
}

fn main() {}
