//! The application before it moved, and after.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use actix_session::{
    Session as OldSession, SessionMiddleware as OldMiddleware,
    config::CookieContentSecurity,
    storage::{CookieSessionStore, SessionStore},
};
use actix_web::{
    App, cookie,
    http::header::SET_COOKIE,
    rt::System,
    test::{TestRequest, call_service, init_service},
    web,
};
use serde::{Deserialize, Serialize};
use sessions::{
    MemoryStore, Session, SessionData, SessionEventKind, SessionMiddleware,
    actix_session::{CookieReader, Key, Values},
    import::{ForeignReader, Import},
    test_util::TestClock,
};
use sessions_tests::{Reply, Server, exchange};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) sku: String,
    pub(crate) count: u8,
}

/// Secret bytes of the application that moves.
pub(crate) fn secret() -> Vec<u8> {
    (1..=64).collect()
}

pub(crate) fn cookies(security: CookieContentSecurity) -> CookieReader {
    let key = Key::new(secret()).unwrap();
    match security {
        CookieContentSecurity::Private => CookieReader::private(key),
        CookieContentSecurity::Signed => CookieReader::signed(key),
    }
}

/// Puts into the old session what the other half of these tests finds there.
async fn fill(old: OldSession) -> &'static str {
    let items = [Item {
        sku: "tea; \"green\" = 100 % ü".to_owned(),
        count: 2,
    }];
    old.insert("user_id", 77_u64).unwrap();
    old.insert("name", "ann").unwrap();
    old.insert("items", items).unwrap();
    old.insert("at", 1_700_000_000_u64).unwrap();
    "filled"
}

/// What a visitor of the old application has in the cookie, which is called `id`.
pub(crate) fn visitor(security: CookieContentSecurity) -> String {
    visitor_of(security, &secret(), async { CookieSessionStore::default() })
}

/// The same under another key, or with its sessions in another store.
pub(crate) fn visitor_of<S: SessionStore + 'static>(
    security: CookieContentSecurity,
    secret: &[u8],
    store: impl Future<Output = S>,
) -> String {
    let visit = async {
        let sessions = OldMiddleware::builder(store.await, cookie::Key::from(secret));
        let sessions = sessions.cookie_content_security(security).build();
        let app = App::new().wrap(sessions).route("/", web::to(fill));
        let app = init_service(app).await;
        let response = call_service(&app, TestRequest::get().to_request()).await;
        let line = response
            .headers()
            .get(SET_COOKIE)
            .unwrap()
            .to_str()
            .unwrap();
        let (pair, _) = line.split_once(';').unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        assert_eq!(name, "id");
        value.to_owned()
    };
    System::new().block_on(visit)
}

#[derive(SessionData)]
#[session(name = "login")]
pub(crate) struct Login {
    #[session(principal)]
    user: Option<u64>,
    name: String,
    items: Vec<Item>,
    theme: Option<String>,
}

pub(crate) fn convert(old: &Values) -> Result<Login, Box<dyn std::error::Error + Send + Sync>> {
    Ok(Login {
        user: Some(old.get("user_id")?),
        name: old.get("name")?,
        items: old.get("items")?,
        theme: old.get("theme")?,
    })
}

/// The application after it moved.
pub(crate) struct Site {
    events: Arc<Mutex<Vec<String>>>,
    server: Server,
}

pub(crate) const SHOWN: &str =
    r#"Imported Some(77) ann [Item { sku: "tea; \"green\" = 100 % ü", count: 2 }] None"#;

impl Site {
    pub(crate) fn new(reader: impl ForeignReader<Values = Values>) -> Self {
        Self::called("id", reader)
    }

    pub(crate) fn called(cookie: &str, reader: impl ForeignReader<Values = Values>) -> Self {
        let import = Import::new(cookie, reader, convert);
        let events = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&events);
        let clock = TestClock::at(now());
        let sessions = SessionMiddleware::builder(MemoryStore::new())
            .session::<Login>(|login| login.import(import))
            .clock(clock.clock())
            .on_event(move |event| {
                let told_of = match event.kind() {
                    SessionEventKind::NotImported(reason) => reason.to_string(),
                    kind => kind.as_str().to_owned(),
                };
                told.lock().unwrap().push(told_of);
            })
            .build()
            .unwrap();
        let server = Server::start(move || {
            let show = |login: Session<Login>| async move {
                let (origin, name, items) = (login.origin(), login.name(), login.items());
                format!(
                    "{origin:?} {:?} {name} {items:?} {:?}",
                    login.user(),
                    login.theme()
                )
            };
            let dates = |login: Session<Login>| async move {
                let at = login.authenticated_at();
                let at = at.map(|at| at.duration_since(UNIX_EPOCH).unwrap().as_secs());
                format!("{at:?}")
            };
            App::new()
                .wrap(sessions.clone())
                .route("/", web::to(show))
                .route("/dates", web::to(dates))
        });
        Self { events, server }
    }

    pub(crate) fn get(&self, cookies: &str, path: &str) -> Reply {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: shop.example\r\nCookie: {cookies}\r\n\r\n");
        exchange(self.server.address(), request.as_bytes())
    }

    /// What becomes of a visitor with this value in the cookie `id`, in one word of what was told.
    pub(crate) fn told_of(&self, value: &str) -> (u16, String) {
        self.events.lock().unwrap().clear();
        let reply = self.get(&format!("id={value}"), "/");
        (reply.status, self.events.lock().unwrap().join(", "))
    }
}

/// Some hours after the date that is in the old sessions.
pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000 + 10_000)
}
