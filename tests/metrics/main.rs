//! What is counted and timed with the feature `metrics`, as the recorder of an application hears it.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::{env, fs, process};

use actix_web::{
    App,
    http::header::{COOKIE, SET_COOKIE},
    rt::System,
    test::{TestRequest, call_service, init_service},
    web,
};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use sessions::{
    FilesystemStore, MemoryStore, Session, SessionData, SessionMiddleware, Store, Timestamp,
    import::{Foreign, ForeignReader, Import, ImportRefusal, Refusal},
    store::Answer,
};

#[derive(SessionData)]
struct Cart {
    items: Vec<String>,
}

async fn add(mut cart: Session<Cart>) -> &'static str {
    cart.items_mut().push("tea".to_owned());
    "done"
}

async fn renew(mut cart: Session<Cart>) -> &'static str {
    cart.renew();
    "done"
}

async fn end(mut cart: Session<Cart>) -> &'static str {
    cart.destroy();
    "done"
}

/// Begins, changes, renews and ends a session; then somebody comes with a token that was never issued.
async fn visit(store: Store) {
    let sessions = SessionMiddleware::builder(store.without_sweeper())
        .build()
        .unwrap();
    let app = App::new()
        .wrap(sessions)
        .route("/add", web::get().to(add))
        .route("/renew", web::get().to(renew))
        .route("/end", web::get().to(end));
    let app = init_service(app).await;
    let stranger = format!("__Host-cart={}", "A".repeat(43));
    let mut cookie = String::new();
    for path in ["/add", "/add", "/renew", "/end"] {
        let request = TestRequest::get()
            .uri(path)
            .insert_header((COOKIE, cookie.as_str()));
        let response = call_service(&app, request.to_request()).await;
        assert_eq!(response.status(), 200);
        if let Some(line) = response.headers().get(SET_COOKIE) {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            cookie = pair.to_owned();
        }
    }
    let request = TestRequest::get().uri("/end");
    call_service(&app, request.insert_header((COOKIE, stranger)).to_request()).await;
}

/// Everything recorded: name, labels, and the count or how many were timed.
fn recorded(snapshotter: &Snapshotter) -> Vec<String> {
    let snapshot = snapshotter.snapshot().into_vec();
    let mut recorded: Vec<String> = snapshot
        .into_iter()
        .map(|(key, _, _, value)| {
            let (_, key) = key.into_parts();
            let labels: Vec<String> = key
                .labels()
                .map(|label| format!("{}={}", label.key(), label.value()))
                .collect();
            let value = match value {
                DebugValue::Counter(count) => count.to_string(),
                DebugValue::Histogram(times) => {
                    assert!(times.iter().all(|seconds| (0.0..60.0).contains(&seconds.0)));
                    format!("{} times", times.len())
                }
                DebugValue::Gauge(_) => "a gauge".to_owned(),
            };
            format!("{} {} {value}", key.name(), labels.join(" "))
        })
        .collect();
    recorded.sort();
    recorded
}

const EVENTS: [&str; 4] = [
    "sessions_events_total session=cart event=created reason= 1",
    "sessions_events_total session=cart event=destroyed reason= 1",
    "sessions_events_total session=cart event=rejected reason=not in the store 1",
    "sessions_events_total session=cart event=renewed reason= 1",
];

#[test]
fn what_happens_to_sessions_is_counted() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        System::new().block_on(visit(MemoryStore::new().into()));
    });
    // Whoever answers at once is not timed: to ask the clock would take as long.
    assert_eq!(recorded(&snapshotter), EVENTS);
}

#[test]
fn a_store_that_has_to_be_waited_for_is_timed_verb_by_verb() {
    let directory = env::temp_dir().join(format!("sessions-metrics-{}", process::id()));
    let store = FilesystemStore::new(&directory).unwrap();
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        System::new().block_on(visit(store.into()));
    });
    // Files are read at once, by whoever asks.
    let timed = [
        "sessions_store_seconds verb=create 2 times",
        "sessions_store_seconds verb=delete 2 times",
        "sessions_store_seconds verb=rename 1 times",
        "sessions_store_seconds verb=update 1 times",
    ];
    assert_eq!(recorded(&snapshotter), [&EVENTS[..], &timed].concat());
    fs::remove_dir_all(directory).unwrap();
}

/// An application that had given its visitors the cookie `old=tea`.
struct Tea;

impl ForeignReader for Tea {
    type Values = ();

    fn read<'a>(
        &'a self,
        _: &'a str,
        value: &'a [u8],
        _: Timestamp,
    ) -> Answer<'a, Result<Foreign<()>, Refusal>> {
        Answer::ready(Ok(match value {
            b"tea" => Ok(Foreign::new((), None)),
            _ => Err(ImportRefusal::Unauthentic.into()),
        }))
    }
}

/// As long as the first line counts on, somebody still comes from the other application.
#[test]
fn what_is_imported_and_what_is_not_is_counted() {
    let import = Import::new("old", Tea, |()| {
        let items = vec!["tea".to_owned()];
        Ok(Cart { items })
    });
    let visits = async {
        let sessions =
            SessionMiddleware::builder(Store::from(MemoryStore::new()).without_sweeper())
                .session::<Cart>(|cart| cart.import(import));
        let app = App::new()
            .wrap(sessions.build().unwrap())
            .route("/add", web::get().to(add));
        let app = init_service(app).await;
        for cookie in ["old=tea", "old=coffee", "old=tea", ""] {
            let request = TestRequest::get().uri("/add");
            call_service(&app, request.insert_header((COOKIE, cookie)).to_request()).await;
        }
    };
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || System::new().block_on(visits));
    assert_eq!(
        recorded(&snapshotter),
        [
            "sessions_events_total session=cart event=created reason= 4",
            "sessions_events_total session=cart event=imported reason= 2",
            "sessions_events_total session=cart event=not_imported reason=not authentic 1",
        ]
    );
}
