//! What a visitor is given: a token, whenever there is a new one to know, and at no other time.

use std::time::Duration;

use sessions::{MaxAge, NamePrefix, SameSite, SessionOptions};

use crate::{
    engine::Engine,
    site::{DAY, HOUR, MINUTE, NONE, Site, cookie, line, line_for, lines, removal, shop, with_tea},
};

#[test]
fn a_new_session_is_a_token_of_43_characters_and_nothing_else() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let mut tokens: Vec<String> = Vec::new();
        for _ in 0..20 {
            let mut browser = site.browser();
            let reply = browser.get("/items/tea");
            assert_eq!(lines(&reply), [line("cart")], "{}", site.engine.name);
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            assert_eq!(reply.header("vary"), Some("Cookie"));
            tokens.push(cookie(&browser));
        }
        tokens.sort_unstable();
        tokens.dedup();
        assert_eq!(tokens.len(), 20);
    }
}

#[test]
fn the_line_is_as_the_options_say() {
    type Options = fn(SessionOptions) -> SessionOptions;
    let cases: [(Options, &str); 7] = [
        (
            |all| all.same_site(SameSite::Strict).partitioned(true),
            "__Host-cart=TOKEN; Max-Age=2592000; HttpOnly; SameSite=Strict; Partitioned; Secure; Path=/",
        ),
        (
            |all| all.max_age(MaxAge::BrowserSession),
            "__Host-cart=TOKEN; HttpOnly; SameSite=Lax; Secure; Path=/",
        ),
        (
            |all| all.max_age(MaxAge::AtMost(DAY)),
            "__Host-cart=TOKEN; Max-Age=86400; HttpOnly; SameSite=Lax; Secure; Path=/",
        ),
        (
            |all| all.absolute_timeout(2 * HOUR),
            "__Host-cart=TOKEN; Max-Age=7200; HttpOnly; SameSite=Lax; Secure; Path=/",
        ),
        (
            |all| all.name_prefix(NamePrefix::Secure).domain("shop.example"),
            "__Secure-cart=TOKEN; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure; Path=/; Domain=shop.example",
        ),
        (
            |all| all.insecure_http(),
            "cart=TOKEN; Max-Age=2592000; HttpOnly; SameSite=Lax; Path=/",
        ),
        (
            |all| all.dangerous_script_access(),
            "__Host-cart=TOKEN; Max-Age=2592000; SameSite=Lax; Secure; Path=/",
        ),
    ];
    for (options, expected) in cases {
        let site = Site::open(Engine::memory(), options, shop);
        let mut browser = site.browser();
        assert_eq!(lines(&browser.get("/items/tea")), [expected]);
        // The same attributes take it away again, so that it is the same cookie to the browser.
        assert_eq!(browser.get("/destroy").set_cookies().len(), 1, "{expected}");
        assert_eq!(cookie(&browser), "", "{expected}");
    }
}

#[test]
fn reads_updates_and_touches_send_no_cookie() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let mut browser = with_tea(&site);
        for path in [
            "/show",
            "/items/cup",
            "/idle",
            "/clear",
            "/save/milk",
            "/items/tea",
        ] {
            let reply = browser.get(path);
            assert_eq!(reply.status, 200, "{path}");
            assert_eq!(reply.set_cookies(), NONE, "{path}");
            assert_eq!(reply.header("vary"), Some("Cookie"), "{path}");
            assert_eq!(reply.header("cache-control"), None, "{path}");
        }
        site.engine.tally();
        site.clock.advance(HOUR);
        assert_eq!(browser.get("/show").set_cookies(), NONE);
        assert_eq!(site.engine.tally(), "load 1, touch 1");
        assert_eq!(browser.get("/show").text(), "Loaded milk,tea");
    }
}

#[test]
fn a_renewal_an_end_and_a_change_of_lifetime_do() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let mut browser = with_tea(&site);
        let first = cookie(&browser);
        site.clock.advance(DAY);
        assert_eq!(lines(&browser.get("/renew")), [line_for("cart", 29 * DAY)]);
        let second = cookie(&browser);
        assert_ne!(first, second);
        assert_eq!(
            lines(&browser.get("/remember")),
            [line_for("cart", 90 * DAY)]
        );
        assert_eq!(cookie(&browser), second, "the token stays");
        assert_eq!(
            lines(&browser.get("/forget/cup")),
            ["__Host-cart=TOKEN; HttpOnly; SameSite=Lax; Secure; Path=/"]
        );
        assert_eq!(cookie(&browser), second);
        assert_eq!(browser.get("/show").text(), "Loaded tea,cup");
        let reply = browser.get("/destroy");
        assert_eq!(lines(&reply), [removal("cart")]);
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(site.live(), []);
    }
}

#[test]
fn a_session_that_is_ended_and_begun_again_sends_one_cookie() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let mut browser = with_tea(&site);
        let old = cookie(&browser);
        assert_eq!(lines(&browser.get("/destroy/cup")), [line("cart")]);
        assert_eq!(site.engine.tally(), "load 2, create 1, delete 1");
        assert_eq!(site.events.take(), ["destroyed cart", "created cart"]);
        assert_eq!(browser.get("/show").text(), "Loaded cup");
        assert_eq!(site.shown_to(&old), "Rejected(Unknown) ");
        assert_eq!(site.live().len(), 1);
    }
}

#[test]
fn max_age_runs_to_the_absolute_deadline_and_is_never_longer_than_the_session() {
    let site = Site::open(
        Engine::memory(),
        |all| all.idle_timeout(HOUR).absolute_timeout(2 * HOUR),
        shop,
    );
    let mut browser = site.browser();
    assert_eq!(
        lines(&browser.get("/items/tea")),
        [line_for("cart", 2 * HOUR)]
    );
    site.clock.advance(50 * MINUTE);
    browser.get("/show");
    site.clock.advance(50 * MINUTE);
    assert_eq!(
        lines(&browser.get("/renew")),
        [line_for("cart", 20 * MINUTE)]
    );
    site.clock.advance(20 * MINUTE - Duration::from_secs(1));
    assert_eq!(browser.get("/show").text(), "Loaded tea");
    site.clock.advance(Duration::from_secs(1));
    assert_eq!(site.shown_to(&cookie(&browser)), "Rejected(Unknown) ");
}
