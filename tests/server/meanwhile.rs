//! What happens while a store is asked or a handler works: time passes, others write, visitors hang up.

use std::{
    cell::RefCell,
    future::pending,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use actix_web::{App, FromRequest, Handler, HttpResponse, Responder, dev::Service, test, web};
use futures_util::FutureExt as _;
use sessions::{
    MemoryStore, Session, SessionData, SessionMiddleware, Store, merge,
    test_util::{GatedStore, TestClock, Verb, Visitor},
};

use crate::journal;

#[derive(SessionData)]
#[session(name = "meanwhile-tally")]
struct Tally {
    #[session(merge = merge::sum)]
    count: u64,
    #[session(principal)]
    user: Option<String>,
}

/// A store with gates, a clock, and a visitor who has counted to one.
struct Stage {
    store: Arc<GatedStore<MemoryStore>>,
    clock: TestClock,
    sessions: SessionMiddleware,
    visitor: Visitor,
}

impl Stage {
    async fn new() -> Self {
        let clock = TestClock::at(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        let store = Arc::new(GatedStore::new(MemoryStore::new()));
        let sessions = SessionMiddleware::builder(Store::from(Arc::clone(&store)))
            .clock(clock.clock())
            .build()
            .unwrap();
        let mut visitor = Visitor::new(&sessions);
        let login = visitor.seed::<Tally>(|tally| {
            tally.set_user("ada");
            tally.set_count(1);
        });
        login.await.unwrap();
        Self {
            store,
            clock,
            sessions,
            visitor,
        }
    }

    /// The visitor's request to a handler, as it stands when it has to wait.
    async fn begin<F, Args>(&self, handler: F) -> impl Future<Output = String> + use<F, Args>
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let app = App::new()
            .wrap(self.sessions.clone())
            .route("/", web::get().to(handler));
        let app = test::init_service(app).await;
        let request = self.visitor.bring(test::TestRequest::get()).to_request();
        let mut call = Box::pin(async move {
            let body = test::read_body(app.call(request).await.unwrap()).await;
            String::from_utf8(body.to_vec()).unwrap()
        });
        assert_eq!((&mut call).now_or_never(), None);
        call
    }
}

async fn show(tally: Session<Tally>) -> String {
    format!("{} {}", tally.count(), tally.is_new())
}

async fn count(mut tally: Session<Tally>) -> HttpResponse {
    let count = tally.count() + 1;
    tally.set_count(count);
    HttpResponse::Ok().finish()
}

#[actix_web::test]
async fn what_died_while_it_was_asked_for_is_dead() {
    let stage = Stage::new().await;
    let answer = stage.store.hold_answer(Verb::Load);
    let request = stage.begin(show).await;
    stage.clock.advance(Duration::from_secs(400 * 24 * 60 * 60));
    answer.open();
    assert_eq!(request.await, "0 true");
}

#[actix_web::test]
async fn a_write_that_is_joined_leaves_the_later_of_two_times_its_visitor_was_seen() {
    let stage = Stage::new().await;
    let seen = || async {
        let sessions = stage.sessions.principal_sessions::<Tally>("ada").unwrap();
        let [session] = &*sessions.list().await.unwrap() else {
            panic!("Ada has one session");
        };
        session.last_seen()
    };
    let first = stage.store.hold(Verb::Update);
    let request = stage.begin(count).await;
    stage.clock.advance(Duration::from_secs(4));

    let mut other = stage.visitor.clone();
    stage.store.hold(Verb::Update).open();
    other
        .seed::<Tally>(|tally| {
            let count = tally.count() + 1;
            tally.set_count(count);
        })
        .await
        .unwrap();
    let by_other = seen().await;

    first.open();
    request.await;
    let tally = stage.visitor.session::<Tally>().await.unwrap();
    assert_eq!(tally.count(), 3);
    assert!(seen().await >= by_other);
}

#[actix_web::test]
async fn who_hangs_up_while_a_handler_works_is_no_error() {
    journal::open();
    let stage = Stage::new().await;
    let request = stage.begin(async |mut tally: Session<Tally>| {
        tally.set_count(7);
        pending::<HttpResponse>().await
    });
    drop(request.await);
    let told = journal::about("meanwhile-tally");
    assert!(
        !told.iter().any(|line| line.starts_with("ERROR")),
        "{told:?}"
    );
}

#[actix_web::test]
async fn a_session_that_outlives_a_request_given_up_is_saved() {
    thread_local!(static KEPT: RefCell<Option<Session<Tally>>> = const { RefCell::new(None) });
    let stage = Stage::new().await;
    let request = stage.begin(async |mut tally: Session<Tally>| {
        tally.set_count(9);
        tally.renew();
        KEPT.set(Some(tally));
        pending::<HttpResponse>().await
    });
    drop(request.await);
    let mut tally = KEPT.take().unwrap();
    tally.save().await.unwrap();
}
