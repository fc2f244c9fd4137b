//! A lifetime chosen while the program runs: remembered, forgotten, begun anew by a login.

use std::time::Duration;

use actix_web::web::{self, ServiceConfig};
use sessions::{KeyRing, MaxAge, Session, SessionData, SessionOptions, test_util::TestClock};
use sessions_tests::Browser;

use crate::site::{NONE, line, line_for, lines, sealed_under, serve, still};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

#[derive(SessionData)]
struct Login {
    #[session(principal)]
    user: Option<String>,
    visits: u32,
}

async fn log_in(mut login: Session<Login>, how: web::Path<String>) -> &'static str {
    match how.as_str() {
        "remember" => login.remember(365 * DAY),
        "forget" => login.forget_on_close(),
        _ => {}
    }
    login.set_user("ada");
    "welcome"
}

fn routes(app: &mut ServiceConfig) {
    app.route("/login/{how}", web::get().to(log_in))
        .route(
            "/user",
            web::get().to(|login: Session<Login>| async move {
                login.user().clone().unwrap_or_default()
            }),
        )
        .route(
            "/visit",
            web::get().to(|mut login: Session<Login>| async move {
                let visits = login.visits() + 1;
                login.set_visits(visits);
                visits.to_string()
            }),
        )
        .route(
            "/remember/{seconds}",
            web::get().to(
                |mut login: Session<Login>, seconds: web::Path<u64>| async move {
                    login.remember(Duration::from_secs(*seconds));
                    "remembered"
                },
            ),
        )
        .route(
            "/forget",
            web::get().to(|mut login: Session<Login>| async move {
                login.forget_on_close();
                "forgotten"
            }),
        );
}

fn begin(
    options: impl FnOnce(SessionOptions) -> SessionOptions,
) -> (TestClock, sessions_tests::Server) {
    let clock = still();
    let sessions = sealed_under(&KeyRing::generate().unwrap()).clock(clock.clock());
    let server = serve(sessions.options(options), routes);
    (clock, server)
}

const FORGETTABLE: &str = "__Host-login=*; HttpOnly; SameSite=Lax; Secure; Path=/";

#[test]
fn a_remembered_visitor_may_stay_away_and_close_the_browser() {
    let (clock, server) = begin(|all| all);
    let mut browser = Browser::new(&server);
    let reply = browser.get("/login/remember");
    assert_eq!(lines(&reply), [line_for("login", 365 * 24 * 60 * 60)]);
    browser.jar.restart();
    browser.advance(200 * DAY);
    clock.advance(200 * DAY);
    // Nothing is to be moved: idleness does not end it.
    let reply = browser.get("/user");
    assert_eq!((reply.text(), reply.set_cookies()), ("ada", vec![]));
    // A write does not undo it.
    assert_eq!(
        lines(&browser.get("/visit")),
        [line_for("login", 165 * 24 * 60 * 60)]
    );
    browser.advance(165 * DAY - Duration::from_secs(1));
    clock.advance(165 * DAY - Duration::from_secs(1));
    assert_eq!(browser.get("/user").text(), "ada");
    clock.advance(Duration::from_secs(1));
    assert_eq!(browser.get("/user").text(), "");
}

#[test]
fn a_session_is_remembered_from_when_it_is_asked_for() {
    let (clock, server) = begin(|all| all.max_age(MaxAge::BrowserSession));
    let mut browser = Browser::new(&server);
    assert_eq!(lines(&browser.get("/login/plainly")), [FORGETTABLE]);
    clock.advance(DAY);
    let reply = browser.get("/remember/1000000");
    assert_eq!(lines(&reply), [line_for("login", 1_000_000)]);
    // Shorter than configured is kept as well.
    assert_eq!(lines(&browser.get("/remember/60")), [line_for("login", 60)]);
    // No time at all is a second: a cookie of age zero would be removed.
    assert_eq!(lines(&browser.get("/remember/0")), [line_for("login", 1)]);
    assert_eq!(browser.get("/user").text(), "ada");
    clock.advance(Duration::from_secs(1));
    assert_eq!(browser.get("/user").text(), "");
}

#[test]
fn an_age_beyond_what_browsers_keep_is_cut_off_there_and_kept_by_the_server() {
    let (clock, server) = begin(|all| all);
    let mut browser = Browser::new(&server);
    browser.get("/login/plainly");
    let seconds = 1_000 * 24 * 60 * 60;
    let reply = browser.get(&format!("/remember/{seconds}"));
    assert_eq!(lines(&reply), [line_for("login", 400 * 24 * 60 * 60)]);
    clock.advance(999 * DAY);
    assert_eq!(browser.get("/user").text(), "ada");
    let reply = browser.get(&format!("/remember/{}", u64::MAX));
    assert_eq!(lines(&reply), [line_for("login", 400 * 24 * 60 * 60)]);
    assert_eq!(browser.get("/user").text(), "ada");
}

#[test]
fn a_forgotten_cookie_has_no_age_and_keeps_its_deadlines() {
    let (clock, server) = begin(|all| all);
    let mut browser = Browser::new(&server);
    assert_eq!(lines(&browser.get("/login/forget")), [FORGETTABLE]);
    // Neither a touch nor a write undoes it.
    clock.advance(HOUR);
    assert_eq!(lines(&browser.get("/user")), [FORGETTABLE]);
    assert_eq!(lines(&browser.get("/visit")), [FORGETTABLE]);
    let mut closed = browser.clone();
    closed.jar.restart();
    assert_eq!(closed.get("/user").text(), "");
    for _ in 0..4 {
        clock.advance(6 * DAY);
        assert_eq!(browser.get("/user").text(), "ada");
    }
    clock.advance(6 * DAY);
    assert_eq!(browser.get("/user").text(), "");

    let mut idle = Browser::new(&server);
    idle.get("/login/forget");
    clock.advance(7 * DAY);
    assert_eq!(idle.get("/user").text(), "");
}

#[test]
fn forgetting_takes_back_remembering_and_the_other_way_round() {
    let (clock, server) = begin(|all| all);
    let mut browser = Browser::new(&server);
    browser.get("/login/remember");
    assert_eq!(lines(&browser.get("/forget")), [FORGETTABLE]);
    assert_eq!(
        lines(&browser.get("/remember/3600")),
        [line_for("login", 3_600)]
    );
    assert_eq!(lines(&browser.get("/forget")), [FORGETTABLE]);
    clock.advance(HOUR);
    assert_eq!(browser.get("/user").text(), "");
}

#[test]
fn a_login_begins_a_fresh_absolute_deadline() {
    let (clock, server) = begin(|all| all);
    let mut browser = Browser::new(&server);
    assert_eq!(lines(&browser.get("/visit")), [line("login")]);
    clock.advance(5 * DAY);
    assert_eq!(
        lines(&browser.get("/visit")),
        [line_for("login", 25 * 24 * 60 * 60)]
    );
    assert_eq!(lines(&browser.get("/login/plainly")), [line("login")]);
    assert_eq!(browser.get("/visit").text(), "3");
    for _ in 0..4 {
        clock.advance(6 * DAY);
        assert_eq!(browser.get("/user").text(), "ada");
    }
    // The same person again.
    assert_eq!(lines(&browser.get("/login/plainly")), [line("login")]);
}

#[test]
fn the_next_login_undoes_what_an_earlier_one_chose() {
    let (_, server) = begin(|all| all);
    let mut browser = Browser::new(&server);
    browser.get("/login/remember");
    assert_eq!(lines(&browser.get("/login/plainly")), [line("login")]);
    browser.get("/login/forget");
    assert_eq!(lines(&browser.get("/login/plainly")), [line("login")]);
}

#[test]
fn a_lifetime_alone_does_not_make_a_session() {
    let (_, server) = begin(|all| all);
    let mut browser = Browser::new(&server);
    assert_eq!(browser.get("/remember/60").set_cookies(), NONE);
    assert_eq!(browser.get("/forget").set_cookies(), NONE);
}
