#[derive(Default)]
struct Item;

#[derive(sessions::SessionData)]
struct Cart {
    item: Item,
}

fn main() {}
