use sessions::{Session, SessionData};

#[derive(SessionData)]
struct Login {
    #[session(principal)]
    user: u64,
}

fn show(mut login: Session<Login>) {
    login.set_user(1);
    let _ = login.take_user();
}

fn main() {}
