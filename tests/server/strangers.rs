//! Never adopt an ID that was not issued here (OWASP ASVS v5, 7.2.4; session fixation).

use actix_web::web;
use sessions::{Registry, SessionMiddleware};

use crate::{
    engine::Engine,
    site::{
        Cart, DAY, MINUTE, NONE, Site, cookie, cookie_of, line, lines, removal, shop, with_tea,
    },
};

const MADE_UP: &str = "__Host-cart=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Reads and writes with a cookie that leads nowhere.
#[track_caller]
fn assert_stranger(site: &Site, stranger: &str, reason: &str, told: &str) {
    let before = site.live().len();
    let shown = site.get_with(stranger, "/show");
    assert_eq!(shown.text(), format!("Rejected({reason}) "));
    // A late reader must not take away what another, newer response has set.
    assert_eq!(shown.set_cookies(), NONE);
    assert_eq!(site.events.take(), [format!("rejected cart: {told}")]);
    assert_eq!(site.live().len(), before);

    let written = site.get_with(stranger, "/items/cup");
    assert_eq!((written.status, written.text()), (200, "cup"));
    assert_eq!(lines(&written), [line("cart")]);
    assert_eq!(
        site.events.take(),
        [format!("rejected cart: {told}"), "created cart".to_owned()]
    );
    let issued = cookie_of(&written);
    assert!(!stranger.contains(&issued), "adopted");
    assert_eq!(site.shown_to(&issued), "Loaded cup");
    assert_eq!(site.shown_to(stranger), format!("Rejected({reason}) "));
    assert_eq!(site.live().len(), before + 1);
    site.events.take();
}

#[test]
fn a_token_that_was_never_issued_is_a_stranger_s() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        assert_stranger(&site, MADE_UP, "Unknown", "not in the store");
    }
}

#[test]
fn a_token_of_which_one_character_was_changed_is_a_stranger_s() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let token = cookie(&with_tea(&site));
        // The last character carries four bits; the others six.
        for at in ["__Host-cart=".len(), token.len() - 2] {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_stranger(&site, &changed, "Unknown", "not in the store");
        }
        assert_eq!(site.shown_to(&token), "Loaded tea");
    }
}

#[test]
fn what_is_not_a_token_is_a_stranger_s() {
    let site = Site::shop(Engine::memory());
    assert_stranger(&site, "__Host-cart=tea", "Malformed", "malformed");
}

#[test]
fn a_token_of_an_expired_session_is_a_stranger_s_though_nobody_swept() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let token = cookie(&with_tea(&site));
        site.clock.advance(7 * DAY);
        assert_stranger(&site, &token, "Unknown", "not in the store");
    }
}

#[test]
fn a_token_of_a_session_that_was_ended_or_renewed_is_a_stranger_s() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let mut browser = with_tea(&site);
        let first = cookie(&browser);
        browser.get("/renew");
        let second = cookie(&browser);
        site.events.take();
        assert_stranger(&site, &first, "Unknown", "not in the store");
        assert_eq!(site.shown_to(&second), "Loaded tea");
        browser.get("/destroy");
        site.events.take();
        assert_stranger(&site, &second, "Unknown", "not in the store");
    }
}

#[test]
fn a_token_of_another_session_s_name_is_a_stranger_s() {
    let engine = Engine::memory();
    let sessions = SessionMiddleware::builder(engine.store());
    let site = Site::with(
        engine,
        sessions.options(|all| all.store_timeout(MINUTE)),
        |app| {
            app.route(
                "/guest",
                web::get().to(|registry: Registry| async move {
                    let mut guest = registry.named::<Cart>("guest-cart").await?;
                    guest.items_mut().push("secret".to_owned());
                    Ok::<_, sessions::SessionError>("done")
                }),
            );
            shop(app);
        },
    );
    let mut browser = site.browser();
    browser.get("/guest");
    site.events.take();
    let guest = cookie(&browser);
    let moved = guest.replace("guest-cart", "cart");
    assert_stranger(&site, &moved, "Unknown", "not in the store");
}

#[test]
fn a_stranger_who_ends_what_is_not_there_loses_the_cookie_and_nobody_else_anything() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let token = cookie(&with_tea(&site));
        let reply = site.get_with(MADE_UP, "/destroy");
        assert_eq!(lines(&reply), [removal("cart")]);
        assert_eq!(site.events.take(), ["rejected cart: not in the store"]);
        assert_eq!(site.shown_to(&token), "Loaded tea");
    }
}

#[test]
fn a_stranger_who_renews_is_given_nothing() {
    let site = Site::shop(Engine::memory());
    assert_eq!(site.get_with(MADE_UP, "/renew").set_cookies(), NONE);
    assert_eq!(lines(&site.get_with(MADE_UP, "/renew/tea")), [line("cart")]);
    assert_eq!(site.engine.tally(), "load 2, create 1");
}

#[test]
fn an_attacker_s_token_does_not_become_the_victim_s_at_login() {
    // The attacker has a session of the site's own, and plants its cookie on the victim.
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let planted = cookie(&with_tea(&site));
        let login = site.get_with(&planted, "/renew/private");
        let issued = cookie_of(&login);
        assert_ne!(issued, planted);
        assert_eq!(site.shown_to(&issued), "Loaded tea,private");
        assert_eq!(site.shown_to(&planted), "Rejected(Unknown) ");
    }
}

#[test]
fn of_two_sessions_a_browser_sends_the_one_that_lives_is_taken() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let mut browser = with_tea(&site);
        let old = cookie(&browser);
        browser.get("/renew");
        let live = cookie(&browser);
        for header in [format!("{old}; {live}"), format!("{live}; {old}")] {
            assert_eq!(site.shown_to(&header), "Loaded tea");
        }
        // Where it ends, no other call than the two lookups, the end, and the look for a renewal is made.
        site.engine.tally();
        let reply = site.get_with(&format!("{old}; {live}"), "/destroy");
        assert_eq!(lines(&reply), [removal("cart")]);
        assert_eq!(site.engine.tally(), "load 3, delete 1");
        assert_eq!(site.live(), []);
    }
}
