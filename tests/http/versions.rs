//! Old and new code together: what one type wrote, another type of the same name reads.

use std::time::Duration;

use actix_web::web::{self, ServiceConfig};
use sessions::{KeyRing, Session, SessionData, test_util::TestClock};
use sessions_tests::{Browser, Server};

use crate::site::{NONE, Release, line, line_for, lines, sealed_under, serve_releases, still};

/// The first release.
#[derive(SessionData)]
#[session(name = "profile")]
struct ProfileV1 {
    name: String,
}

#[derive(SessionData)]
#[session(name = "profile", version = 2, previous = ProfileV1)]
struct ProfileV2 {
    names: Vec<String>,
}

impl From<ProfileV1> for ProfileV2 {
    fn from(old: ProfileV1) -> Self {
        Self {
            names: old.name.split(' ').map(str::to_owned).collect(),
        }
    }
}

#[derive(SessionData)]
#[session(name = "profile", version = 3, previous = ProfileV2)]
struct ProfileV3 {
    initials: String,
    count: u32,
}

impl From<ProfileV2> for ProfileV3 {
    fn from(old: ProfileV2) -> Self {
        Self {
            initials: old
                .names
                .iter()
                .filter_map(|name| name.chars().next())
                .collect(),
            count: 1,
        }
    }
}

fn v1(app: &mut ServiceConfig) {
    app.route(
        "",
        web::get().to(|profile: Session<ProfileV1>| async move {
            format!("{:?} {}", profile.origin(), *profile.name())
        }),
    )
    .route(
        "/{name}",
        web::get().to(
            |mut profile: Session<ProfileV1>, name: web::Path<String>| async move {
                profile.set_name(name.into_inner());
                "set"
            },
        ),
    );
}

fn v2(app: &mut ServiceConfig) {
    app.route(
        "",
        web::get().to(|profile: Session<ProfileV2>| async move {
            format!("{:?} {}", profile.origin(), profile.names().join("|"))
        }),
    );
}

fn v3(app: &mut ServiceConfig) {
    app.route(
        "",
        web::get().to(|profile: Session<ProfileV3>| async move {
            format!(
                "{:?} {} {}",
                profile.origin(),
                *profile.initials(),
                profile.count()
            )
        }),
    )
    .route(
        "/idle",
        web::get().to(|mut profile: Session<ProfileV3>| async move {
            drop(profile.write());
            "idle"
        }),
    )
    .route(
        "/{count}",
        web::get().to(
            |mut profile: Session<ProfileV3>, count: web::Path<u32>| async move {
                profile.set_count(*count);
                "set"
            },
        ),
    );
}

/// `/v1`, `/v2` and `/v3`, under the same keys and at the same clock.
fn releases(clock: &TestClock) -> Server {
    let keys = KeyRing::generate().unwrap();
    let sessions = || sealed_under(&keys).clock(clock.clock());
    serve_releases(
        sessions,
        [Release("/v1", v1), Release("/v2", v2), Release("/v3", v3)],
    )
}

#[test]
fn a_release_reads_what_any_earlier_one_wrote() {
    let server = releases(&still());
    let mut browser = Browser::new(&server);
    browser.get("/v1/ada%20king");
    assert_eq!(browser.get("/v2").text(), "Loaded ada|king");
    assert_eq!(browser.get("/v3").text(), "Loaded ak 1");
}

#[test]
fn data_of_an_earlier_release_stays_readable_by_it_until_something_is_written() {
    let clock = still();
    let server = releases(&clock);
    let mut browser = Browser::new(&server);
    browser.get("/v1/ada%20king");
    // A reader, a writer that changes nothing, and a touch.
    assert_eq!(browser.get("/v3").set_cookies(), NONE);
    assert_eq!(browser.get("/v3/idle").set_cookies(), NONE);
    clock.advance(Duration::from_hours(24));
    let touched = browser.get("/v3/idle");
    assert_eq!(lines(&touched), [line_for("profile", 29 * 24 * 60 * 60)]);
    assert_eq!(browser.get("/v1").text(), "Loaded ada king");

    browser.get("/v3/5");
    assert_eq!(browser.get("/v3").text(), "Loaded ak 5");
    assert_eq!(browser.get("/v2").text(), "Rejected(NewerVersion) ");
    let reply = browser.get("/v1");
    assert_eq!(reply.text(), "Rejected(NewerVersion) ");
    assert_eq!(reply.set_cookies(), NONE);
    // What an older release only read is still there for the newer.
    assert_eq!(browser.get("/v3").text(), "Loaded ak 5");
}

mod before {
    #[derive(sessions::SessionData)]
    #[session(name = "settings")]
    pub(super) struct Settings {
        pub(super) theme: String,
        pub(super) size: u32,
    }
}

/// The same version with more fields, shorter keys, and other defaults.
mod after {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(sessions::SessionData)]
    #[session(name = "settings")]
    pub(super) struct Settings {
        #[session(key = "t", alias = "theme")]
        pub(super) color: String,
        #[session(with = in_percent)]
        pub(super) size: f64,
        #[session(default = "en".to_owned())]
        pub(super) language: String,
        pub(super) nested: BTreeMap<u32, Vec<Option<bool>>>,
        pub(super) bytes: [u8; 4],
        #[session(skip)]
        pub(super) scratch: u32,
    }

    mod in_percent {
        use super::{Deserialize as _, Deserializer, Serializer};

        pub(super) fn serialize<S: Serializer>(
            size: &f64,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            serializer.serialize_u32(format!("{:.0}", size * 100.0).parse().unwrap_or(0))
        }

        pub(super) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<f64, D::Error> {
            u32::deserialize(deserializer).map(|size| f64::from(size) / 100.0)
        }
    }
}

fn before(app: &mut ServiceConfig) {
    app.route(
        "/{theme}/{size}",
        web::get().to(
            |mut settings: Session<before::Settings>, to: web::Path<(String, u32)>| async move {
                let (theme, size) = to.into_inner();
                settings.set_theme(theme);
                settings.set_size(size);
                "set"
            },
        ),
    )
    .route(
        "",
        web::get().to(|settings: Session<before::Settings>| async move {
            format!("{} {}", *settings.theme(), settings.size())
        }),
    )
    .route(
        "/size/{size}/only",
        web::get().to(
            |mut settings: Session<before::Settings>, size: web::Path<u32>| async move {
                settings.set_size(*size);
                "set"
            },
        ),
    );
}

fn after(app: &mut ServiceConfig) {
    app.route(
        "",
        web::get().to(|settings: Session<after::Settings>| async move {
            format!(
                "{} {} {} {:?} {:?} {}",
                *settings.color(),
                settings.size(),
                *settings.language(),
                *settings.nested(),
                *settings.bytes(),
                settings.scratch()
            )
        }),
    )
    .route(
        "/idle",
        web::get().to(|mut settings: Session<after::Settings>| async move {
            settings.set_scratch(5);
            drop(settings.write());
            settings.set_language("en");
            settings.scratch().to_string()
        }),
    )
    .route(
        "/write",
        web::get().to(|mut settings: Session<after::Settings>| async move {
            settings.set_language("fr");
            settings.nested_mut().insert(7, vec![None, Some(true)]);
            settings.set_bytes([255, 0, 0, 0]);
            settings.set_scratch(5);
            "set"
        }),
    );
}

/// `/before` and `/after`, under the same keys.
fn settings() -> Server {
    let keys = KeyRing::generate().unwrap();
    serve_releases(
        || sealed_under(&keys),
        [Release("/before", before), Release("/after", after)],
    )
}

#[test]
fn new_fields_take_their_defaults_and_those_alone_are_no_write() {
    let server = settings();
    let mut browser = Browser::new(&server);
    browser.get("/before/dark/150");
    let reply = browser.get("/after");
    assert_eq!(reply.text(), "dark 1.5 en {} [0, 0, 0, 0] 0");
    assert_eq!(reply.set_cookies(), NONE);
    let reply = browser.get("/after/idle");
    assert_eq!((reply.text(), reply.set_cookies()), ("5", vec![]));
    assert_eq!(browser.get("/before").text(), "dark 150");
}

#[test]
fn fields_that_older_code_does_not_know_survive_its_writes() {
    let server = settings();
    let mut browser = Browser::new(&server);
    browser.get("/before/dark/150");
    assert_eq!(lines(&browser.get("/after/write")), [line("settings")]);
    let written = "dark 1.5 fr {7: [None, Some(true)]} [255, 0, 0, 0] 0";
    assert_eq!(browser.get("/after").text(), written);
    // Under its new key the older code does not find the theme, and keeps it all the same.
    assert_eq!(browser.get("/before").text(), " 150");
    assert_eq!(browser.get("/before").set_cookies(), NONE);
}

#[test]
fn what_newer_code_of_the_same_version_wrote_is_kept_by_older_code_and_read_again() {
    #[derive(SessionData)]
    #[session(name = "note")]
    struct Short {
        text: String,
    }
    #[derive(SessionData)]
    #[session(name = "note")]
    struct Long {
        text: String,
        tags: std::collections::BTreeMap<u32, (f64, Vec<u8>)>,
        due: Option<i64>,
    }
    fn long(app: &mut ServiceConfig) {
        app.route(
            "",
            web::get().to(|note: Session<Long>| async move {
                format!("{:?} {:?} {:?}", *note.text(), *note.tags(), note.due())
            }),
        )
        .route(
            "/write",
            web::get().to(|mut note: Session<Long>| async move {
                note.set_text("long");
                note.tags_mut().insert(1, (0.5, vec![1, 2]));
                note.set_due(-7);
                "set"
            }),
        );
    }
    fn short(app: &mut ServiceConfig) {
        app.route(
            "/write",
            web::get().to(|mut note: Session<Short>| async move {
                note.set_text("short");
                "set"
            }),
        )
        .route(
            "/clear",
            web::get().to(|mut note: Session<Short>| async move {
                note.clear();
                "cleared"
            }),
        );
    }
    let keys = KeyRing::generate().unwrap();
    let server = serve_releases(
        || sealed_under(&keys),
        [Release("/long", long), Release("/short", short)],
    );
    let mut browser = Browser::new(&server);
    browser.get("/long/write");
    assert_eq!(lines(&browser.get("/short/write")), [line("note")]);
    assert_eq!(browser.get("/short/write").set_cookies(), NONE);
    assert_eq!(
        browser.get("/long").text(),
        r#""short" {1: (0.5, [1, 2])} Some(-7)"#
    );
    // Emptying a session empties what this code cannot see as well.
    browser.get("/short/clear");
    assert_eq!(browser.get("/long").text(), r#""" {} None"#);
}

#[test]
fn a_field_that_was_renamed_survives_both_releases() {
    let server = settings();
    let mut browser = Browser::new(&server);
    browser.get("/before/dark/150");
    browser.get("/after/write");
    // Older code writes its own key beside the newer one.
    browser.get("/before/size/200/only");
    assert_eq!(
        browser.get("/after").text(),
        "dark 2 fr {7: [None, Some(true)]} [255, 0, 0, 0] 0"
    );
}
