//! New sessions, and values that come back.

use actix_web::{FromRequest as _, HttpRequest, HttpResponse, Result, dev::Payload, web};
use sessions::{Origin, Session, SessionData, Values};
use sessions_tests::Browser;

use super::site::{Cart, Login, cookie, filled, get, sealed, serve, shop, signed, value};

#[test]
fn a_visitor_without_a_cookie_has_a_new_and_empty_session() {
    let shop = shop(&sealed(1));
    let page = get(&shop, "/", "");
    assert_eq!(page.text(), "New []");
    assert_eq!(page.set_cookies(), [""; 0]);
}

#[test]
fn a_session_is_new_until_its_cookie_comes_back() {
    let site = serve(&sealed(1), |app| {
        app.route(
            "/",
            web::get().to(async |mut cart: Session<Cart>| {
                let before = cart.is_new();
                cart.items_mut().push("milk".to_owned());
                format!("{before} {}", cart.is_new())
            }),
        );
    });
    let mut browser = Browser::new(&site);
    assert_eq!(browser.get("/").text(), "true true");
    assert_eq!(browser.get("/").text(), "false false");
}

#[test]
fn a_value_comes_back_from_a_sealed_and_from_a_signed_cookie() {
    for sessions in [sealed(1), signed(1)] {
        let shop = shop(&sessions);
        let held = filled(&shop, "milk");
        assert_eq!(get(&shop, "/", held).text(), r#"Loaded ["milk"]"#);
    }
}

#[test]
fn several_values_of_one_session_travel_in_one_cookie() {
    let site = serve(&sealed(1), |app| {
        app.route(
            "/put",
            web::get().to(async |mut cart: Session<Cart>| {
                cart.items_mut().extend(["milk", "tea"].map(str::to_owned));
                cart.set_coupon("SUMMER");
                ""
            }),
        )
        .route(
            "/",
            web::get()
                .to(async |cart: Session<Cart>| format!("{:?} {:?}", cart.items(), cart.coupon())),
        );
    });
    let held = cookie(&get(&site, "/put", ""));
    assert_eq!(
        get(&site, "/", held).text(),
        r#"["milk", "tea"] Some("SUMMER")"#
    );
}

#[test]
fn values_under_text_and_integer_keys_come_back() {
    let site = serve(&sealed(1), |app| {
        app.route(
            "/put",
            web::get().to(async |mut values: Session<Values>| {
                values.insert("theme", "dark").unwrap();
                values.insert(7, &vec![1, 2, 3]).unwrap();
                values.insert(-7, &true).unwrap();
                values.insert(i64::MAX, &0.5).unwrap();
                ""
            }),
        )
        .route(
            "/",
            web::get().to(async |values: Session<Values>| {
                format!(
                    "{:?} {:?} {:?} {:?} {:?}",
                    values.origin(),
                    values.get::<String>("theme").unwrap(),
                    values.get::<Vec<u8>>(7).unwrap(),
                    values.get::<bool>(-7).unwrap(),
                    values.get::<f64>(i64::MAX).unwrap(),
                )
            }),
        );
    });
    let held = cookie(&get(&site, "/put", ""));
    assert_eq!(
        get(&site, "/", held).text(),
        r#"Loaded Some("dark") Some([1, 2, 3]) Some(true) Some(0.5)"#
    );
}

#[test]
fn two_sessions_of_one_request_have_a_cookie_each() {
    let site = serve(&sealed(1), |app| {
        app.route(
            "/put",
            web::get().to(async |mut cart: Session<Cart>, mut login: Session<Login>| {
                cart.items_mut().push("milk".to_owned());
                login.set_name("Ada");
                ""
            }),
        )
        .route(
            "/",
            web::get().to(async |cart: Session<Cart>, login: Session<Login>| {
                format!("{:?} {:?}", cart.items(), login.name())
            }),
        );
    });
    let put = get(&site, "/put", "");
    let names: Vec<&str> = put
        .set_cookies()
        .iter()
        .map(|line| line.split('=').next().unwrap())
        .collect();
    assert_eq!(names, ["__Host-cart", "__Host-login"]);

    let pairs: Vec<&str> = put
        .set_cookies()
        .iter()
        .map(|line| line.split(';').next().unwrap())
        .collect();
    assert_eq!(
        get(&site, "/", pairs.join("; ")).text(),
        r#"["milk"] "Ada""#
    );
    assert_eq!(get(&site, "/", pairs[1]).text(), r#"[] "Ada""#);
}

#[test]
fn a_session_that_was_never_read_can_be_written() {
    let site = serve(&sealed(1), |app| {
        app.route(
            "/",
            web::get().to(async |mut login: Session<Login>| {
                login.set_name("Ada");
                ""
            }),
        );
    });
    assert_eq!(get(&site, "/", "").set_cookies().len(), 1);
}

#[test]
fn every_handle_of_a_request_is_to_the_same_session() {
    async fn twice(request: HttpRequest, mut cart: Session<Cart>) -> Result<String> {
        cart.items_mut().push("milk".to_owned());
        let copy = request.clone();
        let again = Session::<Cart>::from_request(&copy, &mut Payload::None).await?;
        let items = again.items().len();
        Ok(format!("{items} {}", again.handle() == cart.handle()))
    }
    let site = serve(&sealed(1), |app| {
        app.route("/", web::get().to(twice));
    });
    assert_eq!(get(&site, "/", "").text(), "1 true");
}

#[test]
fn the_same_data_under_one_key_never_gives_the_same_sealed_cookie() {
    let shop = shop(&sealed(1));
    let mut values: Vec<String> = (0..50)
        .map(|_| value(&get(&shop, "/add?milk", "")))
        .collect();
    values.sort_unstable();
    values.dedup();
    assert_eq!(values.len(), 50);
}

#[test]
fn fifty_cookies_open_under_their_key_and_none_under_another() {
    let (ours, other) = (shop(&sealed(1)), shop(&sealed(2)));
    for _ in 0..50 {
        let held = filled(&ours, "milk");
        assert_eq!(get(&ours, "/", &held).text(), r#"Loaded ["milk"]"#);
        assert_eq!(get(&other, "/", &held).text(), "Rejected(UnknownKey) []");
    }
}

#[test]
fn a_cookie_value_needs_no_encoding() {
    let shop = shop(&sealed(1));
    let sealed = value(&get(&shop, "/add?milk", ""));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    assert!(sealed.bytes().all(plain), "{sealed}");
}

#[test]
fn a_new_session_starts_as_the_struct_says() {
    #[derive(SessionData)]
    #[session(name = "seat")]
    struct Seat {
        #[session(default = 7)]
        row: u32,
        open: bool,
    }
    let site = serve(&sealed(1), |app| {
        app.route(
            "/",
            web::get().to(async |seat: Session<Seat>| {
                assert_eq!(seat.origin(), Origin::New);
                format!("{} {}", seat.row(), seat.open())
            }),
        );
    });
    assert_eq!(get(&site, "/", "").text(), "7 false");
}

#[test]
fn a_session_only_read_sends_nothing() {
    let site = serve(&sealed(1), |app| {
        app.route(
            "/",
            web::get().to(async |cart: Session<Cart>| {
                HttpResponse::Ok().body(cart.items().len().to_string())
            }),
        );
    });
    let page = get(&site, "/", "");
    assert_eq!(page.set_cookies(), [""; 0]);
    assert_eq!(page.header("vary"), Some("Cookie"));
    assert_eq!(page.header("cache-control"), None);
}
