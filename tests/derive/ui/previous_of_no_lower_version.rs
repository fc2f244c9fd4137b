use sessions::SessionData;

#[derive(SessionData)]
#[session(version = 2)]
struct Old {}

#[derive(SessionData)]
#[session(version = 2, previous = Old)]
struct Cart {
    items: Vec<String>,
}

impl From<Old> for Cart {
    fn from(_: Old) -> Self {
        Self { items: Vec::new() }
    }
}

fn main() {}
