//! Keys that change, keys that differ, and cookies that somebody altered.

use std::time::Duration;

use sessions::{CookieStore, Key, KeyErrorKind, KeyRing, SessionMiddleware};
use sessions_tests::Server;

use super::site::{
    Cart, Login, cart_routes, clock, cookie, filled, get, key, ring, sealed, serve, shop, signed,
    value,
};

fn shop_of(keys: KeyRing) -> Server {
    shop(
        &SessionMiddleware::builder(CookieStore::sealed(keys))
            .build()
            .unwrap(),
    )
}

const OPENS: &str = r#"Loaded ["milk"]"#;
const UNKNOWN: &str = "Rejected(UnknownKey) []";

#[test]
fn a_retired_key_opens_and_the_active_one_seals() {
    let old = filled(&shop(&sealed(1)), "milk");
    let rotated = shop_of(ring(2).retired(key(1)).unwrap());
    assert_eq!(get(&rotated, "/", &old).text(), OPENS);

    let written = cookie(&get(&rotated, "/add?tea", &old));
    let newest_only = shop(&sealed(2));
    assert_eq!(
        get(&newest_only, "/", &written).text(),
        r#"Loaded ["milk", "tea"]"#
    );
    assert_eq!(get(&shop(&sealed(1)), "/", &written).text(), UNKNOWN);
}

#[test]
fn each_of_many_retired_keys_opens() {
    let rotated =
        shop_of((1..20).fold(ring(20), |ring, number| ring.retired(key(number)).unwrap()));
    for number in 1..=20 {
        let old = filled(&shop(&sealed(number)), "milk");
        assert_eq!(get(&rotated, "/", &old).text(), OPENS, "{number}");
    }
}

#[test]
fn a_key_that_is_removed_ends_its_sessions_and_the_visitor_starts_anew() {
    let old = filled(&shop(&sealed(1)), "milk");
    let without = shop_of(ring(3).retired(key(2)).unwrap());
    let page = get(&without, "/", &old);
    assert_eq!(page.text(), UNKNOWN);
    assert_eq!(page.set_cookies(), [""; 0]);

    let new = cookie(&get(&without, "/add?tea", &old));
    assert_eq!(get(&without, "/", new).text(), r#"Loaded ["tea"]"#);
}

#[test]
fn a_key_published_ahead_opens_what_another_machine_seals_already() {
    let ahead = filled(&shop(&sealed(2)), "milk");
    let behind = shop_of(ring(1).pre_published(key(2)).unwrap());
    assert_eq!(get(&behind, "/", ahead).text(), OPENS);
    assert_eq!(
        get(&shop(&sealed(1)), "/", filled(&behind, "milk")).text(),
        OPENS
    );
}

#[test]
fn a_ring_replaced_at_run_time_counts_from_the_next_request_on() {
    let keys = ring(1);
    let site = shop_of(keys.clone());
    let old = filled(&site, "milk");
    keys.replace(&ring(2).retired(key(1)).unwrap());
    assert_eq!(get(&site, "/", &old).text(), OPENS);
    let new = cookie(&get(&site, "/add?tea", &old));
    keys.replace(&ring(2));
    assert_eq!(get(&site, "/", old).text(), UNKNOWN);
    assert_eq!(get(&site, "/", new).text(), r#"Loaded ["milk", "tea"]"#);
}

#[test]
fn what_opened_under_a_retired_key_is_sealed_anew_by_a_touch() {
    let clock = clock();
    let of = |keys: KeyRing| {
        shop(
            &SessionMiddleware::builder(CookieStore::sealed(keys))
                .clock(clock.clock())
                .build()
                .unwrap(),
        )
    };
    let old = filled(&of(ring(1)), "milk");
    let rotated = of(ring(2).retired(key(1)).unwrap());
    assert_eq!(get(&rotated, "/", &old).set_cookies(), [""; 0]);
    clock.advance(Duration::from_secs(60 * 60));
    let touched = cookie(&get(&rotated, "/", &old));
    assert_eq!(get(&of(ring(2)), "/", touched).text(), OPENS);
}

#[test]
fn several_rings_serve_several_sessions_side_by_side() {
    let sessions = SessionMiddleware::builder(CookieStore::sealed(ring(1)))
        .session::<Login>(|login| login.store(CookieStore::signed(ring(2))))
        .build()
        .unwrap();
    let held = filled(&serve(&sessions, cart_routes), "milk");
    assert_eq!(get(&shop(&sealed(1)), "/", &held).text(), OPENS);
    assert_eq!(get(&shop(&sealed(2)), "/", &held).text(), UNKNOWN);
}

#[test]
fn no_key_is_no_store_and_a_weak_key_is_no_key() {
    // A store is made of a ring and a ring of a key: the forgotten key does not compile.
    let weak = Key::from_bytes([0; 32]).unwrap_err();
    assert_eq!(weak.kind(), KeyErrorKind::Weak);
    let short = "MTIzNDU=".parse::<Key>().unwrap_err();
    assert_eq!(short.kind(), KeyErrorKind::Length);
    assert!(KeyRing::from_env("SESSION_KEYS_THAT_NOBODY_SET").is_err());
}

#[test]
fn a_key_does_not_open_what_the_other_format_wrote() {
    let (sealing, signing) = (shop(&sealed(1)), shop(&signed(1)));
    for (from, to) in [(&sealing, &signing), (&signing, &sealing)] {
        let held = filled(from, "milk");
        assert_eq!(get(to, "/", held).text(), "Rejected(Unauthentic) []");
    }
}

/// What becomes of a cart's cookie with this value: nothing opens, nothing is sent.
fn refused(shop: &Server, value: &str) -> String {
    let page = get(shop, "/", format!("__Host-cart={value}"));
    assert_eq!((page.status, page.set_cookies()), (200, vec![]), "{value}");
    let (reason, items) = page.text().rsplit_once(' ').unwrap();
    assert_eq!(items, "[]", "{value}");
    reason.to_owned()
}

#[test]
fn every_single_character_that_is_changed_is_noticed() {
    for sessions in [sealed(1), signed(1)] {
        let shop = shop(&sessions);
        let value = value(&get(&shop, "/add?milk", ""));
        for place in 0..value.len() {
            let mut altered = value.clone().into_bytes();
            // The neighbor in the alphabet: one bit, and where it is the last of all, a bit no byte holds.
            altered[place] = match altered[place] {
                b'A' => b'B',
                b'_' => b'-',
                b'Z' | b'z' | b'9' => altered[place] - 1,
                other => other + 1,
            };
            let altered = String::from_utf8(altered).unwrap();
            let reason = refused(&shop, &altered);
            assert!(
                reason.starts_with("Rejected("),
                "{reason} for place {place}"
            );
        }
    }
}

#[test]
fn every_truncation_is_noticed_at_both_ends() {
    for sessions in [sealed(1), signed(1)] {
        let shop = shop(&sessions);
        let value = value(&get(&shop, "/add?milk", ""));
        for length in 0..value.len() {
            assert_ne!(refused(&shop, &value[..length]), "Loaded");
        }
        for start in 1..8 {
            assert_ne!(refused(&shop, &value[start..]), "Loaded");
        }
    }
}

#[test]
fn extensions_paddings_doublings_and_other_spellings_are_noticed() {
    for sessions in [sealed(1), signed(1)] {
        let shop = shop(&sessions);
        // Until the value holds a character that the two alphabets spell differently.
        let value = loop {
            let value = value(&get(&shop, "/add?milk", ""));
            if value.contains(['-', '_']) {
                break value;
            }
        };
        for (altered, reason) in [
            (String::new(), "Rejected(Malformed)"),
            (format!("{value}="), "Rejected(Malformed)"),
            (format!("{value}=="), "Rejected(Malformed)"),
            (format!("{value}."), "Rejected(Malformed)"),
            (format!("{value}AAAA"), "Rejected(Unauthentic)"),
            (format!("{value},{value}"), "Rejected(Malformed)"),
            (format!("{value}|{value}"), "Rejected(Malformed)"),
            (
                value.replace('-', "+").replace('_', "/"),
                "Rejected(Malformed)",
            ),
            (
                value.replace('-', "%2D").replace('_', "%5F"),
                "Rejected(Malformed)",
            ),
            (
                format!("{} {}", &value[..8], &value[8..]),
                "Rejected(Malformed)",
            ),
            (value.to_ascii_uppercase(), "Rejected"),
        ] {
            let given = refused(&shop, &altered);
            assert!(given.starts_with(reason), "{given} for {altered}");
        }
        for doubled in [format!("{value}{value}"), format!("A{value}")] {
            assert_ne!(refused(&shop, &doubled), "Loaded");
        }
    }
}

#[test]
fn the_one_value_between_quotes_is_the_value() {
    let shop = shop(&sealed(1));
    let value = value(&get(&shop, "/add?milk", ""));
    let page = get(&shop, "/", format!("__Host-cart=\"{value}\""));
    assert_eq!(page.text(), OPENS);
}

#[test]
fn values_that_were_never_ours_are_malformed() {
    let shop = shop(&sealed(1));
    for value in [
        "cookie", "|", "||", "|||", "\t", "null", "e30", "%20", "\u{e9}",
    ] {
        assert_eq!(refused(&shop, value), "Rejected(Malformed)", "{value:?}");
    }
    // Sixteen kilobytes are not even decoded.
    assert_eq!(refused(&shop, &"A".repeat(16_000)), "Rejected(Malformed)");
}

#[test]
fn one_session_s_value_does_not_open_under_another_s_name() {
    for store in [CookieStore::sealed(ring(1)), CookieStore::signed(ring(1))] {
        let sessions = SessionMiddleware::builder(store).build().unwrap();
        let site = serve(&sessions, |app| {
            cart_routes(app);
            app.route("/as", actix_web::web::get().to(named));
        });
        let value = value(&get(&site, "/add?milk", ""));
        assert_eq!(
            get(&site, "/as?cart", format!("__Host-cart={value}")).text(),
            "Loaded"
        );
        assert_eq!(
            get(
                &site,
                "/as?other-cart",
                format!("__Host-other-cart={value}")
            )
            .text(),
            "Rejected(Unauthentic)"
        );
    }
}

async fn named(
    sessions: sessions::Registry,
    request: actix_web::HttpRequest,
) -> actix_web::Result<String> {
    let name = request.query_string().to_owned();
    Ok(format!(
        "{:?}",
        sessions.named::<Cart>(name).await?.origin()
    ))
}

#[test]
fn two_visitors_cookies_swapped_are_each_the_other_s() {
    // A cookie is whoever holds it: what binds it to a name does not bind it to a person.
    let shop = shop(&sealed(1));
    let (ada, bob) = (filled(&shop, "milk"), filled(&shop, "tea"));
    assert_eq!(get(&shop, "/", bob).text(), r#"Loaded ["tea"]"#);
    assert_eq!(get(&shop, "/", ada).text(), OPENS);
}

#[test]
fn of_several_cookies_of_one_name_the_one_that_opens_counts() {
    let shop = shop(&sealed(1));
    let good = filled(&shop, "milk");
    for header in [
        format!("__Host-cart=garbage; {good}"),
        format!("{good}; __Host-cart=garbage"),
        format!("__Host-cart=; __Host-cart; other=1; {good}; __Host-cart=AAAA"),
        format!("x__{good}; __Host-cart2=1; {good}"),
    ] {
        assert_eq!(get(&shop, "/", &header).text(), OPENS, "{header}");
    }
}
