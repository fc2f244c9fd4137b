//! Both deadlines are the server's: idle moves with activity, absolute does not.

use std::time::{Duration, UNIX_EPOCH};

use actix_web::web::{self, ServiceConfig};
use sessions::{
    BuildErrorKind, KeyRing, Lifetime, MaxAge, Session, SessionData, SessionOptions,
    test_util::TestClock,
};
use sessions_tests::{Browser, Server};

use crate::site::{Cart, NONE, line_for, lines, sealed_under, serve, shop, still};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

fn routes(app: &mut ServiceConfig) {
    shop(app);
    app.route(
        "/origin",
        web::get().to(|cart: Session<Cart>| async move { format!("{:?}", cart.origin()) }),
    );
}

/// A server, its clock, and a browser whose time passes with it.
struct Days {
    server: Server,
    clock: TestClock,
    browser: Browser,
}

impl Days {
    fn begin(options: impl FnOnce(SessionOptions) -> SessionOptions) -> Self {
        let clock = still();
        let keys = KeyRing::generate().unwrap();
        let sessions = sealed_under(&keys).clock(clock.clock()).options(options);
        let server = serve(sessions, routes);
        let browser = Browser::new(&server);
        Self {
            server,
            clock,
            browser,
        }
    }

    /// Lets time pass for the server, and for the browser.
    fn pass(&mut self, duration: Duration) {
        self.clock.advance(duration);
        self.browser.advance(duration);
    }

    /// The lines that a read sends.
    fn read(&mut self) -> Vec<String> {
        lines(&self.browser.get("/items"))
    }
}

fn cart_for(duration: Duration) -> String {
    line_for("cart", duration.as_secs())
}

#[test]
fn a_session_that_is_not_used_expires_at_its_idle_deadline() {
    let mut days = Days::begin(|all| all);
    assert_eq!(lines(&days.browser.get("/items/tea")), [cart_for(30 * DAY)]);
    let mut sleeper = days.browser.clone();
    days.pass(7 * DAY - Duration::from_secs(1));
    assert_eq!(days.browser.get("/items").text(), "tea");
    days.pass(Duration::from_secs(1));
    // The browser still has the cookie, and nothing is sent to it for that.
    let reply = sleeper.get("/origin");
    assert_eq!(reply.text(), "Rejected(Expired)");
    assert_eq!(reply.set_cookies(), NONE);
    assert_eq!(sleeper.get("/items/new").text(), "new");
    // The one that looked in a second before its end was touched.
    assert_eq!(days.browser.get("/items").text(), "tea");
}

#[test]
fn reading_touches_after_the_interval_and_not_before() {
    let mut days = Days::begin(|all| all);
    days.browser.get("/items/tea");
    days.pass(HOUR - Duration::from_secs(1));
    assert_eq!(days.read(), NONE);
    days.pass(Duration::from_secs(1));
    assert_eq!(days.read(), [cart_for(30 * DAY - HOUR)]);
    assert_eq!(days.read(), NONE);
    days.pass(HOUR - Duration::from_secs(1));
    assert_eq!(days.read(), NONE);
    assert_eq!(days.browser.get("/items").text(), "tea");
}

#[test]
fn a_write_moves_the_idle_deadline_and_spares_the_touch() {
    let mut days = Days::begin(|all| all);
    days.browser.get("/items/tea");
    days.pass(HOUR - Duration::from_secs(1));
    let written = days.browser.get("/items/cup");
    assert_eq!(
        lines(&written),
        [cart_for(30 * DAY - HOUR + Duration::from_secs(1))]
    );
    days.pass(HOUR - Duration::from_secs(1));
    assert_eq!(days.read(), NONE);
}

#[test]
fn a_touched_session_keeps_its_data_its_handle_and_its_beginning() {
    let clock = still();
    let keys = KeyRing::generate().unwrap();
    let server = serve(sealed_under(&keys).clock(clock.clock()), |app| {
        shop(app);
        app.route(
            "/who",
            web::get().to(|cart: Session<Cart>| async move {
                let age = cart.created_at().duration_since(UNIX_EPOCH).unwrap();
                format!(
                    "{} {} {}",
                    cart.handle(),
                    age.as_secs(),
                    cart.items().join(",")
                )
            }),
        );
    });
    let mut browser = Browser::new(&server);
    browser.get("/items/tea");
    let before = browser.get("/who").text().to_owned();
    assert!(before.ends_with(" 1700000000 tea"), "{before}");
    clock.advance(DAY);
    let touched = browser.get("/who");
    assert_eq!(lines(&touched), [cart_for(29 * DAY)]);
    assert_eq!(touched.text(), before);
    assert_eq!(browser.get("/who").text(), before);
}

#[test]
fn a_session_in_use_expires_at_its_absolute_deadline() {
    let mut days = Days::begin(|all| all);
    days.browser.get("/items/tea");
    for day in 1..30 {
        days.pass(DAY);
        let reply = days.browser.get(&format!("/items/{day}"));
        assert_eq!(lines(&reply), [cart_for((30 - day) * DAY)]);
    }
    days.pass(DAY - Duration::from_secs(1));
    let mut keeper = Browser::new(&days.server);
    keeper.jar = days.browser.jar.clone();
    assert_eq!(keeper.get("/origin").text(), "Loaded");
    days.pass(Duration::from_secs(1));
    // The browser forgot it by itself; whoever kept the cookie has nothing of it.
    assert_eq!(days.browser.jar.cookies(), []);
    assert_eq!(keeper.get("/origin").text(), "Rejected(Expired)");
}

#[test]
fn near_its_absolute_end_a_session_is_not_touched_any_more() {
    let mut days = Days::begin(|all| all.idle_timeout(2 * DAY).absolute_timeout(3 * DAY));
    days.browser.get("/items/tea");
    days.pass(DAY + HOUR);
    // The idle deadline meets the absolute one here and cannot move again.
    assert_eq!(days.read(), [cart_for(2 * DAY - HOUR)]);
    days.pass(DAY);
    assert_eq!(days.read(), NONE);
    assert_eq!(days.browser.get("/origin").text(), "Loaded");
    days.pass(DAY - HOUR);
    assert_eq!(days.browser.get("/origin").text(), "New");
}

#[test]
fn a_failed_request_does_not_touch() {
    let clock = still();
    let keys = KeyRing::generate().unwrap();
    let server = serve(sealed_under(&keys).clock(clock.clock()), |app| {
        shop(app);
        app.route(
            "/fail",
            web::get().to(|_: Session<Cart>| async {
                actix_web::HttpResponse::InternalServerError().finish()
            }),
        );
    });
    let mut browser = Browser::new(&server);
    browser.get("/items/tea");
    clock.advance(DAY);
    assert_eq!(browser.get("/fail").set_cookies(), NONE);
    assert_eq!(lines(&browser.get("/items")), [cart_for(29 * DAY)]);
}

#[test]
fn the_touch_interval_is_a_sixth_of_a_short_idle_timeout() {
    let mut days = Days::begin(|all| all.idle_timeout(Duration::from_mins(30)));
    days.browser.get("/items/tea");
    days.pass(Duration::from_mins(5) - Duration::from_secs(1));
    assert_eq!(days.read(), NONE);
    days.pass(Duration::from_secs(1));
    assert_eq!(days.read(), [cart_for(30 * DAY - Duration::from_mins(5))]);
    days.pass(Duration::from_mins(30));
    assert_eq!(days.browser.get("/origin").text(), "Rejected(Expired)");
}

#[test]
fn a_touch_interval_of_ones_own_is_kept() {
    let mut days = Days::begin(|all| all.touch_interval(DAY));
    days.browser.get("/items/tea");
    days.pass(DAY - Duration::from_secs(1));
    assert_eq!(days.read(), NONE);
    days.pass(Duration::from_secs(1));
    assert_eq!(days.read(), [cart_for(29 * DAY)]);
}

#[test]
fn a_strict_lifetime_is_half_an_hour_and_twelve_hours() {
    let mut days = Days::begin(|all| all.lifetime(Lifetime::strict()));
    assert_eq!(
        lines(&days.browser.get("/items/tea")),
        [cart_for(12 * HOUR)]
    );
    let quarter = Duration::from_mins(15);
    for passed in 1..=46 {
        days.pass(quarter);
        assert_eq!(days.read(), [cart_for(12 * HOUR - passed * quarter)]);
    }
    // The idle deadline has met the absolute one.
    days.pass(quarter);
    assert_eq!(days.read(), NONE);
    days.pass(quarter);
    assert_eq!(days.browser.get("/origin").text(), "New");

    let mut days = Days::begin(|all| all.lifetime(Lifetime::strict()));
    days.browser.get("/items/tea");
    days.pass(Duration::from_mins(30));
    assert_eq!(days.browser.get("/origin").text(), "Rejected(Expired)");
}

#[test]
fn the_cookies_age_can_be_less_than_the_sessions() {
    let mut days = Days::begin(|all| all.max_age(MaxAge::AtMost(DAY)));
    assert_eq!(lines(&days.browser.get("/items/tea")), [cart_for(DAY)]);
    days.pass(Duration::from_hours(23));
    assert_eq!(days.read(), [cart_for(DAY)]);

    let mut days = Days::begin(|all| {
        all.max_age(MaxAge::AtMost(DAY))
            .idle_timeout(HOUR)
            .absolute_timeout(2 * HOUR)
    });
    assert_eq!(lines(&days.browser.get("/items/tea")), [cart_for(2 * HOUR)]);
}

#[test]
fn a_cookie_of_a_short_age_is_touched_before_it_is_gone() {
    let age = Duration::from_mins(10);
    let mut days = Days::begin(|all| all.max_age(MaxAge::AtMost(age)));
    days.browser.get("/items/tea");
    for _ in 0..20 {
        days.pass(age / 6 - Duration::from_secs(1));
        assert_eq!(days.read(), NONE);
        days.pass(Duration::from_secs(1));
        assert_eq!(days.read(), [cart_for(age)]);
    }
    assert_eq!(days.browser.get("/items").text(), "tea");
}

#[test]
fn a_touch_that_comes_too_late_for_the_cookie_is_refused_at_start() {
    let minute = Duration::from_mins(1);
    for interval in [minute, HOUR] {
        let error = sealed_under(&KeyRing::generate().unwrap())
            .options(|all| all.max_age(MaxAge::AtMost(minute)).touch_interval(interval))
            .build()
            .unwrap_err();
        assert_eq!(error.kind(), BuildErrorKind::TouchTooRare);
        assert_eq!(error.session(), None);
    }
}

#[test]
fn a_cookie_of_the_browsers_session_has_no_age_and_both_deadlines() {
    let mut days = Days::begin(|all| all.max_age(MaxAge::BrowserSession));
    let line = "__Host-cart=*; HttpOnly; SameSite=Lax; Secure; Path=/";
    assert_eq!(lines(&days.browser.get("/items/tea")), [line]);
    days.pass(DAY);
    assert_eq!(days.read(), [line]);
    let mut restarted = days.browser.clone();
    restarted.jar.restart();
    assert_eq!(restarted.get("/origin").text(), "New");
    days.pass(7 * DAY);
    assert_eq!(days.browser.get("/origin").text(), "Rejected(Expired)");
}

#[test]
fn a_shorter_configuration_does_not_end_what_a_longer_one_promised() {
    let (clock, keys) = (still(), KeyRing::generate().unwrap());
    let long = serve(sealed_under(&keys).clock(clock.clock()), routes);
    let short = sealed_under(&keys)
        .clock(clock.clock())
        .options(|all| all.idle_timeout(HOUR).absolute_timeout(2 * HOUR));
    let short = serve(short, routes);
    let mut browser = Browser::new(&long);
    browser.get("/items/tea");
    let mut moved = Browser::new(&short);
    moved.jar = browser.jar.clone();
    clock.advance(6 * DAY);
    assert_eq!(moved.get("/items").text(), "tea");
    assert_eq!(lines(&moved.get("/items/cup")), [cart_for(24 * DAY)]);
    clock.advance(DAY);
    assert_eq!(moved.get("/origin").text(), "Rejected(Expired)");
}

#[test]
fn a_clock_that_was_turned_back_harms_nobody() {
    let (clock, keys) = (still(), KeyRing::generate().unwrap());
    let server = serve(sealed_under(&keys).clock(clock.clock()), routes);
    let mut browser = Browser::new(&server);
    browser.get("/items/tea");
    clock.set(still().now() - HOUR);
    assert_eq!(browser.get("/items").text(), "tea");
    assert_eq!(browser.get("/items/cup").text(), "tea,cup");
    clock.set(still().now());
    assert_eq!(browser.get("/items/pot").text(), "tea,cup,pot");

    // Further back it is not believed; nothing is sent for that, and the right time finds everything again.
    for wrong in [still().now() - HOUR - Duration::from_secs(1), UNIX_EPOCH] {
        clock.set(wrong);
        let reply = browser.get("/origin");
        assert_eq!(reply.text(), "Rejected(TooNew)");
        assert_eq!(reply.set_cookies(), NONE);
    }
    clock.set(still().now());
    assert_eq!(browser.get("/items").text(), "tea,cup,pot");
}

#[test]
fn a_clock_that_lost_its_time_revives_nobody() {
    let (clock, keys) = (still(), KeyRing::generate().unwrap());
    let server = serve(sealed_under(&keys).clock(clock.clock()), routes);
    let mut browser = Browser::new(&server);
    browser.get("/items/tea");
    clock.advance(100 * DAY);
    assert_eq!(browser.get("/origin").text(), "Rejected(Expired)");
    clock.set(UNIX_EPOCH);
    assert_eq!(browser.get("/origin").text(), "Rejected(TooNew)");
}

#[derive(SessionData)]
struct Login {
    #[session(principal)]
    user: Option<String>,
}

#[test]
fn each_type_has_the_lifetime_it_was_given() {
    let (clock, keys) = (still(), KeyRing::generate().unwrap());
    let sessions = sealed_under(&keys)
        .clock(clock.clock())
        .options(|all| all.absolute_timeout(10 * DAY))
        .session::<Login>(|login| login.lifetime(Lifetime::strict()));
    let server = serve(sessions, |app| {
        app.route(
            "/",
            web::get().to(
                |mut cart: Session<Cart>, mut login: Session<Login>| async move {
                    cart.items_mut().push("tea".to_owned());
                    login.set_user("ada");
                    "both"
                },
            ),
        );
    });
    let reply = Browser::new(&server).get("/");
    assert_eq!(
        lines(&reply),
        [cart_for(10 * DAY), line_for("login", 12 * 60 * 60)]
    );
}
