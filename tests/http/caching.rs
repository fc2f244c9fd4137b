//! What shared caches are told.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, VARY},
    web::{self, ServiceConfig},
};
use sessions::Session;
use sessions_tests::Browser;

use crate::site::{Cart, sealed, serve};

#[derive(serde::Deserialize)]
struct Said {
    #[serde(default)]
    vary: String,
    #[serde(default)]
    cache: String,
}

/// Says about caches what the query says.
fn page(said: &Said) -> HttpResponse {
    let mut page = HttpResponse::Ok();
    for (name, values) in [(VARY, &said.vary), (CACHE_CONTROL, &said.cache)] {
        for value in values.split('|').filter(|value| !value.is_empty()) {
            page.append_header((name.clone(), value));
        }
    }
    page.finish()
}

fn routes(app: &mut ServiceConfig) {
    app.route(
        "/none",
        web::get().to(|said: web::Query<Said>| async move { page(&said) }),
    )
    .route(
        "/read",
        web::get().to(|_: Session<Cart>, said: web::Query<Said>| async move { page(&said) }),
    )
    .route(
        "/write",
        web::get().to(
            |mut cart: Session<Cart>, said: web::Query<Said>| async move {
                *cart.count_mut() += 1;
                page(&said)
            },
        ),
    )
    .route(
        "/end",
        web::get().to(
            |mut cart: Session<Cart>, said: web::Query<Said>| async move {
                cart.destroy();
                page(&said)
            },
        ),
    );
}

#[test]
fn a_page_varies_by_cookie_if_it_asked_for_a_session() {
    let server = serve(sealed(), routes);
    for (said, none, read) in [
        ("", &[][..], &["Cookie"][..]),
        ("Accept", &["Accept"], &["Accept, Cookie"]),
        ("Accept,cookie", &["Accept,cookie"], &["Accept,cookie"]),
        (
            "Accept|COOKIE",
            &["Accept", "COOKIE"],
            &["Accept", "COOKIE"],
        ),
        ("*", &["*"], &["*"]),
    ] {
        for (path, vary) in [
            ("none", none),
            ("read", read),
            ("write", read),
            ("end", read),
        ] {
            let mut browser = Browser::new(&server);
            browser.get("/write");
            let reply = browser.get(&format!("/{path}?vary={said}"));
            assert_eq!(reply.all("vary"), vary, "{path} {said}");
        }
    }
}

#[test]
fn a_page_that_sets_or_removes_the_cookie_is_stored_nowhere_and_another_as_it_says() {
    let server = serve(sealed(), routes);
    for (said, untouched, written) in [
        ("", &[][..], "no-store"),
        ("public,max-age=60", &["public,max-age=60"], "no-store"),
        ("PUBLIC|immutable", &["PUBLIC", "immutable"], "no-store"),
        ("private", &["private"], "no-store"),
        ("no-store", &["no-store"], "no-store"),
        (
            "no-cache=%22a,b%22,public",
            &["no-cache=\"a,b\",public"],
            "no-store",
        ),
    ] {
        for path in ["none", "read", "write", "end"] {
            let mut browser = Browser::new(&server);
            browser.get("/write");
            let reply = browser.get(&format!("/{path}?cache={said}"));
            let expected = match path {
                "write" | "end" => &[written],
                _ => untouched,
            };
            assert_eq!(reply.all("cache-control"), expected, "{path} {said}");
        }
    }
}
