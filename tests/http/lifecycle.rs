//! Ending, renewing, emptying and saving a session by hand.

use actix_web::{
    HttpResponse, Responder,
    error::{ErrorForbidden, ErrorInternalServerError},
    web,
};
use sessions::{MultiError, Registry, Session, SessionData, SessionError, SessionErrorKind};
use sessions_tests::Browser;

use crate::site::{Cart, NONE, line, lines, removal, sealed, serve, shop};

#[derive(SessionData)]
struct Login {
    #[session(principal)]
    user: Option<String>,
    theme: String,
    #[session(flash)]
    notes: Vec<String>,
}

#[test]
fn destroying_removes_the_cookie_whatever_the_status() {
    let server = serve(sealed(), |app| {
        shop(app);
        app.route(
            "/end/{code}",
            web::get().to(|mut cart: Session<Cart>, code: web::Path<u16>| async move {
                cart.items_mut().push("more".to_owned());
                cart.destroy();
                assert!(cart.items().is_empty());
                match *code {
                    403 => Err(ErrorForbidden("no")),
                    500 => Err(ErrorInternalServerError("no")),
                    _ => Ok(HttpResponse::Ok().finish()),
                }
            }),
        );
    });
    for code in [200, 403, 500] {
        let mut browser = Browser::new(&server);
        browser.get("/items/tea");
        let reply = browser.get(&format!("/end/{code}"));
        assert_eq!(reply.status, code);
        assert_eq!(reply.set_cookies(), [removal("cart")]);
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(browser.jar.cookies(), []);
        assert_eq!(browser.get("/items").text(), "");
        assert_eq!(browser.get(&format!("/end/{code}")).set_cookies(), NONE);
    }
    let mut browser = Browser::new(&server);
    let broken = &["Cookie: __Host-cart=broken"];
    let reply = browser.send("GET", "/end/200", broken, "");
    assert_eq!(reply.set_cookies(), [removal("cart")]);
}

#[test]
fn what_is_written_after_destroying_is_another_session() {
    let server = serve(sealed(), |app| {
        shop(app);
        app.route(
            "/restart/{code}",
            web::get().to(|mut cart: Session<Cart>, code: web::Path<u16>| async move {
                let before = cart.handle();
                cart.destroy();
                cart.items_mut().push("anew".to_owned());
                assert_ne!(cart.handle(), before);
                let code = actix_web::http::StatusCode::from_u16(*code).unwrap();
                HttpResponse::build(code).body(cart.handle().to_string())
            }),
        )
        .route(
            "/handle",
            web::get().to(|cart: Session<Cart>| async move { cart.handle().to_string() }),
        );
    });
    let mut browser = Browser::new(&server);
    assert_eq!(lines(&browser.get("/restart/200")), [line("cart")]);
    let reply = browser.get("/restart/200");
    assert_eq!(lines(&reply), [line("cart")]);
    assert_eq!(browser.get("/handle").text(), reply.text());
    assert_eq!(browser.get("/items").text(), "anew");
    // A failed request ends it, and what followed is dropped.
    assert_eq!(browser.get("/restart/500").set_cookies(), [removal("cart")]);
    assert_eq!(browser.get("/restart/500").set_cookies(), NONE);
}

#[test]
fn renewing_gives_another_handle_and_keeps_the_data() {
    let server = serve(sealed(), |app| {
        shop(app);
        app.route(
            "/renew/{code}",
            web::get().to(|mut cart: Session<Cart>, code: web::Path<u16>| async move {
                let created = cart.created_at();
                let before = cart.handle();
                cart.renew();
                assert_ne!(cart.handle(), before);
                assert_eq!(cart.created_at(), created);
                let code = actix_web::http::StatusCode::from_u16(*code).unwrap();
                HttpResponse::build(code).body(cart.handle().to_string())
            }),
        )
        .route(
            "/handle",
            web::get().to(|cart: Session<Cart>| async move { cart.handle().to_string() }),
        );
    });
    let mut browser = Browser::new(&server);
    browser.get("/items/tea");
    let before = browser.get("/handle");
    assert_eq!(browser.get("/handle").text(), before.text());
    let renewed = browser.get("/renew/200");
    assert_eq!(lines(&renewed), [line("cart")]);
    assert_eq!(browser.get("/handle").text(), renewed.text());
    assert_ne!(before.text(), renewed.text());
    assert_eq!(browser.get("/items").text(), "tea");
    // Like any other write, it is dropped where the server fails.
    assert_eq!(browser.get("/renew/500").set_cookies(), NONE);
    assert_eq!(browser.get("/handle").text(), renewed.text());
}

#[test]
fn clearing_empties_the_session_and_keeps_its_owner() {
    let server = serve(sealed(), |app| {
        app.route(
            "/login",
            web::get().to(|mut login: Session<Login>| async move {
                login.set_theme("dark");
                login.push_notes("welcome");
                login.set_user("ada");
                login.handle().to_string()
            }),
        )
        .route(
            "/clear",
            web::get().to(|mut login: Session<Login>| async move {
                login.clear();
                let notes = login.take_notes();
                let shown = format!("{:?} {:?} {notes:?}", *login.user(), *login.theme());
                HttpResponse::Ok()
                    .insert_header(("x-handle", login.handle().to_string()))
                    .body(shown)
            }),
        );
    });
    let mut browser = Browser::new(&server);
    let handle = browser.get("/login").text().to_owned();
    for cleared in [&[line("login")][..], &[]] {
        let reply = browser.get("/clear");
        assert_eq!(reply.text(), "Some(\"ada\") \"\" []");
        assert_eq!(reply.header("x-handle"), Some(&*handle));
        assert_eq!(lines(&reply), cleared);
    }
}

/// Saves what was written so far, writes more, and does as told.
async fn save_and(mut cart: Session<Cart>, then: web::Path<String>) -> actix_web::Result<String> {
    cart.items_mut().push("saved".to_owned());
    cart.save().await?;
    match then.as_str() {
        "nothing" => {}
        "save" => cart.save().await?,
        "write" => cart.items_mut().push("later".to_owned()),
        "fail" => {
            cart.items_mut().push("lost".to_owned());
            return Err(ErrorInternalServerError("no"));
        }
        "outgrow" => cart.items_mut().push("x".repeat(4_000)),
        "destroy" => cart.destroy(),
        "destroy-fail" => {
            cart.destroy();
            return Err(ErrorInternalServerError("no"));
        }
        "destroy-save-fail" => {
            cart.destroy();
            cart.save().await?;
            return Err(ErrorInternalServerError("no"));
        }
        "restart" => {
            cart.destroy();
            cart.items_mut().push("anew".to_owned());
        }
        "restart-save-fail" => {
            cart.destroy();
            cart.items_mut().push("anew".to_owned());
            cart.save().await?;
            cart.items_mut().push("lost".to_owned());
            return Err(ErrorInternalServerError("no"));
        }
        "renew" => cart.renew(),
        "undo" => cart.items_mut().clear(),
        _ => return Err(ErrorForbidden("no")),
    }
    Ok(cart.items().join(","))
}

#[test]
fn what_was_saved_by_hand_stays_saved_and_one_line_is_sent() {
    let server = serve(sealed(), |app| {
        shop(app);
        app.route("/save/{then}", web::get().to(save_and));
    });
    for (then, code, sent, kept) in [
        ("nothing", 200, line("cart"), "saved"),
        ("save", 200, line("cart"), "saved"),
        ("write", 200, line("cart"), "saved,later"),
        ("fail", 500, line("cart"), "saved"),
        ("outgrow", 500, line("cart"), "saved"),
        ("destroy", 200, removal("cart"), ""),
        ("destroy-fail", 500, removal("cart"), ""),
        ("destroy-save-fail", 500, removal("cart"), ""),
        ("restart", 200, line("cart"), "anew"),
        ("restart-save-fail", 500, line("cart"), "anew"),
        ("renew", 200, line("cart"), "saved"),
        ("undo", 200, line("cart"), ""),
        ("forbid", 403, line("cart"), "saved"),
    ] {
        for old in [false, true] {
            let mut browser = Browser::new(&server);
            if old {
                browser.get("/items/tea");
            }
            let reply = browser.get(&format!("/save/{then}"));
            assert_eq!(reply.status, code, "{then}");
            assert_eq!(lines(&reply), [&*sent], "{then}");
            let tea = if old && kept.starts_with("saved") {
                "tea,"
            } else {
                ""
            };
            assert_eq!(
                browser.get("/items").text(),
                format!("{tea}{kept}"),
                "{then}"
            );
        }
    }
}

async fn save_all(
    registry: Registry,
    mut cart: Session<Cart>,
    mut login: Session<Login>,
    ending: web::Path<String>,
) -> Result<impl Responder, MultiError> {
    cart.items_mut().push("tea".to_owned());
    login.set_theme("x".repeat(4_000));
    let errors = registry.save_all().await.unwrap_err();
    let found: Vec<_> = errors
        .iter()
        .map(|error| (error.session(), error.kind()))
        .collect();
    assert_eq!(found, [("login", SessionErrorKind::TooLarge)]);
    match ending.as_str() {
        "fail" => Err(errors),
        "ignore" => Ok("ignored"),
        _ => {
            login.set_theme("dark");
            Ok("mended")
        }
    }
}

#[test]
fn saving_all_saves_what_it_can_and_names_what_it_cannot() {
    let server = serve(sealed(), |app| {
        shop(app);
        app.route("/all/{ending}", web::get().to(save_all));
    });
    for (ending, code, body, sent) in [
        ("fail", 500, "", vec![line("cart")]),
        ("ignore", 500, "", vec![line("cart")]),
        ("mend", 200, "mended", vec![line("cart"), line("login")]),
    ] {
        let mut browser = Browser::new(&server);
        let reply = browser.get(&format!("/all/{ending}"));
        assert_eq!((reply.status, reply.text()), (code, body), "{ending}");
        assert_eq!(lines(&reply), sent, "{ending}");
        assert_eq!(browser.get("/items").text(), "tea", "{ending}");
    }
}

#[test]
fn saving_reports_what_the_visitor_would_have_met() {
    let server = serve(sealed(), |app| {
        shop(app);
        app.route(
            "/",
            web::get().to(|mut cart: Session<Cart>| async move {
                cart.items_mut().push("x".repeat(4_000));
                let error: SessionError = cart.save().await.unwrap_err();
                assert_eq!(error.kind(), SessionErrorKind::TooLarge);
                cart.items_mut().pop();
                error.to_string()
            }),
        );
    });
    let mut browser = Browser::new(&server);
    browser.get("/items/tea");
    let reply = browser.get("/");
    assert_eq!(
        reply.text(),
        "session `cart` is too large; bound what visitors can fill, or keep it on the server and raise `max_length`"
    );
    assert_eq!(reply.set_cookies(), NONE);
}
