//! Several sessions in one request, over several stores: all or no cookie, and never each other's records.

use std::thread;

use actix_web::{
    App, HttpResponse,
    web::{self, ServiceConfig},
};
use futures_util::FutureExt as _;
use sessions::{
    CookieStore, KeyRing, Registry, Session, SessionData, SessionError, SessionMiddleware,
    SessionMiddlewareBuilder,
    store::StoreErrorKind,
    test_util::{Fault, Verb},
};
use sessions_tests::{Browser, Reply, Server};

use crate::{
    engine::{Engine, wait, wait_for},
    journal,
    site::{Cart, MINUTE, NONE, Site, cookie, line, lines, removal, shop, still},
};

#[derive(SessionData)]
struct Visit {
    count: u32,
}

#[derive(SessionData)]
struct Diary {
    text: String,
}

#[derive(SessionData)]
struct Basket {
    items: Vec<String>,
}

/// The cart in memory, the visit in files, the diary in the cookie, and the basket in memory of its own.
struct Mixed {
    site: Site,
    files: Engine,
    baskets: Engine,
}

type Four = (
    Session<Cart>,
    Session<Visit>,
    Session<Diary>,
    Session<Basket>,
);

impl Mixed {
    fn open() -> Self {
        let (memory, files, baskets) = (Engine::memory(), Engine::files(), Engine::memory());
        let keys = KeyRing::generate().unwrap();
        let (to_files, to_baskets) = (files.store(), baskets.store());
        let sessions = SessionMiddleware::builder(memory.store())
            .options(|all| all.store_timeout(MINUTE))
            .session::<Visit>(|visit| visit.store(to_files))
            .session::<Diary>(|diary| diary.store(CookieStore::signed(keys)))
            .session::<Basket>(|basket| basket.store(to_baskets));
        Self {
            site: Site::with(memory, sessions, routes),
            files,
            baskets,
        }
    }

    /// How many records live: carts, visits, baskets.
    fn live(&self) -> [usize; 3] {
        let now = self.site.now();
        [&self.site.engine, &self.files, &self.baskets]
            .map(|engine| wait(engine.ledger.live(now)).len())
    }

    /// A visitor with something in each.
    fn filled(&self) -> Browser {
        let mut browser = self.site.browser();
        assert_eq!(browser.get("/fill").set_cookies().len(), 4);
        self.site.events.take();
        browser
    }
}

/// Writes to all four.
fn write(four: &mut Four) {
    let (cart, visit, diary, basket) = four;
    cart.items_mut().push("tea".to_owned());
    let count = visit.count() + 1;
    visit.set_count(count);
    diary.text_mut().push('x');
    basket.items_mut().push("egg".to_owned());
}

fn routes(app: &mut ServiceConfig) {
    app.route(
        "/fill",
        web::get().to(|mut four: Four| async move {
            write(&mut four);
            "filled"
        }),
    )
    .route(
        "/show",
        web::get().to(|(cart, visit, diary, basket): Four| async move {
            let (items, text) = (cart.items().join(","), diary.text().clone());
            format!(
                "{items} {} {text} {}",
                visit.count(),
                basket.items().join(",")
            )
        }),
    )
    .route(
        "/mixed",
        // Updates the cart, renews the visit, writes the diary and ends the basket.
        web::get().to(|mut four: Four| async move {
            write(&mut four);
            four.1.renew();
            four.3.destroy();
            "done"
        }),
    )
    .route(
        "/renew-two",
        web::get().to(|mut four: Four| async move {
            four.0.renew();
            four.1.renew();
            four.2.text_mut().push('y');
            "done"
        }),
    )
    .route(
        "/too-long",
        web::get().to(|mut four: Four| async move {
            write(&mut four);
            four.2.text_mut().push_str(&"x".repeat(5_000));
            HttpResponse::Ok()
                .insert_header(("x-secret", "diary"))
                .body("diary")
        }),
    )
    .route(
        "/cart-if-no-visit",
        web::get().to(
            |mut cart: Session<Cart>, visit: Result<Session<Visit>, SessionError>| async move {
                cart.items_mut().push("without".to_owned());
                visit.map_or("no visit", |_| "a visit")
            },
        ),
    )
    .route(
        "/save-all",
        web::get().to(|mut four: Four, registry: Registry| async move {
            write(&mut four);
            match registry.save_all().await {
                Ok(()) => "saved".to_owned(),
                Err(errors) => {
                    let named = errors
                        .iter()
                        .map(|error| format!("{} {:?}", error.session(), error.kind()));
                    named.collect::<Vec<_>>().join(", ")
                }
            }
        }),
    )
    .route(
        "/give-up/{how}",
        // Asks for everything to be saved, and does not wait for it.
        web::get().to(
            |mut four: Four, registry: Registry, how: web::Path<String>| async move {
                write(&mut four);
                match how.as_str() {
                    "end" => four.2.destroy(),
                    "renew" => four.2.renew(),
                    _ => {}
                }
                format!("{:?}", registry.save_all().now_or_never().is_some())
            },
        ),
    )
    .route(
        "/save-one/{how}",
        web::get().to(|mut four: Four, how: web::Path<String>| async move {
            write(&mut four);
            four.0.save().await?;
            if *how == "again" {
                four.0.items_mut().push("more".to_owned());
            }
            Ok::<_, SessionError>("done")
        }),
    );
}

#[test]
fn what_was_saved_when_the_handler_gave_up_on_the_others_keeps_its_cookie() {
    for (how, diary) in [
        ("write", line("diary")),
        ("renew", line("diary")),
        ("end", removal("diary")),
    ] {
        let mixed = Mixed::open();
        let browser = mixed.filled();
        let gate = mixed.site.engine.gates.hold_answer(Verb::Update);
        let reply = thread::scope(|scope| {
            let mut browser = browser.clone();
            let given_up = scope.spawn(move || browser.get(&format!("/give-up/{how}")));
            wait_for(&gate, 1);
            gate.open();
            given_up.join().unwrap()
        });
        assert_eq!((reply.status, reply.text()), (200, "false"), "{how}");
        let lines: Vec<_> = reply.set_cookies().iter().map(|line| shape(line)).collect();
        assert_eq!(lines, [shape(&diary)], "{how}");
    }
}

/// A line without its value.
fn shape(line: &str) -> (&str, &str) {
    let (name, rest) = line.split_once('=').unwrap();
    (name, rest.split_once(';').unwrap().1)
}

const DOWN: Fault = Fault::Error(StoreErrorKind::Unavailable);

#[track_caller]
fn assert_error(reply: &Reply, status: u16) {
    assert_eq!((reply.status, reply.text()), (status, ""));
    assert_eq!(reply.header("x-secret"), None);
    assert_eq!(reply.header("vary"), Some("Cookie"));
}

#[test]
fn four_sessions_over_four_stores_are_one_request_s_business() {
    let mixed = Mixed::open();
    let mut browser = mixed.site.browser();
    let reply = browser.get("/fill");
    let names: Vec<String> = lines(&reply)
        .iter()
        .map(|line| line.split('=').next().unwrap().to_owned())
        .collect();
    assert_eq!(
        names,
        [
            "__Host-cart",
            "__Host-visit",
            "__Host-diary",
            "__Host-basket"
        ]
    );
    assert_eq!(mixed.live(), [1, 1, 1]);
    assert_eq!(mixed.site.engine.tally(), "create 1");
    assert_eq!(browser.get("/show").text(), "tea 1 x egg");
    let reply = browser.get("/mixed");
    // What is removed goes last.
    assert_eq!(lines(&reply).last(), Some(&removal("basket")));
    assert_eq!(reply.set_cookies().len(), 3);
    assert_eq!(browser.get("/show").text(), "tea,tea 2 xx ");
    assert_eq!(mixed.live(), [1, 1, 0]);
}

#[test]
fn where_one_cannot_be_created_none_is() {
    let cases: [fn(&Mixed) -> &Engine; 3] = [
        |mixed| &mixed.site.engine,
        |mixed| &mixed.files,
        |mixed| &mixed.baskets,
    ];
    for broken in cases {
        let mixed = Mixed::open();
        broken(&mixed).faults.fail(Verb::Create, 1, DOWN);
        let reply = mixed.site.browser().get("/fill");
        assert_error(&reply, 503);
        assert_eq!(reply.set_cookies(), NONE);
        assert_eq!(mixed.live(), [0; 3], "what was created is deleted again");
    }
}

#[test]
fn a_cookie_that_is_too_long_withholds_what_was_created_elsewhere() {
    let mixed = Mixed::open();
    let reply = mixed.site.browser().get("/too-long");
    assert_error(&reply, 500);
    assert_eq!(reply.set_cookies(), NONE);
    assert_eq!(mixed.live(), [0; 3]);

    let mut browser = mixed.filled();
    let reply = browser.get("/too-long");
    assert_error(&reply, 500);
    assert_eq!(reply.set_cookies(), NONE);
    // What could be written was written to sessions that are there.
    assert_eq!(browser.get("/show").text(), "tea,tea 2 x egg,egg");
    assert_eq!(mixed.live(), [1; 3]);
}

/// The last of several cookies.
fn basket(cookies: &str) -> String {
    cookies[cookies.find("; __Host-basket").unwrap()..].to_owned()
}

#[test]
fn where_a_write_fails_nothing_is_renewed_and_what_ends_ends() {
    let mixed = Mixed::open();
    let mut browser = mixed.filled();
    let before = cookie(&browser);
    mixed.site.engine.faults.fail(Verb::Update, 1, DOWN);
    let reply = browser.get("/mixed");
    assert_error(&reply, 503);
    assert_eq!(lines(&reply), [removal("basket")]);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(browser.get("/show").text(), "tea 1 x ");
    assert_eq!(mixed.live(), [1, 1, 0]);
    assert_eq!(cookie(&browser), before.replace(&basket(&before), ""));
    assert!(!mixed.files.tally().contains("rename"));
}

#[test]
fn a_renewal_that_was_committed_keeps_its_cookie_where_another_fails() {
    for visit_fails in [true, false] {
        let mixed = Mixed::open();
        let mut browser = mixed.filled();
        let failing = if visit_fails {
            &mixed.files
        } else {
            &mixed.site.engine
        };
        failing.faults.fail(Verb::Rename, 1, DOWN);
        let reply = browser.get("/renew-two");
        assert_error(&reply, 503);
        let renewed = if visit_fails { "cart" } else { "visit" };
        assert_eq!(lines(&reply), [line(renewed)]);
        // Either way all of them are there, the diary as it was.
        assert_eq!(browser.get("/show").text(), "tea 1 x egg");
        assert_eq!(mixed.live(), [1; 3]);
    }
}

#[test]
fn an_end_that_fails_is_an_error_and_every_other_cookie_is_withheld() {
    let mixed = Mixed::open();
    let mut browser = mixed.filled();
    mixed.baskets.faults.fail(Verb::Delete, 1, DOWN);
    let reply = browser.get("/mixed");
    assert_error(&reply, 503);
    // Renewals and ends go together: the visit's was done.
    assert_eq!(lines(&reply), [line("visit")]);
    assert_eq!(browser.get("/show").text(), "tea,tea 2 x egg");
    assert_eq!(mixed.live(), [1; 3]);
}

#[test]
fn every_session_that_could_not_be_saved_is_named() {
    journal::open();
    let mixed = Mixed::open();
    let mut browser = mixed.filled();
    let refused = Fault::Error(StoreErrorKind::Refused);
    mixed.files.faults.fail(Verb::Update, 1, refused);
    let too_large = Fault::Error(StoreErrorKind::TooLarge);
    mixed.baskets.faults.fail(Verb::Update, 1, too_large);
    let reply = browser.get("/fill");
    // The gravest of the two.
    assert_error(&reply, 503);
    assert_eq!(reply.set_cookies(), NONE);
    let logged = journal::about("session not saved; the response becomes an error");
    for said in [
        "the store of session `visit` did not do what it was asked; look after the store: the session store refused",
        "session `basket` is too large; bound what visitors can fill, or keep it on the server and raise `max_length`: the record is larger than the session store takes",
    ] {
        let lines = logged.iter().filter(|line| line.contains(said)).count();
        assert_eq!(lines, 1, "{logged:?}");
    }
}

#[test]
fn saving_all_at_once_reports_each_and_keeps_what_was_saved() {
    let mixed = Mixed::open();
    let mut browser = mixed.filled();
    mixed.files.faults.fail(Verb::Update, 1, DOWN);
    mixed.baskets.faults.fail(Verb::Update, 1, DOWN);
    let reply = browser.get("/save-all");
    // What failed is tried again when the response leaves.
    assert_eq!(
        reply.text(),
        "visit StoreUnavailable, basket StoreUnavailable"
    );
    assert_eq!(reply.status, 200);
    assert_eq!(browser.get("/show").text(), "tea,tea 2 xx egg,egg");

    for engine in [&mixed.files, &mixed.baskets] {
        engine.faults.fail(Verb::Update, 1, DOWN);
        engine.faults.fail(Verb::Update, 2, DOWN);
    }
    let reply = browser.get("/save-all");
    assert_error(&reply, 503);
    assert_eq!(
        reply.set_cookies().len(),
        1,
        "what was saved keeps its cookie"
    );
    assert_eq!(browser.get("/show").text(), "tea,tea,tea 2 xxx egg,egg");
}

#[test]
fn a_session_saved_by_the_handler_keeps_its_cookie_where_another_cannot_be_created() {
    for how in ["once", "again"] {
        let mixed = Mixed::open();
        mixed.files.faults.fail(Verb::Create, 1, DOWN);
        let mut browser = mixed.site.browser();
        let reply = browser.get(&format!("/save-one/{how}"));
        assert_error(&reply, 503);
        assert_eq!(lines(&reply), [line("cart")]);
        assert_eq!(mixed.live(), [1, 0, 0]);
        let items = if how == "again" { "tea,more" } else { "tea" };
        assert_eq!(browser.get("/show").text(), format!("{items} 0  "));
    }
}

#[test]
fn sessions_of_one_request_are_saved_at_the_same_time() {
    let mixed = Mixed::open();
    let mut browser = mixed.site.browser();
    let gates = [&mixed.site.engine, &mixed.files, &mixed.baskets]
        .map(|engine| engine.hold_next(Verb::Create));
    thread::scope(|scope| {
        let filling = scope.spawn(move || browser.get("/fill"));
        // All of them stand there before one of them is let go.
        gates.iter().for_each(|gate| wait_for(gate, 1));
        gates.iter().for_each(sessions::test_util::Gate::open);
        assert_eq!(filling.join().unwrap().set_cookies().len(), 4);
    });
}

#[test]
fn a_session_that_cannot_be_had_does_not_keep_another_from_being_saved() {
    let mixed = Mixed::open();
    let mut browser = mixed.filled();
    mixed.files.faults.fail(Verb::Load, 1, DOWN);
    let reply = browser.get("/cart-if-no-visit");
    assert_eq!((reply.status, reply.text()), (200, "no visit"));
    assert_eq!(reply.set_cookies(), NONE);
    assert_eq!(browser.get("/show").text(), "tea,without 1 x egg");
}

// Names.

async fn three_carts(registry: Registry, item: web::Path<String>) -> Result<String, SessionError> {
    let mut said = Vec::new();
    for name in ["cart", "guest-cart", "wish-list"] {
        let mut cart = registry.named::<Cart>(name).await?;
        if *item != "none" && name != "wish-list" {
            cart.items_mut().push(format!("{item} for {name}"));
        }
        said.push(cart.items().join(","));
    }
    Ok(said.join(" | "))
}

async fn end_guest(registry: Registry) -> Result<String, SessionError> {
    registry.named::<Cart>("guest-cart").await?.destroy();
    Ok("ended".to_owned())
}

#[test]
fn one_type_under_several_names_is_several_sessions_over_one_store() {
    for engine in Engine::each() {
        let site = Site::open(
            engine,
            |all| all,
            |app| {
                app.route("/three/{item}", web::get().to(three_carts))
                    .route("/end-guest", web::get().to(end_guest));
                shop(app);
            },
        );
        let mut browser = site.browser();
        let reply = browser.get("/three/tea");
        assert_eq!(lines(&reply), [line("cart"), line("guest-cart")]);
        assert_eq!(reply.text(), "tea for cart | tea for guest-cart | ");
        assert_eq!(site.live().len(), 2);
        let values: Vec<&str> = browser
            .jar
            .cookies()
            .iter()
            .map(|kept| &*kept.value)
            .collect();
        assert_ne!(values[0], values[1]);
        assert_eq!(
            browser.get("/three/none").text(),
            "tea for cart | tea for guest-cart | "
        );
        assert_eq!(browser.get("/show").text(), "Loaded tea for cart");
        assert_eq!(lines(&browser.get("/end-guest")), [removal("guest-cart")]);
        assert_eq!(browser.get("/three/none").text(), "tea for cart |  | ");

        // Neither token opens the other's session, whichever cookie it stands in.
        let cart = cookie(&browser);
        let swapped = cart.replace("__Host-cart", "__Host-guest-cart");
        let reply = site.get_with(&swapped, "/three/none");
        assert_eq!(reply.text(), " |  | ");
    }
}

// Nested middlewares.

fn outer(engine: &Engine) -> SessionMiddlewareBuilder {
    SessionMiddleware::builder(engine.store()).options(|all| all.store_timeout(MINUTE))
}

#[test]
fn a_nested_middleware_keeps_its_types_in_its_own_store() {
    for [outside, inside] in [Engine::each(), [Engine::files(), Engine::memory()]] {
        let clock = still();
        let sessions = outer(&outside)
            .clock(clock.clone().clock())
            .build()
            .unwrap();
        let store = inside.store();
        let nested = SessionMiddleware::nested()
            .session::<Visit>(|visit| visit.store(store).store_timeout(MINUTE))
            .clock(clock.clock())
            .build()
            .unwrap();
        let server = Server::start(move || {
            let both = |mut cart: Session<Cart>, mut visit: Session<Visit>| async move {
                cart.items_mut().push("tea".to_owned());
                let count = visit.count() + 1;
                visit.set_count(count);
                format!("{} {count}", cart.items().join(","))
            };
            App::new()
                .service(
                    web::scope("/in")
                        .wrap(nested.clone())
                        .route("", web::get().to(both)),
                )
                .configure(shop)
                .wrap(sessions.clone())
        });
        let mut browser = Browser::new(&server);
        assert_eq!(lines(&browser.get("/in")), [line("cart"), line("visit")]);
        assert_eq!(
            (outside.tally(), inside.tally()),
            ("create 1".to_owned(), "create 1".to_owned())
        );
        assert_eq!(browser.get("/in").text(), "tea,tea 2");
        assert_eq!(browser.get("/show").text(), "Loaded tea,tea");
        assert_eq!(outside.tally(), "load 2, update 1");
        assert_eq!(inside.tally(), "load 1, update 1");

        // Only the outermost saves: what is withheld inside is withheld outside too.
        let mut newcomer = Browser::new(&server);
        inside.faults.fail(Verb::Create, 1, DOWN);
        let reply = newcomer.get("/in");
        assert_eq!((reply.status, reply.text()), (503, ""));
        assert_eq!(reply.set_cookies(), NONE);
        let now = sessions::Timestamp::from(still().now());
        assert_eq!(
            wait(outside.ledger.live(now)).len(),
            1,
            "the first visitor's"
        );
    }
}
