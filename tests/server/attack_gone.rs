//! Ends of a session that the same request has already found gone.

use actix_web::{
    Error, HttpResponse,
    web::{self, Bytes, ServiceConfig},
};
use futures_util::stream;
use sessions::{Session, test_util::Verb};

use crate::{
    engine::Engine,
    site::{Cart, Site, cookie, lines, removal, shop, told, with_tea},
};

/// Writes down what was bought, and logs out, whatever came of that.
async fn note_and_end(mut cart: Session<Cart>) -> String {
    cart.items_mut().push("cup".to_owned());
    let noted = told(cart.save().await);
    cart.destroy();
    noted
}

/// The same while the body streams, as in a WebSocket.
async fn note_and_end_late(mut cart: Session<Cart>) -> HttpResponse {
    HttpResponse::Ok().streaming(stream::once(async move {
        cart.items_mut().push("cup".to_owned());
        let noted = told(cart.save().await);
        cart.destroy();
        Ok::<_, Error>(Bytes::from(format!("{noted} {}", told(cart.save().await))))
    }))
}

fn routes(app: &mut ServiceConfig) {
    app.route("/note-and-end", web::to(note_and_end))
        .route("/note-and-end-late", web::to(note_and_end_late));
    shop(app);
}

#[test]
fn a_logout_ends_what_was_renewed_although_a_save_has_found_it_gone() {
    for engine in Engine::each() {
        let site = Site::open(engine, |all| all, routes);
        let browser = with_tea(&site);
        let mut other = browser.clone();
        let (logout, _) = site.overtake(&browser, "/note-and-end", Verb::Update, || {
            other.get("/renew")
        });
        assert_eq!(logout.text(), "Gone");
        assert_eq!(lines(&logout), [removal("cart")]);
        assert_eq!(site.shown_to(&cookie(&other)), "Rejected(Unknown) ");
        assert_eq!(site.live(), []);
    }
}

#[test]
fn a_logout_in_a_body_that_says_done_is_done_although_a_save_has_found_it_gone() {
    for engine in Engine::each() {
        let site = Site::open(engine, |all| all, routes);
        let browser = with_tea(&site);
        let mut other = browser.clone();
        let (logout, _) = site.overtake(&browser, "/note-and-end-late", Verb::Update, || {
            other.get("/renew")
        });
        assert_eq!((logout.text(), lines(&logout)), ("Gone saved", vec![]));
        assert_eq!(site.shown_to(&cookie(&other)), "Rejected(Unknown) ");
        assert_eq!(site.live(), []);
    }
}
