//! A shop that was written in Go with gorilla/sessions, and is now written in Rust: whoever had a full cart still has it.
//!
//! ```console
//! cargo run -p sessions-examples --example coming_from_gorilla --features gorilla
//! ```
//!
//! Then send Ann's cookie, which Go wrote and which stands below: `curl -i http://127.0.0.1:8080/ -H 'Cookie: shop=MTc5…'`. The first response
//! already carries a cookie of ours. In Go, all this was:
//!
//! ```go
//! var store = sessions.NewCookieStore(
//!     []byte("0123456789abcdef0123456789abcdef"), []byte("abcdef0123456789abcdef0123456789"))
//!
//! session, _ := store.Get(r, "shop")
//! session.Values["user_id"] = int64(77)
//! session.Values["items"] = []string{"Assam", "Darjeeling", "Sencha"}
//! session.Values["coupon"] = "SPRING"
//! session.Save(r, w)
//! ```

use std::{
    error::Error,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use actix_web::{App, HttpServer, web};
use sessions::{
    Clock, MemoryStore, Session, SessionData, SessionEventKind, SessionMiddleware,
    gorilla::{KeyPair, Reader},
    import::Import,
    test_util::TestClock,
};

/// What the Go application kept in a map, as a struct.
#[derive(SessionData)]
struct Cart {
    #[session(principal)]
    user: Option<u64>,
    items: Vec<String>,
    coupon: Option<String>,
}

async fn show(cart: Session<Cart>) -> String {
    let (user, items) = (cart.user(), cart.items().join(", "));
    match cart.coupon().as_deref() {
        Some(coupon) => format!("User {user:?}: {items}, with coupon {coupon}.\n"),
        None => format!("User {user:?}: {items}.\n"),
    }
}

async fn log_out(mut cart: Session<Cart>) -> &'static str {
    // Takes the Go cookie away, too: else the next request would bring Ann back.
    cart.destroy();
    "Bye.\n"
}

fn sessions(clock: Clock) -> Result<SessionMiddleware, Box<dyn Error>> {
    // The keys of the Go application, in its order, and its `store.MaxAge`; from your secrets, not from your source.
    let keys = KeyPair::encrypted(
        "0123456789abcdef0123456789abcdef",
        "abcdef0123456789abcdef0123456789",
    )?;
    let reader = Reader::new(keys).max_age(Duration::from_secs(30 * 24 * 60 * 60));
    let import = Import::new("shop", reader, |old| {
        Ok(Cart {
            user: old.get("user_id")?,
            items: old.get::<Option<_>>("items")?.unwrap_or_default(),
            coupon: old.get("coupon")?,
        })
    })
    // Go has not written a cookie since the move, and after another month none is left that opens.
    .until(ann_came() + Duration::from_secs(31 * 24 * 60 * 60));
    let sessions = SessionMiddleware::builder(MemoryStore::new())
        .session::<Cart>(|cart| cart.import(import))
        .on_event(|event| match event.kind() {
            SessionEventKind::Imported => tell("a cart came over from Go"),
            SessionEventKind::NotImported(reason) => {
                tell(&format!("a Go cookie did not: {reason}"))
            }
            _ => {}
        })
        .clock(clock)
        // Behind TLS, take none of these options.
        .options(|all| all.insecure_http());
    Ok(sessions.build()?)
}

#[expect(clippy::print_stdout, reason = "an example that tells what happens")]
fn tell(news: &str) {
    println!("{news}");
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Ann's cookie opens for a month, so here it is always the minute after. A real application leaves the clock alone.
    let clock = TestClock::at(ann_came() + Duration::from_secs(60)).clock();
    let sessions = sessions(clock)?;
    tell("http://127.0.0.1:8080/ and http://127.0.0.1:8080/log-out, with this cookie:");
    tell(&format!("shop={ANN}"));
    let server = HttpServer::new(move || {
        App::new()
            .wrap(sessions.clone())
            .route("/", web::get().to(show))
            .route("/log-out", web::to(log_out))
    });
    Ok(server.bind(("127.0.0.1", 8080))?.run().await?)
}

/// Written by gorilla/sessions 1.2.1.
const ANN: &str = "MTc5NTI5MTMwM3xxaXhCNkRRdjR2d0JoV2t5Ul82OXdHZFhkVW9UY2JvWUVILTJRZDVZT0dSWTVBSWlWMnRuUmZGOTJzSm5PUjRSWTVSZHZPNGpneklCb1ZiWGdPOWUwX2J4Q3hFY1V3R1VDeFJUZGF2QUdiSHU1VXEtdXlwc3lkakx5cllfQ3BmVVMybEZVODBwMXQwajA4T1ZDb2tlaTluTE5Yc2JlYWEzOGFXT3RKWjF0SnJqX3Nqai12czQ4NnZOWHZrUHRZVFVZSTU1WlNEUS1YeF9jcjRPTklHcnNyQXo0ZlRmU0E9PXwagWq2M4Otcx4V1BA3brtZ7HibG3U6KwZtN_zkyCAf6A==";

/// The second in which it was.
fn ann_came() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_291_303)
}

#[cfg(test)]
#[actix_web::test]
async fn ann_s_cart_is_still_full() -> Result<(), Box<dyn Error>> {
    use actix_web::test::{TestRequest, call_and_read_body, call_service, init_service, read_body};

    let clock = TestClock::at(ann_came() + Duration::from_secs(60));
    let app = App::new()
        .wrap(sessions(clock.clock())?)
        .route("/", web::get().to(show))
        .route("/log-out", web::to(log_out));
    let app = init_service(app).await;
    let visit = |path: &str, cookies: &str| {
        let request = TestRequest::with_uri(path).insert_header(("cookie", cookies));
        request.to_request()
    };

    let full = "User Some(77): Assam, Darjeeling, Sencha, with coupon SPRING.\n";
    let first = call_service(&app, visit("/", &format!("shop={ANN}"))).await;
    let line = first.headers().get("set-cookie").ok_or("no cookie")?;
    let ours = line
        .to_str()?
        .split(';')
        .next()
        .unwrap_or_default()
        .to_owned();
    assert!(ours.starts_with("cart="), "{ours}");
    assert_eq!(read_body(first).await, full);

    // From here on ours is enough, and the Go cookie is not looked at.
    assert_eq!(call_and_read_body(&app, visit("/", &ours)).await, full);
    let both = format!("{ours}; shop={ANN}");
    let out = call_service(&app, visit("/log-out", &both)).await;
    let removed = out.headers().get_all("set-cookie").count();
    assert_eq!(removed, 2);

    // Nobody else's cookie opens, and after the date none does.
    let nobody = "User None: .\n";
    assert_eq!(
        call_and_read_body(&app, visit("/", "shop=MTc5")).await,
        nobody
    );
    clock.advance(Duration::from_secs(31 * 24 * 60 * 60));
    let late = visit("/", &format!("shop={ANN}"));
    assert_eq!(call_and_read_body(&app, late).await, nobody);
    Ok(())
}
