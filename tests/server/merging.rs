//! Requests that write to one session at once: what both wrote is joined, field by field.

use std::{collections::BTreeSet, thread};

use actix_web::{
    App, HttpResponse,
    web::{self, ServiceConfig},
};
use sessions::{
    OnConflict, Registry, Session, SessionData, SessionError, SessionMiddleware,
    test_util::{Fault, Verb},
};
use sessions_tests::{Browser, Server};

use crate::{
    engine::{Engine, wait_for},
    site::{MINUTE, NONE, Site, lines, told},
};

/// Every way in which a field can be joined.
#[derive(SessionData)]
#[session(name = "visit")]
struct Visit {
    #[session(principal)]
    user: Option<String>,
    #[session(merge = sessions::merge::sum)]
    pages: u32,
    #[session(merge = sessions::merge::union)]
    tags: BTreeSet<String>,
    name: String,
    color: String,
    #[session(flash(one = "notice"))]
    notices: Vec<String>,
}

async fn show(visit: Session<Visit>) -> String {
    let tags: Vec<_> = visit.tags().iter().cloned().collect();
    format!(
        "{} [{}] {} {}",
        visit.pages(),
        tags.join(","),
        visit.name(),
        visit.color()
    )
}

/// What a path asks for: `count`, `tag=blue`, `name=ada`, `color=red`, `notice=hello`.
fn perform(visit: &mut Session<Visit>, deed: &str) {
    match deed.split_once('=').unwrap_or((deed, "")) {
        ("count", _) => *visit.pages_mut() += 1,
        ("tag", tag) => drop(visit.tags_mut().insert(tag.to_owned())),
        ("name", name) => visit.set_name(name),
        ("color", color) => visit.set_color(color),
        ("notice", notice) => visit.push_notice(notice),
        ("renew", _) => visit.renew(),
        ("log-in", user) => visit.set_user(user),
        _ => {}
    }
}

async fn act(mut visit: Session<Visit>, deeds: web::Path<String>) -> HttpResponse {
    deeds.split('+').for_each(|deed| perform(&mut visit, deed));
    HttpResponse::Ok().body("done")
}

/// Saves in the handler, counts on, and leaves the rest to the response.
async fn count_twice(mut visit: Session<Visit>) -> String {
    *visit.pages_mut() += 1;
    let saved = told(visit.save().await);
    *visit.pages_mut() += 1;
    format!("{saved} {}", visit.pages())
}

async fn notices(mut visit: Session<Visit>) -> String {
    visit.take_notices().join(",")
}

/// What the other request stored, for a handler that was refused.
async fn stubborn(sessions: Registry, name: web::Path<String>) -> Result<String, SessionError> {
    let mut visit = sessions.get::<Visit>().await?;
    visit.set_name(name.into_inner());
    let saved = told(visit.save().await);
    let stored = sessions.load_fresh::<Visit>().await?;
    let stored = stored.map_or_else(String::new, |stored| stored.name);
    // What was refused is not tried again when the response leaves.
    visit.destroy();
    Ok(format!("{saved}: {stored}"))
}

fn routes(app: &mut ServiceConfig) {
    app.route("/show", web::to(show))
        .route("/notices", web::to(notices))
        .route("/count-twice", web::to(count_twice))
        .route("/stubborn/{name}", web::to(stubborn))
        .route("/{deeds}", web::to(act));
}

fn site(engine: Engine) -> Site {
    Site::open(engine, |all| all, routes)
}

/// A visitor whose session is there.
fn visitor(site: &Site) -> Browser {
    let mut browser = site.browser();
    assert_eq!(browser.get("/name=nobody").status, 200);
    site.events.take();
    browser
}

/// Lets one request come as far as its update, does another, and lets it go on.
fn both(site: &Site, browser: &Browser, first: &str, second: &str) {
    let mut other = browser.clone();
    let (late, early) = site.overtake(browser, first, Verb::Update, || other.get(second));
    assert_eq!((late.status, early.status), (200, 200));
    assert_eq!(lines(&late), NONE);
}

#[test]
fn fields_that_one_of_two_requests_changed_are_as_that_one_left_them() {
    for engine in Engine::each() {
        let site = site(engine);
        let mut browser = visitor(&site);
        both(&site, &browser, "/name=ada", "/color=red");
        assert_eq!(browser.get("/show").text(), "0 [] ada red");
        assert_eq!(site.events.take(), ["merged visit"]);
    }
}

#[test]
fn of_two_changes_to_one_field_the_later_wins_unless_its_function_says_otherwise() {
    let site = site(Engine::memory());
    let mut browser = visitor(&site);
    let deeds = |name: &str| format!("/name={name}+count+tag={name}");
    both(&site, &browser, &deeds("ada"), &deeds("bob"));
    assert_eq!(browser.get("/show").text(), "2 [ada,bob] ada ");
}

#[test]
fn fifty_requests_at_once_count_fifty() {
    for engine in Engine::each() {
        let site = site(engine);
        let mut browser = visitor(&site);
        let gate = site.engine.gates.hold(Verb::Update);
        thread::scope(|scope| {
            let requests: Vec<_> = (0..50)
                .map(|_| {
                    let mut browser = browser.clone();
                    scope.spawn(move || browser.get("/count").status)
                })
                .collect();
            wait_for(&gate, 50);
            gate.open();
            for request in requests {
                assert_eq!(request.join().unwrap(), 200);
            }
        });
        let text = browser.get("/show").text().to_owned();
        assert_eq!(text, "50 [] nobody ", "{}", site.engine.name);
    }
}

#[test]
fn two_requests_that_push_messages_both_keep_theirs() {
    for engine in Engine::each() {
        let site = site(engine);
        let mut browser = visitor(&site);
        both(&site, &browser, "/notice=one", "/notice=two");
        assert_eq!(browser.get("/notices").text(), "two,one");
        assert_eq!(browser.get("/notices").text(), "");
    }
}

#[test]
fn a_message_that_was_read_does_not_come_back_and_one_pushed_meanwhile_stays() {
    let site = site(Engine::memory());
    for (first, second) in [("/notices", "/notice=new"), ("/notice=new", "/notices")] {
        let mut browser = visitor(&site);
        browser.get("/notice=old");
        both(&site, &browser, first, second);
        assert_eq!(browser.get("/notices").text(), "new", "{first}");
    }
}

#[test]
fn a_sum_whose_answer_was_lost_counts_once() {
    for fault in [Fault::CallLost, Fault::AnswerLost] {
        let site = site(Engine::memory());
        let mut browser = visitor(&site);
        site.engine.faults.fail(Verb::Update, 1, fault.clone());
        assert_eq!(browser.get("/count").status, 200, "{fault:?}");
        assert_eq!(browser.get("/show").text(), "1 [] nobody ", "{fault:?}");
    }
}

#[test]
fn a_handler_that_goes_on_after_a_joined_save_is_joined_again() {
    let site = site(Engine::memory());
    let mut browser = visitor(&site);
    let mut other = browser.clone();
    let (late, _) = site.overtake(&browser, "/count-twice", Verb::Update, || {
        other.get("/count+color=red")
    });
    // It sees what it wrote, and not what others did.
    assert_eq!(late.text(), "saved 2");
    assert_eq!(browser.get("/show").text(), "3 [] nobody red");
}

#[test]
fn where_the_options_say_so_two_changes_to_one_field_are_a_409() {
    for engine in Engine::each() {
        let reject = |all: sessions::SessionOptions| all.on_conflict(OnConflict::Reject);
        let site = Site::open(engine, reject, routes);
        let mut browser = visitor(&site);
        let mut other = browser.clone();
        let (late, early) = site.overtake(&browser, "/name=ada", Verb::Update, || {
            other.get("/name=bob")
        });
        assert_eq!((late.status, late.text(), early.status), (409, "", 200));
        assert_eq!(late.set_cookies(), NONE);
        assert_eq!(browser.get("/show").text(), "0 [] bob ");

        // Different fields are no conflict, and neither is a field with a function.
        both(&site, &browser, "/color=red+count", "/name=eve+count");
        assert_eq!(browser.get("/show").text(), "2 [] eve red");
    }
}

#[test]
fn a_handler_that_is_refused_can_look_at_what_is_stored() {
    let reject = |all: sessions::SessionOptions| all.on_conflict(OnConflict::Reject);
    let site = Site::open(Engine::memory(), reject, routes);
    let browser = visitor(&site);
    let mut other = browser.clone();
    let (late, _) = site.overtake(&browser, "/stubborn/ada", Verb::Update, || {
        other.get("/name=bob")
    });
    assert_eq!(late.text(), "Conflict: bob");
}

#[test]
fn a_renewal_takes_along_what_was_written_meanwhile() {
    for engine in Engine::each() {
        let site = site(engine);
        let browser = visitor(&site);
        let mut other = browser.clone();
        let (renewed, _) = site.overtake(&browser, "/renew+name=ada", Verb::Rename, || {
            other.get("/color=red+count")
        });
        let cookie = crate::site::cookie_of(&renewed);
        assert_eq!(site.get_with(&cookie, "/show").text(), "1 [] ada red");
        assert_eq!(site.live().len(), 1);
    }
}

#[test]
fn a_login_takes_a_guest_s_writes_along_and_a_new_owner_nothing_of_the_old() {
    let site = site(Engine::memory());
    let log_in = |browser: &Browser, user: &str| {
        let mut other = browser.clone();
        let path = format!("/log-in={user}");
        let (login, _) = site.overtake(browser, &path, Verb::Rename, || {
            other.get("/color=red+count+notice=private")
        });
        crate::site::cookie_of(&login)
    };
    let guest = visitor(&site);
    let ada = log_in(&guest, "ada");
    assert_eq!(site.get_with(&ada, "/show").text(), "1 [] nobody red");

    let mut browser = site.browser();
    browser.get("/log-in=ada");
    browser.get("/name=ada");
    let eve = log_in(&browser, "eve");
    assert_eq!(site.get_with(&eve, "/show").text(), "0 []  ");
    assert_eq!(site.get_with(&eve, "/notices").text(), "");
}

/// A release that does not know of coupons.
#[derive(SessionData)]
#[session(name = "basket")]
struct Before {
    items: Vec<String>,
    note: String,
}

/// One that does, and has forgotten notes.
#[derive(SessionData)]
#[session(name = "basket")]
struct After {
    items: Vec<String>,
    coupon: String,
}

async fn before(mut basket: Session<Before>, word: web::Path<String>) -> String {
    let word = word.into_inner();
    basket.set_note(word.clone());
    basket.items_mut().push(word);
    format!("{} {}", basket.items().join(","), basket.note())
}

async fn after(mut basket: Session<After>, word: web::Path<String>) -> String {
    let word = word.into_inner();
    basket.set_coupon(word.clone());
    basket.items_mut().push(word);
    format!("{} {}", basket.items().join(","), basket.coupon())
}

async fn look(sessions: Registry) -> Result<String, SessionError> {
    let basket = sessions.get::<Before>().await?;
    Ok(format!("{} {}", basket.items().join(","), basket.note()))
}

#[test]
fn two_releases_on_one_store_lose_no_field_of_each_other_s() {
    for engine in Engine::each() {
        let release = || {
            let store = engine.store();
            SessionMiddleware::builder(store)
                .options(|all| all.store_timeout(MINUTE))
                .build()
                .unwrap()
        };
        let (old, new) = (release(), release());
        let server = Server::start(move || {
            let old_routes = web::scope("/before")
                .route("/look", web::to(look))
                .route("/{word}", web::to(before));
            let new_routes = web::scope("/after").route("/{word}", web::to(after));
            App::new()
                .service(old_routes.wrap(old.clone()))
                .service(new_routes.wrap(new.clone()))
        });
        let mut browser = Browser::new(&server);
        assert_eq!(browser.get("/before/a").text(), "a a");
        assert_eq!(browser.get("/after/b").text(), "a,b b");
        assert_eq!(browser.get("/before/c").text(), "a,b,c c");
        assert_eq!(browser.get("/after/d").text(), "a,b,c,d d");
        assert_eq!(browser.get("/before/look").text(), "a,b,c,d c");

        // Also where both write at once.
        let gate = engine.hold_next(Verb::Update);
        let mut other = browser.clone();
        thread::scope(|scope| {
            let late = scope.spawn(|| other.get("/before/e").status);
            wait_for(&gate, 1);
            assert_eq!(browser.get("/after/f").status, 200);
            gate.open();
            assert_eq!(late.join().unwrap(), 200);
        });
        // One list, changed by both, is the later one's; each kept its own field and the other's.
        assert_eq!(browser.get("/before/look").text(), "a,b,c,d,e e");
        assert_eq!(browser.get("/after/g").text(), "a,b,c,d,e,g g");
    }
}
