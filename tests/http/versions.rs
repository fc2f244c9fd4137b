//! Old and new code together: what one type wrote, another type of the same name reads.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix_web::web::{self, ServiceConfig};
use serde::{Deserialize, Serialize};
use sessions::{
    KeyRing, Registry, Rejection, Session, SessionData, SessionError, SessionEventKind,
    test_util::TestClock,
};
use sessions_tests::{Browser, Server};

use crate::{
    journal,
    site::{NONE, Release, line, line_for, lines, sealed_under, serve_releases, still},
};

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

/// A number that an older release wrote as text.
#[derive(SessionData)]
#[session(name = "purse")]
struct PurseV1 {
    coins: String,
}

#[derive(SessionData)]
#[session(name = "purse", version = 2, previous = PurseV1)]
struct PurseV2 {
    coins: u32,
}

impl From<PurseV1> for PurseV2 {
    fn from(old: PurseV1) -> Self {
        Self {
            coins: old.coins.parse().unwrap_or(0),
        }
    }
}

/// Nobody's purse, under its name.
#[derive(SessionData)]
#[session(name = "purse")]
struct Bag {
    coins: Vec<String>,
}

fn purse_v1(app: &mut ServiceConfig) {
    app.route(
        "",
        web::get().to(|purse: Session<PurseV1>| async move {
            format!("{:?} {}", purse.origin(), *purse.coins())
        }),
    )
    .route(
        "/set/{coins}",
        web::get().to(
            |mut purse: Session<PurseV1>, coins: web::Path<String>| async move {
                purse.set_coins(coins.into_inner());
                "set"
            },
        ),
    )
    .route(
        "/end",
        web::get().to(|mut purse: Session<PurseV1>| async move {
            purse.destroy();
            "ended"
        }),
    )
    .route(
        "/get",
        web::get().to(|sessions: Registry| async move {
            let purse = sessions.get::<PurseV1>().await?;
            Ok::<_, SessionError>(purse.coins().clone())
        }),
    )
    .route(
        "/named",
        web::get().to(|sessions: Registry| async move {
            let purse = sessions.named::<PurseV1>("purse").await?;
            Ok::<_, SessionError>(purse.coins().clone())
        }),
    )
    .route(
        "/fresh",
        web::get().to(|sessions: Registry| async move {
            let purse = sessions.load_fresh::<PurseV1>().await?;
            Ok::<_, SessionError>(purse.map_or_else(String::new, |purse| purse.coins))
        }),
    )
    .route(
        "/kind",
        web::get().to(|purse: Result<Session<PurseV1>, SessionError>| async move {
            purse.map_or_else(|error| format!("{:?}", error.kind()), |_| "open".to_owned())
        }),
    );
}

fn purse_v2(app: &mut ServiceConfig) {
    app.route(
        "",
        web::get().to(|purse: Session<PurseV2>| async move {
            format!("{:?} {}", purse.origin(), purse.coins())
        }),
    )
    .route(
        "/earn",
        web::get().to(|mut purse: Session<PurseV2>| async move {
            *purse.coins_mut() += 1;
            "earned"
        }),
    );
}

fn bag(app: &mut ServiceConfig) {
    app.route(
        "/fill",
        web::get().to(|mut bag: Session<Bag>| async move {
            bag.coins_mut().push("penny".to_owned());
            "filled"
        }),
    );
}

/// `/v1`, `/v2` and `/bag` under the same keys, and how many newer sessions they were brought.
fn purses(refuse: bool) -> (Server, Arc<AtomicUsize>) {
    let keys = KeyRing::generate().unwrap();
    let told = Arc::new(AtomicUsize::new(0));
    let hook = Arc::clone(&told);
    let sessions = move || {
        let hook = Arc::clone(&hook);
        sealed_under(&keys)
            .options(|all| all.refuse_newer(refuse))
            .on_event(move |event| {
                if event.kind() == SessionEventKind::Rejected(Rejection::NewerVersion) {
                    hook.fetch_add(1, Ordering::SeqCst);
                }
            })
    };
    let releases = [
        Release("/v1", purse_v1),
        Release("/v2", purse_v2),
        Release("/bag", bag),
    ];
    (serve_releases(sessions, releases), told)
}

#[test]
fn a_release_that_refuses_newer_sessions_loses_nothing_while_it_is_back() {
    journal::open();
    let (server, told) = purses(true);
    let mut browser = Browser::new(&server);
    browser.get("/v1/set/7");
    browser.get("/v2/earn");
    // The rollback: only the old release answers.
    let paths = ["", "/set/1", "/end", "/get", "/named", "/fresh"];
    for path in paths {
        let reply = browser.get(&format!("/v1{path}"));
        assert_eq!((reply.status, reply.text()), (503, ""), "{path}");
        assert_eq!(reply.set_cookies(), NONE, "{path}");
        assert_eq!(reply.header("retry-after"), None, "{path}");
        assert_eq!(told.swap(0, Ordering::SeqCst), 1, "{path}");
    }
    let reply = browser.get("/v1/kind");
    assert_eq!((reply.status, reply.text()), (200, "NewerVersion"));
    assert_eq!(reply.header("vary"), Some("Cookie"));
    assert_eq!(Browser::new(&server).get("/v1").text(), "New ");
    // It is over, and everything is there.
    assert_eq!(browser.get("/v2").text(), "Loaded 8");
    browser.get("/v2/earn");
    assert_eq!(browser.get("/v2").text(), "Loaded 9");

    let lines = journal::about("`purse`");
    assert_eq!(lines.len(), 4, "one for each extractor that failed");
    for line in lines {
        assert!(
            line.starts_with("ERROR session not available"),
            "an extractor's own line: {line}"
        );
    }
}

#[test]
fn a_release_that_does_not_refuse_begins_newer_sessions_anew() {
    let (server, told) = purses(false);
    let mut browser = Browser::new(&server);
    browser.get("/v1/set/7");
    browser.get("/v2/earn");
    let reply = browser.get("/v1");
    assert_eq!(
        (reply.status, reply.text()),
        (200, "Rejected(NewerVersion) ")
    );
    assert_eq!(told.load(Ordering::SeqCst), 1);
    assert_eq!(browser.get("/v2").text(), "Loaded 8");
    browser.get("/v1/set/1");
    assert_eq!(browser.get("/v2").text(), "Loaded 1");
}

#[test]
fn what_is_refused_is_not_hidden_by_another_cookie_that_nobody_accepts() {
    let (server, _) = purses(true);
    let value = |paths: &[&str]| {
        let mut browser = Browser::new(&server);
        for path in paths {
            browser.get(path);
        }
        browser.jar.get("__Host-purse").unwrap().value.clone()
    };
    let newer = value(&["/v1/set/7", "/v2/earn"]);
    let strange = value(&["/bag/fill"]);
    let own = value(&["/v1/set/7"]);
    let sent = |first: &str, second: &str| {
        let header = format!("Cookie: __Host-purse={first}; __Host-purse={second}");
        let reply = Browser::new(&server).send("GET", "/v1", &[&header], "");
        (reply.status, reply.text().to_owned())
    };
    let refused = (503, String::new());
    assert_eq!(sent(&newer, &strange), refused);
    assert_eq!(sent(&strange, &newer), refused);
    assert_eq!(sent(&newer, "garbage"), refused);
    // What this code reads is taken, in whatever order they come.
    let taken = (200, "Loaded 7".to_owned());
    assert_eq!(sent(&newer, &own), taken);
    assert_eq!(sent(&own, &newer), taken);
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
        tags: BTreeMap<u32, (f64, Vec<u8>)>,
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

/// One session whose `items` are of a type that later releases change.
mod trunk {
    use super::{BTreeMap, Deserialize, Serialize};

    #[derive(Serialize, Deserialize, Debug)]
    pub(super) struct Item {
        pub(super) sku: String,
    }

    #[derive(sessions::SessionData)]
    #[session(name = "trunk")]
    pub(super) struct Old {
        pub(super) items: Vec<Item>,
        pub(super) note: String,
    }

    /// Keeps what it does not know.
    #[derive(Serialize, Deserialize, Debug)]
    pub(super) struct OpenItem {
        pub(super) sku: String,
        #[serde(flatten)]
        pub(super) rest: BTreeMap<String, serde_json::Value>,
    }

    #[derive(sessions::SessionData)]
    #[session(name = "trunk")]
    pub(super) struct Open {
        pub(super) items: Vec<OpenItem>,
        pub(super) note: String,
    }

    #[derive(Serialize, Deserialize, Debug)]
    pub(super) struct NewItem {
        pub(super) sku: String,
        #[serde(default)]
        pub(super) gift: Option<String>,
        #[serde(default)]
        pub(super) sizes: Vec<(i64, f64)>,
    }

    #[derive(sessions::SessionData)]
    #[session(name = "trunk")]
    pub(super) struct New {
        pub(super) items: Vec<NewItem>,
        pub(super) note: String,
    }

    /// Without a default for what old data does not have.
    #[derive(Serialize, Deserialize, Debug)]
    pub(super) struct StrictItem {
        pub(super) sku: String,
        pub(super) weight: u32,
    }

    #[derive(sessions::SessionData)]
    #[session(name = "trunk")]
    pub(super) struct Strict {
        pub(super) items: Vec<StrictItem>,
        pub(super) note: String,
    }
}

fn old_trunk(app: &mut ServiceConfig) {
    app.route(
        "",
        web::get().to(|trunk: Session<trunk::Old>| async move {
            let skus: Vec<String> = trunk.items().iter().map(|item| item.sku.clone()).collect();
            format!("{} {}", skus.join(","), *trunk.note())
        }),
    )
    .route(
        "/pack",
        web::get().to(|mut trunk: Session<trunk::Old>| async move {
            trunk.items_mut().push(trunk::Item {
                sku: "hat".to_owned(),
            });
            "packed"
        }),
    )
    .route(
        "/note",
        web::get().to(|mut trunk: Session<trunk::Old>| async move {
            trunk.set_note("fragile");
            "noted"
        }),
    );
}

fn open_trunk(app: &mut ServiceConfig) {
    app.route(
        "/note",
        web::get().to(|mut trunk: Session<trunk::Open>| async move {
            trunk.set_note("fragile");
            "noted"
        }),
    )
    .route(
        "/pack",
        web::get().to(|mut trunk: Session<trunk::Open>| async move {
            trunk.items_mut().push(trunk::OpenItem {
                sku: "hat".to_owned(),
                rest: BTreeMap::new(),
            });
            "packed"
        }),
    );
}

fn new_trunk(app: &mut ServiceConfig) {
    app.route(
        "",
        web::get().to(|trunk: Session<trunk::New>| async move {
            let shown =
                |item: &trunk::NewItem| format!("{} {:?} {:?}", item.sku, item.gift, item.sizes);
            let items: Vec<String> = trunk.items().iter().map(shown).collect();
            format!(
                "{:?} {}; {}",
                trunk.origin(),
                items.join(","),
                *trunk.note()
            )
        }),
    )
    .route(
        "/pack",
        web::get().to(|mut trunk: Session<trunk::New>| async move {
            trunk.items_mut().push(trunk::NewItem {
                sku: "tea".to_owned(),
                gift: Some("for ada".to_owned()),
                sizes: vec![(-7, 0.5)],
            });
            "packed"
        }),
    );
}

fn strict_trunk(app: &mut ServiceConfig) {
    app.route(
        "",
        web::get().to(|trunk: Session<trunk::Strict>| async move {
            let weight: u32 = trunk.items().iter().map(|item| item.weight).sum();
            let skus: usize = trunk.items().iter().map(|item| item.sku.len()).sum();
            format!("{:?} {weight} {skus} {}", trunk.origin(), *trunk.note())
        }),
    );
}

/// `/old`, `/open`, `/new` and `/strict`, under the same keys.
fn trunks() -> Server {
    let keys = KeyRing::generate().unwrap();
    serve_releases(
        || sealed_under(&keys),
        [
            Release("/old", old_trunk),
            Release("/open", open_trunk),
            Release("/new", new_trunk),
            Release("/strict", strict_trunk),
        ],
    )
}

#[test]
fn a_type_inside_a_field_needs_a_default_for_what_old_data_does_not_have() {
    let server = trunks();
    let mut browser = Browser::new(&server);
    browser.get("/old/pack");
    assert_eq!(browser.get("/new").text(), "Loaded hat None []; ");
    assert_eq!(browser.get("/strict").text(), "Rejected(Undecodable) 0 0 ");
}

#[test]
fn old_code_that_writes_any_field_drops_what_it_does_not_know_inside_of_every_field() {
    let server = trunks();
    let mut browser = Browser::new(&server);
    browser.get("/new/pack");
    let packed = r#"Loaded tea Some("for ada") [(-7, 0.5)]; "#;
    // Reading drops nothing.
    assert_eq!(browser.get("/old").text(), "tea ");
    assert_eq!(browser.get("/new").text(), packed);
    browser.get("/old/note");
    assert_eq!(browser.get("/new").text(), "Loaded tea None []; fragile");
}

#[test]
fn a_type_that_keeps_the_rest_of_its_fields_loses_none_that_newer_code_wrote() {
    let server = trunks();
    let mut browser = Browser::new(&server);
    browser.get("/new/pack");
    browser.get("/open/note");
    browser.get("/open/pack");
    assert_eq!(
        browser.get("/new").text(),
        r#"Loaded tea Some("for ada") [(-7, 0.5)],hat None []; fragile"#
    );
    assert_eq!(browser.get("/old").text(), "tea,hat fragile");
    assert_eq!(browser.get("/open/note").set_cookies(), NONE);
}

/// A conversion that takes more room than what it converts.
#[derive(SessionData)]
#[session(name = "letter")]
struct LetterV1 {
    text: String,
}

#[derive(SessionData)]
#[session(name = "letter", version = 2, previous = LetterV1)]
struct LetterV2 {
    text: String,
    copy: String,
}

impl From<LetterV1> for LetterV2 {
    fn from(old: LetterV1) -> Self {
        Self {
            copy: old.text.clone(),
            text: old.text,
        }
    }
}

fn letter_v1(app: &mut ServiceConfig) {
    app.route(
        "",
        web::get().to(|letter: Session<LetterV1>| async move { letter.text().len().to_string() }),
    )
    .route(
        "/write",
        web::get().to(|mut letter: Session<LetterV1>| async move {
            letter.set_text("a".repeat(2_000));
            "written"
        }),
    );
}

fn letter_v2(app: &mut ServiceConfig) {
    app.route(
        "",
        web::get().to(|letter: Session<LetterV2>| async move {
            format!("{} {}", letter.text().len(), letter.copy().len())
        }),
    )
    .route(
        "/shorten",
        web::get().to(|mut letter: Session<LetterV2>| async move {
            letter.text_mut().pop();
            "shortened"
        }),
    )
    .route(
        "/clear",
        web::get().to(|mut letter: Session<LetterV2>| async move {
            letter.clear();
            "cleared"
        }),
    );
}

#[test]
fn a_conversion_to_something_too_large_fails_at_each_write_and_loses_nothing() {
    let keys = KeyRing::generate().unwrap();
    let releases = [Release("/v1", letter_v1), Release("/v2", letter_v2)];
    let server = serve_releases(|| sealed_under(&keys), releases);
    let mut browser = Browser::new(&server);
    browser.get("/v1/write");
    assert_eq!(browser.get("/v2").text(), "2000 2000");
    let reply = browser.get("/v2/shorten");
    assert_eq!((reply.status, reply.set_cookies()), (500, vec![]));
    assert_eq!(browser.get("/v2").text(), "2000 2000");
    assert_eq!(browser.get("/v1").text(), "2000");
    assert_eq!(lines(&browser.get("/v2/clear")), [line("letter")]);
    assert_eq!(browser.get("/v2").text(), "0 0");
}
