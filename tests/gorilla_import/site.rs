//! A site that moved here from Go: visitors come with the cookie that gorilla/sessions gave them.

use std::{
    env, fs,
    path::PathBuf,
    process,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use actix_web::{
    App, HttpResponse,
    web::{self, ServiceConfig},
};
use sessions::{
    CookieStore, FilesystemStore, KeyRing, MemoryStore, Session, SessionData, SessionError,
    SessionEvent, SessionEventKind, SessionMiddleware, SessionMiddlewareBuilder, SessionOptions,
    Store, Timestamp,
    gorilla::{self, Values},
    import::{Foreign, ForeignReader, Import, Refusal},
    store::Answer,
    test_util::TestClock,
};
use sessions_tests::{Browser, Reply, Server, exchange};

use crate::vectors::{Vector, values};

/// Who is logged in.
#[derive(SessionData)]
#[session(name = "login")]
pub(crate) struct Login {
    #[session(principal)]
    pub(crate) user: Option<u64>,
    pub(crate) name: String,
    pub(crate) visits: u32,
}

/// What a user of the library writes.
pub(crate) fn login(old: &Values) -> Result<Login, Box<dyn std::error::Error + Send + Sync>> {
    Ok(Login {
        user: Some(old.get("user_id")?),
        name: old.get("name")?,
        visits: 0,
    })
}

/// Ann's cookie.
pub(crate) fn ann() -> Vector {
    let mut vectors = values().into_iter();
    vectors.find(|vector| vector.case == "small/hmac").unwrap()
}

/// The pair that her browser sends.
pub(crate) fn ann_s() -> String {
    format!("session={}", ann().cookie_value)
}

pub(crate) fn import() -> Import<Login> {
    Import::new("session", ann().reader(), login)
}

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A minute after Ann's cookie was written.
pub(crate) fn still() -> TestClock {
    TestClock::at(written() + MINUTE)
}

pub(crate) fn written() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(ann().timestamp)
}

/// A store of each kind, and where the files are.
pub(crate) fn stores() -> [(Store, Folder); 3] {
    let folder = || Folder::new();
    let files = folder();
    let store = FilesystemStore::new(&files.0).unwrap();
    [
        (
            CookieStore::sealed(KeyRing::generate().unwrap()).into(),
            folder(),
        ),
        (Store::from(MemoryStore::new()).without_sweeper(), folder()),
        (Store::from(store).without_sweeper(), files),
    ]
}

/// A directory of a test's own, removed when it ends.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self(env::temp_dir().join(format!("gorilla-door-{}-{number}", process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) struct Site {
    pub(crate) clock: TestClock,
    pub(crate) events: Events,
    pub(crate) sessions: SessionMiddleware,
    server: Server,
}

impl Site {
    /// Sessions in memory, with Ann's kind of cookie imported.
    pub(crate) fn memory(import: Import<Login>) -> Self {
        Self::new(MemoryStore::new(), |login| login.import(import))
    }

    pub(crate) fn new(
        store: impl Into<Store>,
        options: impl FnOnce(SessionOptions) -> SessionOptions,
    ) -> Self {
        let sessions = SessionMiddleware::builder(store).session::<Login>(options);
        Self::with(sessions, routes)
    }

    pub(crate) fn with(
        sessions: SessionMiddlewareBuilder,
        routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    ) -> Self {
        let (clock, events) = (still(), Events::default());
        let sessions = sessions.clock(clock.clock()).on_event(events.hook());
        let sessions = sessions.build().unwrap();
        let wrapped = sessions.clone();
        let server = Server::start(move || App::new().wrap(wrapped.clone()).configure(&routes));
        Self {
            clock,
            events,
            sessions,
            server,
        }
    }

    /// A browser that the Go application has given a cookie.
    pub(crate) fn browser(&self) -> Browser {
        self.browser_with(&format!("{}; Path=/; Max-Age=2592000", ann_s()))
    }

    pub(crate) fn browser_with(&self, line: &str) -> Browser {
        let mut browser = Browser::new(&self.server);
        assert!(browser.jar.store(line, "shop.example"));
        browser
    }

    /// Gets a page with these cookies, past every browser.
    pub(crate) fn get(&self, cookies: &str, path: &str) -> Reply {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: shop.example\r\nCookie: {cookies}\r\n\r\n");
        exchange(self.server.address(), request.as_bytes())
    }
}

fn routes(app: &mut ServiceConfig) {
    app.route("/plain", web::to(|| async { "plain" }))
        .route("/", web::to(show))
        .route("/twice", web::to(twice))
        .route("/dates", web::to(dates))
        .route("/{deed}", web::to(act));
}

pub(crate) async fn show(login: Session<Login>) -> String {
    let user = login
        .user()
        .map_or("nobody".to_owned(), |user| user.to_string());
    let (origin, name) = (login.origin(), login.name());
    format!(
        "{origin:?} {user} {name} {} new={}",
        login.visits(),
        login.is_new()
    )
}

/// Two handles to one session, asked for at once.
async fn twice((login, mut again): (Session<Login>, Session<Login>)) -> String {
    again.set_visits(7);
    format!("{} {}", login.handle() == again.handle(), login.visits())
}

/// Seconds since Ann's cookie was written.
async fn dates(login: Session<Login>) -> String {
    let since = |time: SystemTime| match time.duration_since(written()) {
        Ok(since) => format!("+{}", since.as_secs()),
        Err(before) => format!("-{}", before.duration().as_secs()),
    };
    let authenticated = login.authenticated_at().map_or("never".to_owned(), since);
    format!(
        "created {}, authenticated {authenticated}",
        since(login.created_at())
    )
}

async fn act(
    mut login: Session<Login>,
    deed: web::Path<String>,
) -> Result<HttpResponse, SessionError> {
    match deed.as_str() {
        "write" => {
            let visits = login.visits() + 1;
            login.set_visits(visits);
        }
        "save" => login.save().await?,
        "save-and-write" => {
            login.save().await?;
            login.set_visits(1);
        }
        "fail" => return Ok(HttpResponse::InternalServerError().finish()),
        "renew" => login.renew(),
        "log-in" => login.set_user(78),
        "log-in-again" => login.set_user(77),
        "log-out" => login.destroy(),
        "log-out-at-once" => {
            login.destroy();
            login.save().await?;
        }
        "log-out-and-fail" => {
            login.destroy();
            return Ok(HttpResponse::InternalServerError().finish());
        }
        "begin-anew" => {
            login.destroy();
            login.set_visits(1);
        }
        other => panic!("no such deed: {other}"),
    }
    Ok(HttpResponse::Ok().body("done"))
}

/// Everything that was told since the last look: `created login`, `not_imported login: expired`.
#[derive(Clone, Default)]
pub(crate) struct Events(Arc<Mutex<Vec<String>>>);

impl Events {
    fn hook(&self) -> impl Fn(&SessionEvent<'_>) + Send + Sync + use<> {
        let events = self.clone();
        move |event| {
            let (kind, session) = (event.kind(), event.session());
            let told = match kind {
                SessionEventKind::Rejected(reason) => format!("rejected {session}: {reason}"),
                SessionEventKind::NotImported(reason) => {
                    format!("not_imported {session}: {reason}")
                }
                _ => format!("{} {session}", kind.as_str()),
            };
            let is_named = !told.contains(": ");
            assert_eq!(event.handle().is_some(), is_named, "{told}");
            events.0.lock().unwrap().push(told);
        }
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// The `Set-Cookie` lines, with `*` in place of every value.
pub(crate) fn lines(reply: &Reply) -> Vec<String> {
    let masked = reply.set_cookies().into_iter().map(|line| {
        let (name, rest) = line.split_once('=').unwrap();
        let (value, attributes) = rest.split_once(';').unwrap();
        let value = if value.is_empty() { "" } else { "*" };
        format!("{name}={value};{attributes}")
    });
    masked.collect()
}

/// The line of our cookie, for a session that may live as long as the Go cookie would have, a minute less than a month.
pub(crate) fn ours() -> String {
    ours_for(30 * DAY - MINUTE)
}

pub(crate) fn ours_for(age: Duration) -> String {
    let seconds = age.as_secs();
    format!("__Host-login=*; Max-Age={seconds}; HttpOnly; SameSite=Lax; Secure; Path=/")
}

/// The line that removes a cookie of this name.
pub(crate) fn removal(name: &str) -> String {
    format!(
        "{name}=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    )
}

/// No line, no event.
pub(crate) const NONE: [&str; 0] = [];

/// A reader that counts how often it is asked, and may have to be waited for.
pub(crate) struct Counted {
    reader: gorilla::Reader,
    waits: Option<Duration>,
    asked: Arc<AtomicUsize>,
}

impl Counted {
    pub(crate) fn new(waits: Option<Duration>) -> (Self, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let reader = Self {
            reader: ann().reader(),
            waits,
            asked: Arc::clone(&asked),
        };
        (reader, asked)
    }
}

impl ForeignReader for Counted {
    type Values = Values;

    fn read<'a>(
        &'a self,
        name: &'a str,
        value: &'a [u8],
        now: Timestamp,
    ) -> Answer<'a, Result<Foreign<Values>, Refusal>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let Some(wait) = self.waits else {
            return self.reader.read(name, value, now);
        };
        Answer::pending(async move {
            actix_web::rt::time::sleep(wait).await;
            self.reader.read(name, value, now).await
        })
    }
}
