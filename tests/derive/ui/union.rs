use sessions::SessionData;

#[derive(SessionData)]
union Cart {
    items: u32,
    total: f32,
}

fn main() {}
