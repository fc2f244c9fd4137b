use sessions::SessionData;

#[derive(serde::Serialize, serde::Deserialize)]
struct Item;

#[derive(SessionData)]
struct Cart {
    best: Item,
}

fn main() {}
