//! What shared caches are told.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, HeaderName, VARY},
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
    /// For caches of one kind, which heed it instead (RFC 9213).
    #[serde(default)]
    targeted: String,
}

const TARGETED: [HeaderName; 2] = [
    HeaderName::from_static("cdn-cache-control"),
    HeaderName::from_static("surrogate-control"),
];

/// Says about caches what the query says.
fn page(said: &Said) -> HttpResponse {
    let mut page = HttpResponse::Ok();
    for (name, values) in [
        (VARY, &said.vary),
        (CACHE_CONTROL, &said.cache),
        (TARGETED[0].clone(), &said.targeted),
        (TARGETED[1].clone(), &said.targeted),
    ] {
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
        // In one line: a middleware outside that reads the first and writes one would lose the rest.
        (
            "Accept|Origin",
            &["Accept", "Origin"],
            &["Accept, Origin, Cookie"],
        ),
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
    for (said, untouched) in [
        ("", &[][..]),
        ("public,max-age=60", &["public,max-age=60"]),
        ("PUBLIC|immutable", &["PUBLIC", "immutable"]),
        ("private", &["private"]),
        ("no-store", &["no-store"]),
        // A cache that understands the status would store it all the same (RFC 9111, section 5.2.2.3).
        (
            "must-understand,max-age=60",
            &["must-understand,max-age=60"],
        ),
        ("no-cache=%22a,b%22,public", &["no-cache=\"a,b\",public"]),
    ] {
        for path in ["none", "read", "write", "end"] {
            let mut browser = Browser::new(&server);
            browser.get("/write");
            let reply = browser.get(&format!("/{path}?cache={said}"));
            let expected = match path {
                "write" | "end" => &["no-store"][..],
                _ => untouched,
            };
            assert_eq!(reply.all("cache-control"), expected, "{path} {said}");
        }
    }
}

#[test]
fn what_is_said_to_caches_of_one_kind_does_not_undo_it() {
    let server = serve(sealed(), routes);
    let mut browser = Browser::new(&server);
    for (path, expected) in [
        ("write", "no-store"),
        ("read", "public,max-age=60"),
        ("none", "public,max-age=60"),
        ("end", "no-store"),
    ] {
        let reply = browser.get(&format!("/{path}?targeted=public,max-age=60"));
        for name in TARGETED {
            assert_eq!(reply.header(name.as_str()), Some(expected), "{path} {name}");
        }
        let reply = browser.get(&format!("/{path}"));
        for name in TARGETED {
            assert_eq!(reply.header(name.as_str()), None, "{path} {name}");
        }
    }
}
