use sessions::SessionData;

#[derive(SessionData)]
struct Login {
    #[session(principal, merge = max, default = Some(1))]
    user: Option<u64>,
}

fn main() {}
