//! Every format that was ever released stays readable.
//!
//! `v1/` holds a cookie of each kind in both formats of version 1, with what is in it. The files are never edited: they were made once, by
//! [`Case::made`] below with the key of [`key`], and are now the record of what that release wrote. A sealed cookie has a random nonce
//! and cannot be made a second time; a signed one has nothing random but the session's handle, so it is made again here byte for byte, by a
//! writer that knows only the format's description.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod records;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use actix_web::{
    App,
    web::{self, ServiceConfig},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sessions::{
    CookieStore, Key, KeyRing, Session, SessionData, SessionMiddleware, test_util::TestClock,
};
use sessions_tests::{Mint, Reply, Server, Stamp, exchange};

#[derive(Serialize, Deserialize, Debug)]
enum Payment {
    Open,
    Card { digits: u16 },
}

/// What the cookies hold, as this code knows it.
#[derive(SessionData, Debug)]
#[session(name = "golden", version = 2, previous = GoldenV1)]
struct Golden {
    #[session(principal)]
    user: Option<String>,
    items: Vec<String>,
    count: u64,
    ratio: f64,
    blob: Vec<u8>,
    prices: BTreeMap<u32, i64>,
    #[session(key = "p")]
    payments: Vec<Payment>,
    #[session(flash)]
    notices: Vec<String>,
}

/// The same as code of another release knows it.
#[derive(SessionData, Debug)]
#[session(name = "golden", version = 2, previous = GoldenV1)]
struct GoldenWide {
    #[session(principal)]
    user: Option<String>,
    items: Vec<String>,
    theme: Option<String>,
    sizes: BTreeMap<String, Vec<u8>>,
}

impl From<GoldenV1> for GoldenWide {
    fn from(old: GoldenV1) -> Self {
        Self {
            user: None,
            items: old.item.into_iter().collect(),
            theme: None,
            sizes: BTreeMap::new(),
        }
    }
}

/// The same before its second version.
#[derive(SessionData, Debug)]
#[session(name = "golden", version = 1)]
struct GoldenV1 {
    item: Option<String>,
    count: u32,
}

impl From<GoldenV1> for Golden {
    fn from(old: GoldenV1) -> Self {
        Self {
            items: old.item.into_iter().collect(),
            count: old.count.into(),
            ..empty()
        }
    }
}

fn empty() -> Golden {
    Golden {
        user: None,
        items: Vec::new(),
        count: 0,
        ratio: 0.0,
        blob: Vec::new(),
        prices: BTreeMap::new(),
        payments: Vec::new(),
        notices: Vec::new(),
    }
}

fn full() -> Golden {
    Golden {
        user: None,
        items: vec!["Sencha".to_owned(), "\u{8336}".to_owned()],
        count: 1 << 40,
        ratio: 0.1,
        blob: vec![0, 127, 255],
        prices: [(0, -1), (4_000_000_000, i64::MAX)].into(),
        payments: vec![Payment::Open, Payment::Card { digits: 4242 }],
        notices: vec!["once".to_owned()],
    }
}

const NOON: u64 = 1_750_000_000;
const DAY: u64 = 24 * 60 * 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Sealed,
    Signed,
}

/// A kind of cookie that was released.
#[derive(Clone, Copy, Debug)]
struct Case {
    name: &'static str,
    /// The pages that make it, with the time of each.
    visits: &'static [(u64, &'static str)],
    /// The first second at which it is refused.
    expires: u64,
    /// What is sent as `Max-Age` when it is written at `OPENED`.
    max_age: Option<u64>,
    authenticated: Option<u64>,
    /// What `Golden` shows of it.
    shows: fn() -> Golden,
}

/// When the cookies are opened.
const OPENED: u64 = NOON + 1000;

const CASES: [Case; 6] = [
    Case {
        name: "plain",
        visits: &[(NOON, "/fill")],
        expires: NOON + 7 * DAY,
        max_age: Some(30 * DAY - 1000),
        authenticated: None,
        shows: full,
    },
    Case {
        name: "remembered",
        visits: &[(NOON, "/fill"), (NOON + 10, "/remember")],
        expires: NOON + 10 + 90 * DAY,
        max_age: Some(90 * DAY - 990),
        authenticated: None,
        shows: full,
    },
    Case {
        name: "forgotten-on-close",
        visits: &[(NOON, "/fill"), (NOON + 10, "/forget")],
        expires: NOON + 10 + 7 * DAY,
        max_age: None,
        authenticated: None,
        shows: full,
    },
    Case {
        name: "authenticated",
        visits: &[(NOON, "/fill"), (NOON + 500, "/log-in")],
        expires: NOON + 500 + 7 * DAY,
        max_age: Some(30 * DAY - 500),
        authenticated: Some(NOON + 500),
        shows: || Golden {
            user: Some("ada".to_owned()),
            ..full()
        },
    },
    Case {
        name: "unknown-fields",
        visits: &[(NOON, "/fill-wide")],
        expires: NOON + 7 * DAY,
        max_age: Some(30 * DAY - 1000),
        authenticated: None,
        shows: || Golden {
            items: full().items,
            ..empty()
        },
    },
    Case {
        name: "older-version",
        visits: &[(NOON, "/fill-v1")],
        expires: NOON + 7 * DAY,
        max_age: Some(30 * DAY - 1000),
        authenticated: None,
        shows: || Golden {
            items: vec!["Sencha".to_owned()],
            count: 7,
            ..empty()
        },
    },
];

/// 32 bytes that are no secret: the key of the golden cookies.
fn key() -> [u8; 32] {
    std::array::from_fn(|index| (index as u8).wrapping_mul(37) ^ 0x5a)
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn site(format: Format, clock: &TestClock) -> Server {
    let keys = KeyRing::new(Key::from_bytes(key()).unwrap());
    let store = match format {
        Format::Sealed => CookieStore::sealed(keys),
        Format::Signed => CookieStore::signed(keys),
    };
    // Each release has a middleware of its own, in which the name is its type's.
    let [today, wide, v1] = [(); 3].map(|()| {
        let sessions = SessionMiddleware::builder(store.clone()).clock(clock.clock());
        sessions.build().unwrap()
    });
    Server::start(move || {
        let fill_wide = web::get().to(async |mut golden: Session<GoldenWide>| {
            golden.set_items(full().items);
            golden.set_theme("dark");
            golden.sizes_mut().insert("s".to_owned(), vec![1, 2]);
            ""
        });
        let fill_v1 = web::get().to(async |mut golden: Session<GoldenV1>| {
            golden.set_item("Sencha");
            golden.set_count(7);
            ""
        });
        App::new()
            .route("/wide", web::get().to(show_wide).wrap(wide.clone()))
            .route("/fill-wide", fill_wide.wrap(wide.clone()))
            .route("/fill-v1", fill_v1.wrap(v1.clone()))
            .service(web::scope("").wrap(today.clone()).configure(of_today))
    })
}

/// What the code of today does with its own type.
fn of_today(app: &mut ServiceConfig) {
    app.route("/", web::get().to(show))
        .route(
            "/write",
            web::get().to(async |mut golden: Session<Golden>| {
                golden.items_mut().push("more".to_owned());
                ""
            }),
        )
        .route(
            "/fill",
            web::get().to(async |mut golden: Session<Golden>| {
                *golden.write() = full();
                ""
            }),
        )
        .route(
            "/remember",
            web::get().to(async |mut golden: Session<Golden>| {
                golden.remember(Duration::from_secs(90 * DAY));
                ""
            }),
        )
        .route(
            "/forget",
            web::get().to(async |mut golden: Session<Golden>| {
                golden.forget_on_close();
                ""
            }),
        )
        .route(
            "/log-in",
            web::get().to(async |mut golden: Session<Golden>| {
                golden.set_user("ada");
                ""
            }),
        );
}

async fn show(golden: Session<Golden>) -> String {
    let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap().as_secs();
    let authenticated = golden.authenticated_at().map(since);
    format!(
        "{:?}\n{}\n{}\n{authenticated:?}\n{:?}",
        golden.origin(),
        golden.handle(),
        since(golden.created_at()),
        *golden.read()
    )
}

async fn show_wide(golden: Session<GoldenWide>) -> String {
    format!("{:?} {:?}", golden.theme(), golden.sizes())
}

fn get(server: &Server, path: &str, value: &str) -> Reply {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: shop.example\r\nCookie: __Host-golden={value}\r\n\r\n"
    );
    exchange(server.address(), request.as_bytes())
}

fn value(reply: &Reply) -> String {
    let line = reply.set_cookies()[0].split(';').next().unwrap();
    line.strip_prefix("__Host-golden=").unwrap().to_owned()
}

impl Case {
    /// Makes a cookie of this kind as the code of today does.
    fn made(&self, format: Format) -> String {
        let clock = TestClock::at(at(NOON));
        let site = site(format, &clock);
        self.visits
            .iter()
            .fold(String::new(), |held, (seconds, path)| {
                clock.set(at(*seconds));
                value(&get(&site, path, &held))
            })
    }

    fn path(&self, format: Format) -> PathBuf {
        let format = format!("{format:?}").to_lowercase();
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("formats/v1")
            .join(format!("{}-{format}.txt", self.name))
    }

    fn recorded(&self, format: Format) -> BTreeMap<String, String> {
        entries(&self.path(format))
    }
}

/// What is in a file of recorded things, by name.
fn entries(path: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(path).unwrap();
    let entries = text.lines().filter(|line| !line.starts_with('#'));
    entries
        .map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex
        .chars()
        .map(|digit| digit.to_digit(16).unwrap())
        .collect();
    digits
        .chunks(2)
        .map(|pair| (pair[0] * 16 + pair[1]) as u8)
        .collect()
}

/// What stands between the head and the signature of a signed cookie.
fn content(signed: &str) -> Vec<u8> {
    let message = URL_SAFE_NO_PAD.decode(signed).unwrap();
    message[5..message.len() - 32].to_vec()
}

#[test]
fn every_recorded_cookie_opens_as_it_was_written() {
    for case in CASES {
        for format in [Format::Sealed, Format::Signed] {
            let recorded = case.recorded(format);
            let clock = TestClock::at(at(OPENED));
            let site = site(format, &clock);
            let expected = format!(
                "Loaded\n{}\n{NOON}\n{:?}\n{:?}",
                recorded["handle"],
                case.authenticated,
                (case.shows)()
            );
            assert_eq!(
                get(&site, "/", &recorded["cookie"]).text(),
                expected,
                "{case:?} {format:?}"
            );
            assert_eq!(recorded["data"], format!("{:?}", (case.shows)()));
        }
    }
}

#[test]
fn every_recorded_cookie_keeps_its_deadline_and_its_lifetime() {
    for case in CASES {
        for format in [Format::Sealed, Format::Signed] {
            let held = &case.recorded(format)["cookie"];
            let clock = TestClock::at(at(OPENED));
            let site = site(format, &clock);
            let written = get(&site, "/write", held);
            let age = written.set_cookies()[0]
                .split("; ")
                .find_map(|attribute| attribute.strip_prefix("Max-Age="))
                .map(|age| age.parse::<u64>().unwrap());
            assert_eq!(age, case.max_age, "{case:?} {format:?}");

            for (seconds, origin) in [
                (case.expires - 1, "Loaded"),
                (case.expires, "Rejected(Expired)"),
            ] {
                clock.set(at(seconds));
                let page = get(&site, "/", held);
                let shown = page.text().lines().next().unwrap();
                assert_eq!(shown, origin, "{case:?} {format:?}");
            }
        }
    }
}

#[test]
fn fields_that_this_code_does_not_know_survive_its_writing() {
    for format in [Format::Sealed, Format::Signed] {
        let held = CASES[4].recorded(format)["cookie"].clone();
        let site = site(format, &TestClock::at(at(OPENED)));
        let expected = r#"Some("dark") {"s": [1, 2]}"#;
        assert_eq!(get(&site, "/wide", &held).text(), expected);
        let written = value(&get(&site, "/write", &held));
        assert_eq!(get(&site, "/wide", &written).text(), expected);
    }
}

#[test]
fn the_recorded_signed_cookies_can_be_made_again_byte_for_byte() {
    for case in CASES {
        let recorded = case.recorded(Format::Signed);
        let (sealed, _) = case.visits[case.visits.len() - 1];
        let persistence = match case.name {
            "remembered" => 1,
            "forgotten-on-close" => 2,
            _ => 0,
        };
        let absolute = match case.name {
            "remembered" => sealed + 90 * DAY,
            "authenticated" => sealed + 30 * DAY,
            _ => NOON + 30 * DAY,
        };
        let seconds = |span: u64| u32::try_from(span).unwrap();
        let stamp = Stamp {
            handle: bytes(&recorded["handle"]).try_into().unwrap(),
            persistence,
            created: NOON,
            sealed: seconds(sealed - NOON),
            idle: seconds(case.expires - sealed),
            absolute: seconds(absolute - NOON),
            authenticated: case.authenticated.map_or(0, |at| seconds(at - NOON + 1)),
        };
        let payload = bytes(&recorded["payload"]);
        let minted = Mint::new(key()).signed("golden", &stamp, &payload);
        assert_eq!(minted, recorded["cookie"], "{case:?}");
    }
}

#[test]
fn the_code_of_today_writes_what_was_recorded() {
    for case in CASES {
        let recorded = case.recorded(Format::Signed);
        let made = content(&case.made(Format::Signed));
        let before = content(&recorded["cookie"]);
        // The handle comes first and is random.
        assert_eq!(hex(&made[16..]), hex(&before[16..]), "{case:?}");
        assert_eq!(hex(&made[Stamp::LENGTH..]), recorded["payload"], "{case:?}");

        let sealed = case.recorded(Format::Sealed)["cookie"].len();
        assert_eq!(case.made(Format::Sealed).len(), sealed, "{case:?}");
    }
}

#[test]
fn every_file_is_a_case() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("formats/v1");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let mut expected: Vec<PathBuf> = CASES
        .iter()
        .flat_map(|case| [Format::Sealed, Format::Signed].map(|format| case.path(format)))
        .collect();
    files.sort();
    expected.sort();
    assert_eq!(files, expected);
}
