//! All or no cookie: where one session cannot be saved, none is, and what the visitor has still works.

use actix_web::{
    App, HttpResponse,
    body::MessageBody,
    dev::ServiceResponse,
    http::StatusCode,
    middleware::{ErrorHandlerResponse, ErrorHandlers},
    web::{self, Bytes, ServiceConfig},
};
use futures_util::stream;
use serde::{Deserialize, Serialize, Serializer, ser::Error as _};
use sessions::{MultiError, Session, SessionData, SessionErrorKind};
use sessions_tests::{Browser, Reply, Server};

use crate::{
    journal,
    site::{Cart, NONE, line, lines, removal, sealed, serve, shop},
};

#[derive(SessionData)]
struct Diary {
    text: String,
    mood: Mood,
}

#[derive(SessionData)]
struct Ended {
    count: u32,
}

/// A value that cannot be written when it is true.
#[derive(Default, Deserialize)]
struct Mood(bool);

impl Serialize for Mood {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 {
            return Err(S::Error::custom("there are no words"));
        }
        serializer.serialize_bool(false)
    }
}

type Three = (Session<Cart>, Session<Diary>, Session<Ended>);

/// Gives a visitor all three.
async fn fill((mut cart, mut diary, mut ended): Three) -> &'static str {
    cart.items_mut().push("tea".to_owned());
    diary.set_text("dear diary");
    ended.set_count(1);
    "filled"
}

async fn show((cart, diary, ended): Three) -> String {
    let (items, text) = (cart.items().join(","), diary.text().clone());
    format!("{items} | {text} | {}", ended.count())
}

/// Changes the cart, ends one session and breaks the diary.
async fn break_diary(
    (mut cart, mut diary, mut ended): Three,
    how: web::Path<String>,
) -> HttpResponse {
    cart.items_mut().push("lost".to_owned());
    ended.destroy();
    match how.as_str() {
        "large" => diary.set_text("x".repeat(4_000)),
        "unwritable" => diary.mood_mut().0 = true,
        "forgotten-guard" => std::mem::forget(diary.write()),
        "forgotten-field" => std::mem::forget(diary.text_mut()),
        "streamed-guard" => {
            let diary: &'static mut Session<Diary> = Box::leak(Box::new(diary));
            let text = diary.text_mut();
            return HttpResponse::Ok().streaming(stream::once(async move {
                Ok::<_, actix_web::Error>(Bytes::from(text.clone()))
            }));
        }
        _ => {}
    }
    HttpResponse::Ok()
        .insert_header(("x-secret", "of the handler"))
        .body("dear diary")
}

fn routes(app: &mut ServiceConfig) {
    app.route("/fill", web::get().to(fill))
        .route("/show", web::get().to(show))
        .route("/break/{how}", web::get().to(break_diary));
}

fn assert_failed(reply: &Reply, case: &str) {
    assert_eq!((reply.status, reply.text()), (500, ""), "{case}");
    assert_eq!(reply.header("x-secret"), None, "{case}");
    assert_eq!(reply.header("vary"), Some("Cookie"), "{case}");
}

const CASES: [(&str, &str); 5] = [
    ("large", "session `diary` is too large"),
    ("unwritable", "session `diary` could not be encoded"),
    (
        "forgotten-guard",
        "session `diary` could not be saved while a `Ref` or `RefMut` of it was alive",
    ),
    (
        "forgotten-field",
        "session `diary` could not be saved while a `Ref` or `RefMut` of it was alive",
    ),
    (
        "streamed-guard",
        "session `diary` could not be saved while a `Ref` or `RefMut` of it was alive",
    ),
];

#[test]
fn where_one_session_cannot_be_saved_only_what_ended_is_sent_and_the_old_ones_stay() {
    journal::open();
    let server = serve(sealed(), routes);
    for (how, said) in CASES {
        let mut browser = Browser::new(&server);
        let filled = browser.get("/fill");
        assert_eq!(lines(&filled), [line("cart"), line("diary"), line("ended")]);
        let reply = browser.get(&format!("/break/{how}"));
        assert_failed(&reply, how);
        assert_eq!(lines(&reply), [removal("ended")], "{how}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{how}");
        assert_eq!(browser.get("/show").text(), "tea | dear diary | 0", "{how}");
        let logged = journal::about(said).iter().any(|line| {
            line.starts_with("ERROR session not saved; the response becomes an error error=")
        });
        assert!(logged, "{how}");
    }
}

#[test]
fn where_nothing_ended_no_cookie_is_sent_at_all() {
    let server = serve(sealed(), routes);
    for (how, _) in CASES {
        let reply = Browser::new(&server).get(&format!("/break/{how}"));
        assert_failed(&reply, how);
        assert_eq!(reply.set_cookies(), NONE, "{how}");
        assert_eq!(reply.header("cache-control"), None, "{how}");
    }
}

#[test]
fn a_session_that_replaces_another_and_cannot_be_saved_has_ended_all_the_same() {
    let server = serve(sealed(), |app| {
        shop(app);
        app.route(
            "/replace",
            web::get().to(|mut cart: Session<Cart>| async move {
                cart.destroy();
                cart.items_mut().push("x".repeat(4_000));
                "replaced"
            }),
        );
    });
    let mut browser = Browser::new(&server);
    browser.get("/items/tea");
    let reply = browser.get("/replace");
    assert_failed(&reply, "replace");
    assert_eq!(reply.set_cookies(), [removal("cart")]);
    let reply = browser.get("/replace");
    assert_failed(&reply, "replace");
    assert_eq!(reply.set_cookies(), NONE);
}

#[test]
fn data_fits_up_to_a_line_that_every_browser_keeps_and_no_byte_further() {
    let server = serve(sealed(), |app| {
        app.route(
            "/{length}",
            web::get().to(
                |mut cart: Session<Cart>, length: web::Path<usize>| async move {
                    cart.set_coupon("x".repeat(*length));
                    "set"
                },
            ),
        );
    });
    let sent = |length: usize| {
        let reply = Browser::new(&server).get(&format!("/{length}"));
        let sizes: Vec<usize> = reply.set_cookies().iter().map(|line| line.len()).collect();
        (reply.status, sizes)
    };
    let longest = (2_900..2_930)
        .rfind(|length| sent(*length).0 == 200)
        .unwrap();
    // Three bytes become four characters.
    let (_, sizes) = sent(longest);
    assert!(matches!(sizes[..], [4_093..=4_096]), "{longest} {sizes:?}");
    assert_eq!(sent(longest + 1), (500, vec![]));
}

/// A page of the application's own, which tells what it was made of.
fn sorry<B: MessageBody>(
    response: ServiceResponse<B>,
) -> actix_web::Result<ErrorHandlerResponse<B>> {
    let errors = response
        .response()
        .error()
        .and_then(|error| error.as_error());
    let kinds = errors.map(|errors: &MultiError| errors.iter().map(|error| error.kind()));
    let too_large =
        kinds.is_some_and(|mut kinds| kinds.all(|kind| kind == SessionErrorKind::TooLarge));
    let page = format!("Sorry. Too large: {too_large}");
    let response = response.map_body(|_, _| page).map_into_boxed_body();
    Ok(ErrorHandlerResponse::Response(
        response.map_into_right_body(),
    ))
}

#[test]
fn a_page_of_ones_own_may_stand_in_place_of_a_response_whose_sessions_could_not_be_saved() {
    let sessions = sealed().build().unwrap();
    let server = Server::start(move || {
        let pages = ErrorHandlers::new().handler(StatusCode::INTERNAL_SERVER_ERROR, sorry);
        App::new()
            .wrap(sessions.clone())
            .wrap(pages)
            .configure(routes)
    });
    let mut browser = Browser::new(&server);
    browser.get("/fill");
    let reply = browser.get("/break/large");
    assert_eq!(
        (reply.status, reply.text()),
        (500, "Sorry. Too large: true")
    );
    assert_eq!(lines(&reply), [removal("ended")]);
    assert_eq!(reply.header("x-secret"), None);
    let reply = browser.get("/break/unwritable");
    assert_eq!(reply.text(), "Sorry. Too large: false");
    assert_eq!(browser.get("/show").text(), "tea | dear diary | 0");
}
