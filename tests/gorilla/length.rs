//! What fits into a cookie.

use std::sync::{Mutex, Once};

use actix_web::{HttpRequest, web};
use log::{LevelFilter, Log, Metadata, Record};
use sessions::{Session, SessionData, SessionErrorKind};
use sessions_tests::{Browser, Server};

use super::site::{get, sealed, serve, signed};

#[derive(SessionData)]
struct Letter {
    text: String,
}

async fn write(mut letter: Session<Letter>, request: HttpRequest) -> String {
    let length: usize = request.query_string().parse().unwrap();
    letter.set_text("x".repeat(length));
    length.to_string()
}

fn site(sessions: &sessions::SessionMiddleware) -> Server {
    serve(sessions, |app| {
        app.route("/write", web::get().to(write)).route(
            "/",
            web::get().to(async |letter: Session<Letter>| letter.text().len().to_string()),
        );
    })
}

#[test]
fn the_largest_session_that_fits_goes_and_the_next_is_an_error_that_sends_nothing() {
    for (sessions, expected) in [(sealed(1), 2925), (signed(1), 2933)] {
        let site = site(&sessions);
        let fits = |length: usize| get(&site, &format!("/write?{length}"), "").status == 200;
        let (mut low, mut high) = (0, 10_000);
        while high - low > 1 {
            let middle = usize::midpoint(low, high);
            if fits(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        assert_eq!(low, expected);

        let mut browser = Browser::new(&site);
        let largest = browser.get(&format!("/write?{low}"));
        let line = largest.set_cookies()[0];
        assert!((4090..=4096).contains(&line.len()), "{}", line.len());
        assert_eq!(browser.get("/").text(), low.to_string());

        let refused = browser.get(&format!("/write?{high}"));
        assert_eq!(
            (refused.status, refused.text(), refused.set_cookies()),
            (500, "", vec![])
        );
        assert_eq!(browser.get("/").text(), low.to_string());
    }
}

#[test]
fn an_error_in_the_handler_names_its_kind_and_the_session_can_be_cut_down() {
    let site = serve(&sealed(1), |app| {
        app.route(
            "/",
            web::get().to(async |mut letter: Session<Letter>| {
                letter.set_text("x".repeat(5000));
                let error = letter.save().await.unwrap_err();
                assert_eq!(error.kind(), SessionErrorKind::TooLarge);
                letter.set_text("short");
                letter.save().await.unwrap();
                error.to_string()
            }),
        );
    });
    let page = get(&site, "/", "");
    assert_eq!(
        page.text(),
        "session `letter` is too large; bound what visitors can fill, or keep it on the server and raise `max_length`"
    );
    assert_eq!(page.set_cookies().len(), 1);
}

#[test]
fn the_log_names_the_sizes_and_nothing_of_the_data() {
    #[derive(SessionData)]
    #[session(name = "logged-letter")]
    struct Logged {
        text: String,
    }
    Captured::install();
    let site = serve(&sealed(1), |app| {
        app.route(
            "/",
            web::get().to(async |mut letter: Session<Logged>| {
                letter.set_text("confidential ".repeat(500));
                ""
            }),
        );
    });
    assert_eq!(get(&site, "/", "").status, 500);
    let lines = Captured::about("logged-letter");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains(
            "session `logged-letter` is too large; bound what visitors can fill, or keep it on the server and raise `max_length`: a cookie value of 8791 bytes is 4774 over the 4017 that fit \
             beside a name of 20 bytes and its attributes in 4096"
        ),
        "{lines:?}"
    );
    assert!(!lines[0].contains("confidential"));
}

/// What was logged, by every test of this process.
struct Captured;

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl Captured {
    fn install() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            log::set_logger(&Self).unwrap();
            log::set_max_level(LevelFilter::Info);
        });
    }

    fn about(session: &str) -> Vec<String> {
        let lines = LINES.lock().unwrap();
        let about = lines.iter().filter(|line| line.contains(session));
        about.cloned().collect()
    }
}

impl Log for Captured {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        LINES.lock().unwrap().push(record.args().to_string());
    }

    fn flush(&self) {}
}
