use sessions::SessionData;

#[derive(SessionData)]
#[session(vesion = 2, colour = Some::<(u8, Vec<u8, u8>)>, name = "cart")]
struct Cart {
    #[session(flsh)]
    notices: Vec<String>,
    #[session(rename = "i")]
    items: Vec<String>,
    #[session(index, secret)]
    coupon: Option<String>,
}

fn main() {}
