use std::time::{Duration, UNIX_EPOCH};

use actix_session::{config::CookieContentSecurity, storage::CookieSessionStore};
use actix_web::cookie;
use sessions::actix_session::{CookieReader, Key};

use crate::site::{SHOWN, Site, cookies, secret, visitor, visitor_of};

const BOTH: [CookieContentSecurity; 2] = [
    CookieContentSecurity::Private,
    CookieContentSecurity::Signed,
];

#[test]
fn a_visitor_of_the_old_application_is_logged_in_and_the_first_response_carries_our_cookie() {
    for security in BOTH {
        let value = visitor(security);
        let site = Site::new(cookies(security));
        let reply = site.get(&format!("id={value}"), "/");
        assert_eq!(reply.text(), SHOWN);
        let [line] = reply.set_cookies()[..] else {
            panic!("{:?}", reply.set_cookies());
        };
        assert!(line.starts_with("__Host-login="), "{line}");
        let own = line.split(';').next().unwrap();
        let reply = site.get(&format!("id={value}; {own}"), "/");
        assert_eq!(reply.text(), SHOWN.replace("Imported", "Loaded"));
        assert_eq!(reply.set_cookies(), [""; 0]);
    }
}

#[test]
fn a_cookie_without_a_date_is_a_login_of_nobody_knows_when_unless_the_session_says_it() {
    let value = visitor(CookieContentSecurity::Private);
    let dates = |reader| {
        let reply = Site::new(reader).get(&format!("id={value}"), "/dates");
        reply.text().to_owned()
    };
    let reader = || cookies(CookieContentSecurity::Private);
    assert_eq!(dates(reader()), "None");
    let at = |key: &'static str| {
        reader().written_at(move |old| Some(UNIX_EPOCH + Duration::from_secs(old.get(key).ok()?)))
    };
    assert_eq!(dates(at("at")), "Some(1700000000)");
    assert_eq!(dates(at("no such key")), "None");
}

#[test]
fn an_altered_cookie_is_a_new_visitor() {
    for security in BOTH {
        let value = visitor(security);
        let site = Site::new(cookies(security));
        assert_eq!(site.told_of(&value), (200, "created, imported".to_owned()));
        // One character in seven, and what ends a value is no character of it.
        for place in (0..value.len()).step_by(7) {
            let mut altered = value.clone().into_bytes();
            altered[place] = match altered[place] {
                b'%' => b'A',
                b'A' => b'B',
                _ => b'A',
            };
            let altered = String::from_utf8(altered).unwrap();
            assert_eq!(site.told_of(&altered), (200, "not authentic".to_owned()));
        }
        for odd in [
            "",
            "%",
            "%ff",
            "%00",
            "A",
            &"A".repeat(44),
            &"%41".repeat(1000),
            &value[1..],
        ] {
            assert_eq!(
                site.told_of(odd),
                (200, "not authentic".to_owned()),
                "{odd}"
            );
        }
    }
}

#[test]
fn another_key_or_another_kind_opens_nothing() {
    for security in BOTH {
        let value = visitor(security);
        let other = match security {
            CookieContentSecurity::Private => CookieContentSecurity::Signed,
            CookieContentSecurity::Signed => CookieContentSecurity::Private,
        };
        let refused = (200, "not authentic".to_owned());
        assert_eq!(Site::new(cookies(other)).told_of(&value), refused);

        let mut secret = secret();
        secret[0] ^= 1;
        secret[32] ^= 1;
        let key = Key::new(secret).unwrap();
        let reader = match security {
            CookieContentSecurity::Private => CookieReader::private(key),
            CookieContentSecurity::Signed => CookieReader::signed(key),
        };
        assert_eq!(Site::new(reader).told_of(&value), refused);
    }
}

#[test]
fn another_name_opens_nothing_that_is_bound_to_its_own() {
    for (security, shown) in [
        (CookieContentSecurity::Private, r#"New None  [] None"#),
        // A signed cookie is not, there as here.
        (CookieContentSecurity::Signed, SHOWN),
    ] {
        let value = visitor(security);
        let site = Site::called("other", cookies(security));
        let reply = site.get(&format!("other={value}"), "/");
        assert_eq!(reply.text(), shown);
    }
}

#[test]
fn a_derived_key_opens_what_a_derived_key_made() {
    let derived = cookie::Key::derive_from(&[7; 32]);
    let secret = [derived.signing(), derived.encryption()].concat();
    for security in BOTH {
        let value = visitor_of(security, &secret, async { CookieSessionStore::default() });
        let key = Key::derived_from([7; 32]).unwrap();
        let reader = match security {
            CookieContentSecurity::Private => CookieReader::private(key),
            CookieContentSecurity::Signed => CookieReader::signed(key),
        };
        let told = Site::new(reader).told_of(&value);
        assert_eq!(told, (200, "created, imported".to_owned()));
    }
}

#[test]
fn what_is_authentic_and_no_session_is_a_new_visitor() {
    let key = cookie::Key::from(&secret());
    let site = Site::new(cookies(CookieContentSecurity::Private));
    for (content, told) in [
        ("", "undecodable"),
        ("[]", "undecodable"),
        (r#"{"a":1}"#, "undecodable"),
        (r#"{"a":"1"} "#, "not converted"),
        (
            r#"{"user_id":"\"x\"","name":"\"ann\"","items":"[]"}"#,
            "not converted",
        ),
        (
            r#"{"user_id":"7","name":"null","items":"[]"}"#,
            "not converted",
        ),
        (
            r#"{"user_id":"7","name":"\"ann\"","items":"[]"}"#,
            "created, imported",
        ),
    ] {
        let mut jar = cookie::CookieJar::new();
        let plain = cookie::Cookie::new("id", content.to_owned());
        jar.private_mut(&key).add(plain);
        let value = jar.get("id").unwrap().value().to_owned();
        // Base64 needs no percent-encoding to be read.
        assert_eq!(site.told_of(&value), (200, told.to_owned()), "{content}");
    }
}

#[test]
fn no_secret_and_no_value_is_shown() {
    let reader = cookies(CookieContentSecurity::Signed);
    assert_eq!(format!("{reader:?}"), "CookieReader(Signed, Key(..))");
    assert_eq!(
        Key::derived_from([1; 31]).unwrap_err().to_string(),
        "what such a key is derived from has 32 bytes, and this one has 31; give the bytes that the application makes its `Key` of"
    );
}
