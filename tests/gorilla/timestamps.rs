//! Deadlines, to the second.

use std::time::Duration;

use sessions_tests::Server;

use super::site::{DAY, NOON, at, builder, clock, cookie, filled, get, shop};

const OPENS: &str = r#"Loaded ["milk"]"#;
const EXPIRED: &str = "Rejected(Expired) []";
const HOUR: Duration = Duration::from_secs(60 * 60);

#[test]
fn an_idle_session_lives_until_its_deadline_and_not_a_second_longer() {
    let clock = clock();
    let sessions = builder(1)
        .clock(clock.clock())
        .options(|all| all.idle_timeout(HOUR));
    let shop = shop(&sessions.build().unwrap());
    let held = filled(&shop, "milk");
    for (seconds, expected) in [(0, OPENS), (3599, OPENS), (3600, EXPIRED), (3601, EXPIRED)] {
        clock.set(at(NOON + seconds));
        assert_eq!(get(&shop, "/", &held).text(), expected, "{seconds}");
    }
}

#[test]
fn no_activity_carries_a_session_past_its_absolute_deadline() {
    let clock = clock();
    let sessions = builder(1).clock(clock.clock()).options(|all| {
        all.idle_timeout(HOUR)
            .absolute_timeout(HOUR * 3)
            .touch_interval(Duration::from_secs(60))
    });
    let shop = shop(&sessions.build().unwrap());
    let mut held = filled(&shop, "milk");
    for minutes in (30..180).step_by(30) {
        clock.set(at(NOON + minutes * 60));
        let page = get(&shop, "/", &held);
        assert_eq!(page.text(), OPENS, "{minutes}");
        let line = page.set_cookies();
        // The age that is sent shrinks with every touch.
        let age = format!("; Max-Age={};", (180 - minutes) * 60);
        if !line.is_empty() {
            assert!(line[0].contains(&age), "{line:?}");
            held = cookie(&page);
        }
    }
    clock.set(at(NOON + 180 * 60 - 1));
    assert_eq!(get(&shop, "/", &held).text(), OPENS);
    clock.set(at(NOON + 180 * 60));
    assert_eq!(get(&shop, "/", &held).text(), EXPIRED);
}

#[test]
fn a_copy_of_a_cookie_expires_although_its_session_was_used_since() {
    let clock = clock();
    let sessions = builder(1)
        .clock(clock.clock())
        .options(|all| all.idle_timeout(HOUR));
    let shop = shop(&sessions.build().unwrap());
    let copy = filled(&shop, "milk");
    clock.advance(HOUR / 2);
    let used = cookie(&get(&shop, "/add?tea", &copy));
    clock.advance(HOUR / 2);
    assert_eq!(get(&shop, "/", copy).text(), EXPIRED);
    assert_eq!(get(&shop, "/", used).text(), r#"Loaded ["milk", "tea"]"#);
}

#[test]
fn a_cookie_that_expired_is_replaced_by_a_write_and_left_alone_by_a_read() {
    let clock = clock();
    let shop = shop(&builder(1).clock(clock.clock()).build().unwrap());
    let held = filled(&shop, "milk");
    clock.advance(DAY * 30);
    assert_eq!(get(&shop, "/", &held).set_cookies(), [""; 0]);
    let written = cookie(&get(&shop, "/add?tea", &held));
    assert_eq!(get(&shop, "/", written).text(), r#"Loaded ["tea"]"#);
}

#[test]
fn a_cookie_from_a_machine_whose_clock_is_an_hour_ahead_opens_and_from_further_ahead_does_not() {
    // gorilla refuses a timestamp younger than its minimum age, and has none by default; machines whose clocks differ share visitors.
    let clock = clock();
    let shop = shop(&builder(1).clock(clock.clock()).build().unwrap());
    let held = filled(&shop, "milk");
    clock.set(at(NOON - 3600));
    assert_eq!(get(&shop, "/", &held).text(), OPENS);
    let written = cookie(&get(&shop, "/add?tea", &held));
    assert_eq!(get(&shop, "/", written).text(), r#"Loaded ["milk", "tea"]"#);

    clock.set(at(NOON - 3601));
    assert_eq!(get(&shop, "/", &held).text(), "Rejected(TooNew) []");
}

#[test]
fn deadlines_are_the_cookie_s_own_and_not_those_of_a_later_configuration() {
    let clock = clock();
    let of = |idle: Duration| -> Server {
        let sessions = builder(1)
            .clock(clock.clock())
            .options(move |all| all.idle_timeout(idle));
        shop(&sessions.build().unwrap())
    };
    let (long, short) = (of(DAY), of(HOUR));
    let held = filled(&long, "milk");
    clock.advance(HOUR * 2);
    assert_eq!(get(&short, "/", &held).text(), OPENS);
    let held = filled(&short, "milk");
    clock.advance(HOUR * 2);
    assert_eq!(get(&long, "/", &held).text(), EXPIRED);
}
