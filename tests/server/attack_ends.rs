//! Sessions that end so that another may begin.

use actix_web::{
    Error, HttpResponse,
    web::{self, Bytes, ServiceConfig},
};
use futures_util::stream;
use sessions::{Session, SessionOptions, store::AdmissionPolicy, test_util::Verb};

use crate::{
    account::{Login, account, logged_in},
    attack_site::{DOWN, open},
    engine::Engine,
    site::{Cart, Site, cookie, line, lines, removal, shop, told, with_tea},
};

/// Ends the session and begins another, saves that, and saves again where it failed.
async fn begin_anew(mut cart: Session<Cart>) -> String {
    cart.destroy();
    cart.items_mut().push("anew".to_owned());
    let first = told(cart.save().await);
    format!("{first} {}", told(cart.save().await))
}

/// Ends the session and logs in again, in one request.
async fn change_shifts(mut login: Session<Login>, user: web::Path<String>) -> &'static str {
    login.take_user();
    login.set_user(user.into_inner());
    "in"
}

/// Ends the session and begins another while the body streams.
async fn begin_anew_late(mut cart: Session<Cart>) -> HttpResponse {
    HttpResponse::Ok().streaming(stream::once(async move {
        cart.destroy();
        cart.items_mut().push("late".to_owned());
        let first = told(cart.save().await);
        Ok::<_, Error>(Bytes::from(format!("{first} {}", told(cart.save().await))))
    }))
}

fn beginners(app: &mut ServiceConfig) {
    app.route("/begin-anew", web::to(begin_anew))
        .route("/begin-anew-late", web::to(begin_anew_late));
    shop(app);
}

fn shifts(app: &mut ServiceConfig) {
    app.route("/change-shifts/{user}", web::to(change_shifts));
    account(app);
}

#[test]
fn an_end_is_an_end_also_where_nothing_can_be_begun() {
    for engine in Engine::each() {
        let site = open(engine, beginners);
        let mut browser = with_tea(&site);
        site.engine.faults.fail(Verb::Create, 1, DOWN);
        site.engine.faults.fail(Verb::Create, 2, DOWN);
        site.engine.faults.fail(Verb::Create, 3, DOWN);
        let reply = browser.get("/begin-anew");
        assert_eq!(reply.status, 503);
        assert_eq!(lines(&reply), [removal("cart")]);
        assert_eq!(site.live(), []);
    }
}

#[test]
fn a_body_that_can_begin_nothing_ends_what_it_was_to_end() {
    for engine in Engine::each() {
        let site = open(engine, beginners);
        let mut browser = with_tea(&site);
        let reply = browser.get("/begin-anew-late");
        assert_eq!(
            (reply.text(), reply.set_cookies()),
            ("TooLate TooLate", vec![])
        );
        assert_eq!(site.live(), []);
        assert_eq!(browser.get("/show").text(), "Rejected(Unknown) ");
    }
}

#[test]
fn who_logs_out_and_in_again_at_once_is_counted_once() {
    for (limit, policy) in [
        (1, AdmissionPolicy::Refuse),
        (1, AdmissionPolicy::EvictOldest),
        (2, AdmissionPolicy::Refuse),
        (2, AdmissionPolicy::EvictOldest),
    ] {
        for engine in Engine::each() {
            let options = |all: SessionOptions| all.principal_limit(limit, policy);
            let site = Site::open(engine, options, shifts);
            let others: Vec<_> = (1..limit).map(|_| logged_in(&site, "ada")).collect();
            let mut browser = logged_in(&site, "ada");
            let old = cookie(&browser);
            let reply = browser.get("/change-shifts/ada");
            let case = format!("{limit} {policy:?} {}", site.engine.name);
            assert_eq!((reply.status, reply.text()), (200, "in"), "{case}");
            assert_eq!(lines(&reply), [line("login")], "{case}");
            for mut other in others {
                assert!(other.get("/show").text().starts_with("Loaded"), "{case}");
            }
            assert!(site.shown_to(&old).starts_with("Rejected"), "{case}");
            assert_eq!(site.live().len(), limit as usize, "{case}");
        }
    }
}
