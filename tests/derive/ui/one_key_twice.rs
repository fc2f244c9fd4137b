use sessions::SessionData;

#[derive(SessionData)]
struct Cart {
    items: Vec<String>,
    #[session(key = "items")]
    coupon: Option<String>,
    #[session(alias = "coupon", alias = "count", alias = "total", alias = "total")]
    count: u32,
    #[session(alias = "total")]
    sum: u32,
    #[session(key = "", alias = "")]
    empty: u32,
}

fn main() {}
