//! Deadlines at the end of time, and clocks that are turned back.

use std::time::Duration;

use actix_web::web;
use sessions::Session;

use crate::{
    attack_site::open,
    engine::Engine,
    site::{Cart, DAY, HOUR, Site, cookie, line_for, lines, shop, with_tea},
};

/// Remembers for as long as can be said.
async fn forever(mut cart: Session<Cart>) -> &'static str {
    cart.remember(Duration::MAX);
    "remembered"
}

#[test]
fn who_is_remembered_forever_is_remembered() {
    for engine in Engine::each() {
        let site = open(engine, |app| {
            app.route("/forever", web::to(forever));
            shop(app);
        });
        let mut browser = with_tea(&site);
        // As long as a browser keeps any cookie.
        assert_eq!(
            lines(&browser.get("/forever")),
            [line_for("cart", 400 * DAY)]
        );
        site.clock.advance(100 * 365 * DAY);
        let token = cookie(&browser);
        for path in ["/items/cup", "/renew", "/show"] {
            assert_eq!(browser.get(path).status, 200, "{path}");
        }
        assert!(!site.shown_to(&token).starts_with("Loaded"));
    }
}

#[test]
fn a_clock_that_is_turned_back_shortens_no_session_and_revives_none_that_was_ended() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let mut browser = with_tea(&site);
        let mut ended = with_tea(&site);
        let dead = cookie(&ended);
        site.clock.advance(DAY);
        browser.get("/items/cup");
        ended.get("/destroy");
        let promised = site.only().1.deadline;
        site.clock.set(site.clock.now() - DAY - HOUR);
        for path in ["/show", "/items/milk", "/idle"] {
            assert_eq!(browser.get(path).status, 200, "{path}");
            assert_eq!(site.only().1.deadline, promised, "{path}");
        }
        assert_eq!(browser.get("/renew").status, 200);
        assert_eq!(site.only().1.deadline, promised);
        assert_eq!(site.shown_to(&dead), "Rejected(Unknown) ");
    }
}
