//! Requests that make a store work for minutes.

use crate::{
    engine::Engine,
    site::{Site, cookie, with_tea},
};

/// How often a verb was called, by what a tally says.
fn calls(tally: &str) -> u32 {
    let counts = tally
        .split(", ")
        .filter_map(|called| called.rsplit_once(' '));
    counts.map(|(_, count)| count.parse::<u32>().unwrap()).sum()
}

#[test]
fn one_request_asks_a_store_for_no_more_than_its_cookies_are_worth() {
    let site = Site::shop(Engine::memory());
    let mut browser = with_tea(&site);
    let old = cookie(&browser);
    for _ in 0..1000 {
        assert_eq!(browser.get("/renew").status, 200);
    }
    site.engine.tally();
    let again = format!("{old}; {old}; {old}; {old}");
    let mut worst = 0;
    for _ in 0..3 {
        let reply = site.get_with(&again, "/destroy");
        assert_eq!(reply.status, 200);
        worst = calls(&site.engine.tally());
    }
    assert!(
        worst <= 200,
        "{worst} calls for one request, and again for the next"
    );
}

#[test]
fn who_stole_a_token_cannot_outrun_a_logout_by_renewing() {
    let site = Site::shop(Engine::memory());
    let mut thief = with_tea(&site);
    let old = cookie(&thief);
    for _ in 0..1024 {
        assert_eq!(thief.get("/renew").status, 200);
    }
    // Too many to follow at once: an error, and the next goes on from there.
    assert_eq!(site.get_with(&old, "/destroy").status, 503);
    for _ in 0..100 {
        assert_eq!(thief.get("/renew").status, 200);
    }
    assert_eq!(site.get_with(&old, "/destroy").status, 200);
    assert_eq!(thief.get("/show").text(), "Rejected(Unknown) ");
    assert_eq!(site.live(), []);
}
