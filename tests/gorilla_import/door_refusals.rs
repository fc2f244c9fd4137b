//! What is not let in, and what is refused at start.

use std::{fs, time::Duration};

use sessions::{
    BuildError, BuildErrorKind, CookieRule, MemoryStore, SessionData, SessionMiddleware,
    SessionOptions, Store, Timestamp,
    gorilla::{FilesystemReader, Payload, Reader, Values},
    import::{Foreign, ForeignCookie, ForeignReader, Import, Refusal},
    store::{Answer, StoreError, StoreErrorKind},
};

use crate::{
    journal,
    site::{Counted, Folder, Login, NONE, Site, ann, ann_s, import, lines, login, removal, stores},
    vectors::values,
};

#[test]
fn where_the_function_fails_the_visitor_is_new_and_it_is_told() {
    for (store, _folder) in stores() {
        for missing in [true, false] {
            let import: Import<Login> = Import::new("session", ann().reader(), move |old| {
                if missing {
                    old.get::<String>("no such key")?;
                }
                Err("nobody is logged in".into())
            });
            let site = Site::new(store.clone(), |login| login.import(import.remove_foreign()));
            let mut browser = site.browser();
            let reply = browser.get("/");
            assert_eq!(
                (reply.status, reply.text()),
                (200, "New nobody  0 new=true")
            );
            assert_eq!(lines(&reply), NONE);
            assert_eq!(site.events.take(), ["not_imported login: not converted"]);

            // As by any other visitor, a session is begun by writing.
            browser.get("/write");
            assert_eq!(
                site.events.take(),
                ["not_imported login: not converted", "created login"]
            );
            assert!(browser.jar.get("session").is_some());
            assert_eq!(browser.get("/").text(), "Loaded nobody  1 new=false");
        }
    }
}

/// Whoever is not logged in there is no news to an operator, and what the function says may be about a person.
#[test]
fn what_the_function_says_is_logged_for_developers_only() {
    journal::open();
    let import: Import<Login> = Import::new("session", ann().reader(), |_| {
        Err("ann@example.org is locked out".into())
    });
    let site = Site::memory(import);
    assert_eq!(site.get(&ann_s(), "/").text(), "New nobody  0 new=true");
    let lines = journal::about("ann@example.org");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].starts_with("DEBUG a foreign session was not imported: not converted "),
        "{lines:?}"
    );
}

#[test]
fn who_ends_a_session_that_was_not_imported_loses_the_go_cookie_too() {
    let site = Site::memory(import());
    let reply = site.get("session=x", "/log-out");
    assert_eq!(lines(&reply), [removal("__Host-login"), removal("session")]);
}

#[test]
fn the_wrong_serializer_is_a_new_visitor() {
    let reader = ann().reader().payload(Payload::Json);
    let site = Site::memory(Import::new("session", reader, login));
    assert_eq!(site.get(&ann_s(), "/").text(), "New nobody  0 new=true");
    assert_eq!(site.events.take(), ["not_imported login: undecodable"]);
}

/// A reader whose store is down.
struct Down;

impl ForeignReader for Down {
    type Values = Values;

    fn read<'a>(
        &'a self,
        _: &'a str,
        _: &'a [u8],
        _: Timestamp,
    ) -> Answer<'a, Result<Foreign<Values>, Refusal>> {
        Answer::ready(Err(StoreError::new(StoreErrorKind::Unavailable)))
    }
}

#[test]
fn a_store_that_is_down_or_late_is_an_outage_and_no_new_visitor() {
    for (store, _folder) in stores() {
        let (late, _) = Counted::new(Some(Duration::from_secs(60)));
        let imports = [
            Import::new("session", Down, login),
            Import::new("session", late, login),
        ];
        for import in imports {
            let site = Site::new(store.clone(), |login| {
                let login = login.store_timeout(Duration::from_millis(50));
                login.import(import.remove_foreign())
            });
            for path in ["/", "/write", "/log-out"] {
                let reply = site.get(&ann_s(), path);
                assert_eq!((reply.status, reply.text()), (503, ""), "{path}");
                assert_eq!(lines(&reply), NONE);
            }
            assert_eq!(site.events.take(), NONE);
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_is_an_outage() {
    let vectors = values();
    let vector = vectors
        .iter()
        .find(|vector| !vector.file.is_empty())
        .unwrap();
    let folder = Folder::new();
    let id = vector.kind().trim_start_matches("file ");
    // Where a file should be, there is none to be read.
    fs::create_dir_all(folder.0.join(format!("session_{id}"))).unwrap();
    let reader = FilesystemReader::new(&folder.0, Reader::new(vector.keys()));
    let import = Import::new(&*vector.cookie_name, reader, login);
    let site = Site::memory(import);
    let cookie = format!("{}={}", vector.cookie_name, vector.cookie_value);
    assert_eq!(site.get(&cookie, "/").status, 503);

    // Nor is there a directory for it.
    journal::open();
    let reader = FilesystemReader::new(folder.0.join("nowhere"), Reader::new(vector.keys()));
    let nowhere = Site::memory(Import::new(&*vector.cookie_name, reader, login));
    assert_eq!(nowhere.get(&cookie, "/").status, 503);
    let lines = journal::about("the directory of gorilla's sessions is not there");
    assert!(!lines.is_empty());
    assert!(
        lines.iter().all(|line| line.starts_with("ERROR ")),
        "{lines:?}"
    );
    // A cookie that names no file of theirs asks for none.
    let stranger = format!("{}=x", vector.cookie_name);
    assert_eq!(site.get(&stranger, "/").text(), "New nobody  0 new=true");
}

#[derive(SessionData)]
#[session(name = "cart")]
struct Cart {
    items: Vec<String>,
}

fn cart() -> Import<Cart> {
    Import::new("session", ann().reader(), |_| Ok(Cart { items: vec![] }))
}

fn built(options: impl FnOnce(SessionOptions) -> SessionOptions) -> Result<(), BuildError> {
    let sessions = SessionMiddleware::builder(MemoryStore::new());
    sessions.session::<Login>(options).build().map(drop)
}

#[test]
fn imports_that_cannot_work_are_refused_at_start() {
    let named = |cookie: ForeignCookie| Import::new(cookie, ann().reader(), login);
    let cookies = [
        (
            ForeignCookie::new("__Host-login"),
            BuildErrorKind::ImportOfOwnCookie,
        ),
        (
            ForeignCookie::new(""),
            BuildErrorKind::Cookie(CookieRule::NameIsNotEmpty),
        ),
        (
            ForeignCookie::new("a b"),
            BuildErrorKind::Cookie(CookieRule::NameIsToken),
        ),
        (
            ForeignCookie::new("session").path("shop"),
            BuildErrorKind::Cookie(CookieRule::PathIsAbsolute),
        ),
        (
            ForeignCookie::new("session").domain(".example.com"),
            BuildErrorKind::Cookie(CookieRule::DomainHasNoLeadingDot),
        ),
        (
            ForeignCookie::new("__Host-session").path("/shop"),
            BuildErrorKind::Cookie(CookieRule::HostPrefixNeedsRootPath),
        ),
    ];
    for (cookie, kind) in cookies {
        let refused = built(|options| options.import(named(cookie.clone())));
        assert_eq!(refused.unwrap_err().kind(), kind, "{cookie:?}");
    }
    built(|options| options.import(named(ForeignCookie::new("__Host-session")))).unwrap();
    built(|options| options.import(named(ForeignCookie::new("login")))).unwrap();
    // Without a prefix it is our own.
    let refused = built(|options| {
        options
            .insecure_http()
            .import(named(ForeignCookie::new("login")))
    });
    assert_eq!(
        refused.unwrap_err().to_string(),
        "session `login`: its `import` reads a cookie of ours, and what is ours is never read in another format; \
         give one of the two another name"
    );
    let refused = built(|options| options.import(cart()));
    assert_eq!(
        refused.unwrap_err().to_string(),
        "session `login`: its `import` makes sessions of another type; let the function that converts return this session's struct"
    );
    let refused = built(|options| options.import(import()).store_timeout(Duration::ZERO));
    assert_eq!(
        refused.unwrap_err().kind(),
        BuildErrorKind::StoreTimeoutIsZero
    );
}

#[test]
fn an_import_stands_in_the_options_of_one_session() {
    let sessions = SessionMiddleware::builder(MemoryStore::new());
    let refused = sessions.options(|all| all.import(import())).build();
    assert_eq!(
        refused.unwrap_err().to_string(),
        "options of all sessions: an `import` makes sessions of one type and name; give it in `.session::<T>(..)` or `.named::<T>(..)`"
    );
    let store = || Store::from(MemoryStore::new()).options(|all| all.import(import()));
    let refused = built(|options| options.store(store()));
    assert_eq!(refused.unwrap_err().kind(), BuildErrorKind::ImportMisplaced);
    let refused = SessionMiddleware::builder(store()).build();
    assert_eq!(refused.unwrap_err().kind(), BuildErrorKind::ImportMisplaced);

    let nested = SessionMiddleware::nested()
        .session::<Login>(|login| login.store(MemoryStore::new()).import(import()));
    nested.build().unwrap();
}

#[test]
fn no_session_takes_away_what_another_is_made_of() {
    let both = |login: Import<Login>, cart: Import<Cart>| {
        let sessions = SessionMiddleware::builder(MemoryStore::new())
            .session::<Login>(|options| options.import(login))
            .session::<Cart>(|options| options.import(cart));
        sessions.build().map(drop)
    };
    both(import(), cart()).unwrap();
    for (login, cart) in [
        (import().remove_foreign(), cart()),
        (import(), cart().remove_foreign()),
    ] {
        let refused = both(login, cart).unwrap_err();
        assert_eq!(refused.kind(), BuildErrorKind::ImportRemovedTwice);
        assert_eq!(refused.session(), Some("cart"));
    }
    // Nor does one read what is another's own.
    let own = Import::new("__Host-cart", ann().reader(), login);
    let sessions = SessionMiddleware::builder(MemoryStore::new())
        .session::<Login>(|options| options.import(own))
        .session::<Cart>(|options| options);
    let refused = sessions.build().unwrap_err();
    assert_eq!(refused.kind(), BuildErrorKind::ImportOfOwnCookie);
}
