//! What most tests begin with: a small shop whose carts stay on the server, at a clock that stands still, and everything that is told of it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, UNIX_EPOCH},
};

use actix_web::{
    App, HttpResponse,
    web::{self, ServiceConfig},
};
use sessions::{
    Session, SessionData, SessionError, SessionEvent, SessionEventKind, SessionMiddleware,
    SessionMiddlewareBuilder, SessionOptions, Timestamp,
    store::{Record, SessionStore as _, StoreKey},
    test_util::{TestClock, Verb},
};
use sessions_tests::{Browser, Reply, Server, exchange};

use crate::engine::{Engine, wait, wait_for};

/// What a visitor has in the cart: the session of tests that need any.
#[derive(SessionData)]
pub(crate) struct Cart {
    pub(crate) items: Vec<String>,
    pub(crate) count: u32,
}

pub(crate) const MINUTE: Duration = Duration::from_mins(1);
pub(crate) const HOUR: Duration = Duration::from_hours(1);
pub(crate) const DAY: Duration = Duration::from_hours(24);

/// An application over one store.
pub(crate) struct Site {
    pub(crate) engine: Engine,
    pub(crate) clock: TestClock,
    pub(crate) events: Events,
    pub(crate) sessions: SessionMiddleware,
    server: Server,
}

impl Site {
    /// A shop with every option at its default, but a store that is waited for however slow the machine is.
    pub(crate) fn shop(engine: Engine) -> Self {
        Self::open(engine, |all| all, shop)
    }

    pub(crate) fn open(
        engine: Engine,
        options: impl FnOnce(SessionOptions) -> SessionOptions,
        routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    ) -> Self {
        let store = engine.store();
        let sessions = SessionMiddleware::builder(store);
        Self::with(
            engine,
            sessions.options(|all| options(all.store_timeout(MINUTE))),
            routes,
        )
    }

    /// With sessions of the test's own, to which clock and events are added.
    pub(crate) fn with(
        engine: Engine,
        sessions: SessionMiddlewareBuilder,
        routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    ) -> Self {
        let (clock, events) = (still(), Events::default());
        let sessions = sessions.clock(clock.clock()).on_event(events.hook());
        let sessions = sessions.build().unwrap();
        let wrapped = sessions.clone();
        let server = Server::start_with_workers(2, move || {
            App::new().wrap(wrapped.clone()).configure(&routes)
        });
        Self {
            engine,
            clock,
            events,
            sessions,
            server,
        }
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&self.server)
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from(self.clock.now())
    }

    /// The records that live in the store.
    pub(crate) fn live(&self) -> Vec<(StoreKey, Record)> {
        wait(self.engine.ledger.live(self.now()))
    }

    /// The only record that lives.
    #[track_caller]
    pub(crate) fn only(&self) -> (StoreKey, Record) {
        let mut live = self.live();
        assert_eq!(live.len(), 1, "{live:?}");
        live.remove(0)
    }

    /// Deletes everything, as an administrator may.
    pub(crate) fn clear(&self) {
        for (key, _) in self.live() {
            wait(self.engine.ledger.delete(&key)).unwrap();
        }
        self.engine.ledger.forget();
    }

    pub(crate) fn spoil(&self, key: &StoreKey, spoil: impl FnOnce(&mut Record)) {
        wait(self.engine.ledger.spoil(key, self.now(), spoil));
    }

    /// What `/show` says to whoever has this cookie.
    pub(crate) fn shown_to(&self, cookie: &str) -> String {
        self.get_with(cookie, "/show").text().to_owned()
    }

    /// Gets a page with one cookie, past every browser.
    pub(crate) fn get_with(&self, cookie: &str, path: &str) -> Reply {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: shop.example\r\nCookie: {cookie}\r\n\r\n");
        exchange(self.server.address(), request.as_bytes())
    }

    /// Lets a request come as far as its next call of `verb`, does something else, and lets it go on.
    #[track_caller]
    pub(crate) fn overtake<T>(
        &self,
        browser: &Browser,
        path: &str,
        verb: Verb,
        meanwhile: impl FnOnce() -> T,
    ) -> (Reply, T) {
        let gate = self.engine.hold_next(verb);
        let mut browser = browser.clone();
        thread::scope(|scope| {
            let late = scope.spawn(move || browser.get(path));
            wait_for(&gate, 1);
            let done = meanwhile();
            gate.open();
            (late.join().unwrap(), done)
        })
    }

    /// The same where the store has done it, and the request does not know yet.
    #[track_caller]
    pub(crate) fn overtake_answer<T>(
        &self,
        browser: &Browser,
        path: &str,
        verb: Verb,
        meanwhile: impl FnOnce() -> T,
    ) -> (Reply, T) {
        let gate = self.engine.gates.hold_answer(verb);
        let mut browser = browser.clone();
        thread::scope(|scope| {
            let late = scope.spawn(move || browser.get(path));
            wait_for(&gate, 1);
            // Whoever comes now is not held.
            self.engine.gates.hold_answer(verb).open();
            let done = meanwhile();
            gate.open();
            (late.join().unwrap(), done)
        })
    }
}

/// Everything that was told since the last look: `created cart`, `rejected cart: malformed`.
#[derive(Clone, Default)]
pub(crate) struct Events(Arc<Mutex<Vec<String>>>);

impl Events {
    pub(crate) fn hook(&self) -> impl Fn(&SessionEvent<'_>) + Send + Sync + use<> {
        let events = self.clone();
        move |event| {
            let (kind, session) = (event.kind(), event.session());
            let told = match kind {
                SessionEventKind::Rejected(reason) => format!("rejected {session}: {reason}"),
                _ => format!("{} {session}", kind.as_str()),
            };
            // A handle is told of whatever can be named, and nothing else is.
            let is_named = !matches!(kind, SessionEventKind::Rejected(_));
            assert_eq!(event.handle().is_some(), is_named, "{told}");
            events.lock().push(told);
        }
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clock that stands still until it is turned.
pub(crate) fn still() -> TestClock {
    TestClock::at(UNIX_EPOCH + Duration::from_secs(1_700_000_000))
}

/// `/show` reads, `/items/tea` writes, and one route for everything else that can be done to a cart.
pub(crate) fn shop(app: &mut ServiceConfig) {
    app.route("/plain", web::to(|| async { "plain" }))
        .route("/show", web::to(show))
        .route("/items/{item}", web::to(add))
        .route("/save/{item}", web::to(save))
        .route("/{deed}", web::to(act))
        .route("/{deed}/{item}", web::to(act_and_add));
}

/// Where the cart came from, and what is in it.
pub(crate) async fn show(cart: Session<Cart>) -> String {
    format!("{:?} {}", cart.origin(), cart.items().join(","))
}

pub(crate) async fn add(mut cart: Session<Cart>, item: web::Path<String>) -> String {
    cart.items_mut().push(item.into_inner());
    cart.items().join(",")
}

/// Saves in the handler, and says what came of it.
async fn save(mut cart: Session<Cart>, item: web::Path<String>) -> String {
    cart.items_mut().push(item.into_inner());
    told(cart.save().await)
}

pub(crate) fn told(saved: Result<(), SessionError>) -> String {
    match saved {
        Ok(()) => "saved".to_owned(),
        Err(error) => format!("{:?}", error.kind()),
    }
}

async fn act(mut cart: Session<Cart>, deed: web::Path<String>) -> HttpResponse {
    perform(&mut cart, &deed);
    HttpResponse::Ok().body("done")
}

async fn act_and_add(mut cart: Session<Cart>, path: web::Path<(String, String)>) -> HttpResponse {
    let (deed, item) = path.into_inner();
    perform(&mut cart, &deed);
    cart.items_mut().push(item);
    HttpResponse::Ok().body("done")
}

fn perform(cart: &mut Session<Cart>, deed: &str) {
    match deed {
        "idle" => drop(cart.items_mut()),
        "renew" => cart.renew(),
        "destroy" => cart.destroy(),
        "clear" => cart.clear(),
        "remember" => cart.remember(90 * DAY),
        "forget" => cart.forget_on_close(),
        other => panic!("no such deed: {other}"),
    }
}

/// A visitor with tea in the cart.
#[track_caller]
pub(crate) fn with_tea(site: &Site) -> Browser {
    let mut browser = site.browser();
    assert_eq!(browser.get("/items/tea").status, 200);
    site.events.take();
    site.engine.tally();
    browser
}

/// The cookie a browser sends back for the cart.
pub(crate) fn cookie(browser: &Browser) -> String {
    browser.jar.header("shop.example", "/").unwrap_or_default()
}

/// The cookie that a response sets, as a browser would send it back.
#[track_caller]
pub(crate) fn cookie_of(reply: &Reply) -> String {
    let [line] = reply.set_cookies()[..] else {
        panic!("one cookie, not {:?}", reply.set_cookies());
    };
    line.split(';').next().unwrap_or_default().to_owned()
}

/// The `Set-Cookie` lines, with `TOKEN` in place of every value that has the form of one.
pub(crate) fn lines(reply: &Reply) -> Vec<String> {
    let masked = reply.set_cookies().into_iter().map(|line| {
        let (name, rest) = line.split_once('=').unwrap();
        let (value, attributes) = rest.split_once(';').unwrap();
        let is_token = value.len() == 43
            && value
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        let value = if is_token { "TOKEN" } else { value };
        format!("{name}={value};{attributes}")
    });
    masked.collect()
}

/// The line that leads to a session, with every option at its default.
pub(crate) fn line(session: &str) -> String {
    line_for(session, 30 * DAY)
}

/// The same for so long.
pub(crate) fn line_for(session: &str, age: Duration) -> String {
    let seconds = age.as_secs();
    format!("__Host-{session}=TOKEN; Max-Age={seconds}; HttpOnly; SameSite=Lax; Secure; Path=/")
}

/// The line that removes it.
pub(crate) fn removal(session: &str) -> String {
    format!(
        "__Host-{session}=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    )
}

/// No line, or no event, at all.
pub(crate) const NONE: [&str; 0] = [];
