//! What a session costs: `sessions-bench CONTENDER CASE REQUESTS`, or without arguments the allocations of every case; and what a sweep of
//! the memory store costs its neighbors: `sessions-bench sweep SESSIONS`.
//!
//! Run under `valgrind --tool=callgrind` with two numbers of requests, the difference of the instructions is what the requests cost.

mod sweep;

use std::{alloc::System, env, error::Error, io::Write as _};

use actix_session::{
    Session as PeerSession, SessionMiddleware as PeerMiddleware, config::CookieContentSecurity,
    storage::CookieSessionStore,
};
use actix_web::{
    App, HttpResponse,
    body::MessageBody,
    dev::{Service, ServiceResponse},
    http::header::{COOKIE, HeaderValue, SET_COOKIE},
    test::{TestRequest, call_service, init_service},
    web,
};
use serde::{Deserialize, Serialize};
use sessions::{CookieStore, KeyRing, MemoryStore, Session, SessionData, SessionMiddleware, Store};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// About 300 bytes of what sessions hold.
#[derive(SessionData, Serialize, Deserialize, Clone)]
#[session(name = "bench")]
struct Data {
    user: u64,
    name: String,
    email: String,
    roles: Vec<String>,
    csrf: String,
    locale: String,
    theme: String,
    cart: Vec<u32>,
    visits: u64,
    seen: u64,
}

fn data() -> Data {
    Data {
        user: 8_134_001,
        name: "Ada Lovelace".into(),
        email: "ada.lovelace@analytical.example".into(),
        roles: vec!["admin".into(), "editor".into(), "billing".into()],
        csrf: "5f0c1e6c9fd34f1a8f0f3d1c77aa99b25f0c1e6c9fd34f1a8f0f3d1c77aa99b2".into(),
        locale: "en-GB".into(),
        theme: "dark".into(),
        cart: vec![10_001, 10_002, 10_003, 70_000, 9],
        visits: 41,
        seen: 1_700_000_000,
    }
}

async fn untouched() -> HttpResponse {
    HttpResponse::Ok().body("ok")
}

async fn begin(mut session: Session<Data>) -> HttpResponse {
    *session.write() = data();
    HttpResponse::Ok().body("ok")
}

async fn read(session: Session<Data>) -> HttpResponse {
    assert_eq!(session.name().len(), 12);
    HttpResponse::Ok().body("ok")
}

async fn modify(mut session: Session<Data>) -> HttpResponse {
    let visits = session.visits() + 1;
    session.set_visits(visits);
    HttpResponse::Ok().body("ok")
}

async fn peer_begin(session: PeerSession) -> actix_web::Result<HttpResponse> {
    session.insert("data", data())?;
    Ok(HttpResponse::Ok().body("ok"))
}

async fn peer_read(session: PeerSession) -> actix_web::Result<HttpResponse> {
    let data: Data = session.get("data")?.unwrap_or_else(data);
    assert_eq!(data.name.len(), 12);
    Ok(HttpResponse::Ok().body("ok"))
}

async fn peer_modify(session: PeerSession) -> actix_web::Result<HttpResponse> {
    let mut data: Data = session.get("data")?.unwrap_or_else(data);
    data.visits += 1;
    session.insert("data", data)?;
    Ok(HttpResponse::Ok().body("ok"))
}

const CONTENDERS: [&str; 6] = [
    "bare",
    "sealed",
    "signed",
    "memory",
    "peer-private",
    "peer-signed",
];
const CASES: [&str; 3] = ["untouched", "read", "modify"];

/// Sends so many requests and gives the allocations of the last one.
async fn run<S, B>(app: &S, case: &str, requests: usize) -> Result<usize, Box<dyn Error>>
where
    S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    let first = call_service(app, TestRequest::get().uri("/begin").to_request()).await;
    let line = first
        .headers()
        .get(SET_COOKIE)
        .map_or("x=y", |line| line.to_str().unwrap_or_default());
    let pair = line.split(';').next().unwrap_or_default();
    let cookies = format!(
        "_ga=GA1.2.1234567890.1700000000; theme=dark; {pair}; consent=yes; lang=en-GB; utm=spring-campaign-2026"
    );
    // Checked once: what building a request costs is not to be measured.
    let cookies = HeaderValue::from_str(&cookies)?;
    let uri = format!("/{case}");
    let mut allocations = 0;
    for _ in 0..requests {
        let request = TestRequest::get()
            .uri(&uri)
            .insert_header((COOKIE, cookies.clone()))
            .to_request();
        let region = Region::new(ALLOCATOR);
        let response = call_service(app, request).await;
        if !response.status().is_success() {
            return Err(format!("{case}: {}", response.status()).into());
        }
        drop(response);
        allocations = region.change().allocations;
    }
    Ok(allocations)
}

async fn contend(contender: &str, case: &str, requests: usize) -> Result<usize, Box<dyn Error>> {
    let keys = KeyRing::generate()?;
    let ours = |store: Store| SessionMiddleware::builder(store).build();
    let routes = |config: &mut web::ServiceConfig| {
        config
            .route("/untouched", web::get().to(untouched))
            .route("/begin", web::get().to(begin))
            .route("/read", web::get().to(read))
            .route("/modify", web::get().to(modify));
    };
    let peer = |security| {
        PeerMiddleware::builder(
            CookieSessionStore::default(),
            actix_web::cookie::Key::generate(),
        )
        .cookie_content_security(security)
        .build()
    };
    let peer_routes = |config: &mut web::ServiceConfig| {
        config
            .route("/untouched", web::get().to(untouched))
            .route("/begin", web::get().to(peer_begin))
            .route("/read", web::get().to(peer_read))
            .route("/modify", web::get().to(peer_modify));
    };
    match contender {
        "sealed" => {
            let app = App::new()
                .wrap(ours(CookieStore::sealed(keys).into())?)
                .configure(routes);
            run(&init_service(app).await, case, requests).await
        }
        "signed" => {
            let app = App::new()
                .wrap(ours(CookieStore::signed(keys).into())?)
                .configure(routes);
            run(&init_service(app).await, case, requests).await
        }
        "memory" => {
            let app = App::new()
                .wrap(ours(MemoryStore::new().into())?)
                .configure(routes);
            run(&init_service(app).await, case, requests).await
        }
        "peer-private" => {
            let app = App::new()
                .wrap(peer(CookieContentSecurity::Private))
                .configure(peer_routes);
            run(&init_service(app).await, case, requests).await
        }
        "peer-signed" => {
            let app = App::new()
                .wrap(peer(CookieContentSecurity::Signed))
                .configure(peer_routes);
            run(&init_service(app).await, case, requests).await
        }
        _ => {
            let bare = |config: &mut web::ServiceConfig| {
                config
                    .route("/begin", web::get().to(untouched))
                    .route("/untouched", web::get().to(untouched))
                    .route("/read", web::get().to(untouched))
                    .route("/modify", web::get().to(untouched));
            };
            run(
                &init_service(App::new().configure(bare)).await,
                case,
                requests,
            )
            .await
        }
    }
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let mut out = std::io::stdout();
    match arguments.as_slice() {
        [sweep, sessions] if sweep == "sweep" => return sweep::run(sessions.parse()?, &mut out),
        [contender, case, requests] => {
            contend(contender, case, requests.parse()?).await?;
            return Ok(());
        }
        _ => {}
    }
    for case in CASES {
        for contender in CONTENDERS {
            writeln!(
                out,
                "{case:10} {contender:13} {} allocations",
                contend(contender, case, 10).await?
            )?;
        }
    }
    Ok(())
}
