//! Requests that overtake each other, each order forced by a gate.

use std::{
    io::Write as _,
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use actix_web::web;
use sessions::{
    Session,
    test_util::{Fault, Gate, Verb},
};
use sessions_tests::{Browser, Reply};

use crate::{
    engine::{Engine, wait_for},
    site::{Cart, HOUR, NONE, Site, cookie, cookie_of, line, lines, removal, shop, told, with_tea},
};

/// A response that is as it would have been, and brings nothing back.
#[track_caller]
fn assert_late(reply: &Reply, text: &str) {
    assert_eq!((reply.status, reply.text()), (200, text));
    assert_eq!(reply.set_cookies(), NONE);
}

/// Sends so many requests with the cookies of one browser, and lets them go on together from a verb.
fn together(site: &Site, browsers: &[Browser], path: &str, verb: Verb) -> Vec<Reply> {
    let gate = site.engine.gates.hold(verb);
    thread::scope(|scope| {
        let requests: Vec<_> = browsers
            .iter()
            .map(|browser| {
                let mut browser = browser.clone();
                scope.spawn(move || browser.get(path))
            })
            .collect();
        wait_for(&gate, browsers.len());
        gate.open();
        requests
            .into_iter()
            .map(|request| request.join().unwrap())
            .collect()
    })
}

// A logout beats whatever is in flight.

#[test]
fn a_write_that_comes_after_the_logout_brings_nothing_back() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        for path in ["/items/cup", "/idle", "/show", "/clear"] {
            let browser = with_tea(&site);
            // The session was loaded when it still lived.
            let mut other = browser.clone();
            let (late, logout) =
                site.overtake_answer(&browser, path, Verb::Load, || other.get("/destroy"));
            assert_eq!(lines(&logout), [removal("cart")]);
            assert_eq!((late.status, late.set_cookies()), (200, vec![]), "{path}");
            let gone = ["destroyed cart", "gone cart"];
            let writes = ["/items/cup", "/clear"].contains(&path);
            let told = if writes { &gone[..] } else { &gone[..1] };
            assert_eq!(site.events.take(), told, "{path}");
            assert_eq!(site.live(), [], "{path}");
        }
    }
}

#[test]
fn a_logout_that_overtakes_an_update_at_the_store_is_the_last_word() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let browser = with_tea(&site);
        let mut other = browser.clone();
        let (late, logout) = site.overtake(&browser, "/items/cup", Verb::Update, || {
            other.get("/destroy")
        });
        assert_eq!(lines(&logout), [removal("cart")]);
        assert_late(&late, "tea,cup");
        assert_eq!(site.events.take(), ["destroyed cart", "gone cart"]);
        assert_eq!(site.live(), []);
        assert_eq!(site.shown_to(&cookie(&browser)), "Rejected(Unknown) ");
    }
}

#[test]
fn a_logout_after_an_update_whose_answer_is_on_its_way_ends_what_was_written() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let browser = with_tea(&site);
        let mut other = browser.clone();
        let (late, _) = site.overtake_answer(&browser, "/items/cup", Verb::Update, || {
            other.get("/destroy")
        });
        assert_late(&late, "tea,cup");
        assert_eq!(site.events.take(), ["destroyed cart"]);
        assert_eq!(site.live(), []);
    }
}

#[test]
fn an_update_while_the_logout_is_at_the_store_lives_no_longer_than_that() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let browser = with_tea(&site);
        let mut other = browser.clone();
        let (logout, written) = site.overtake(&browser, "/destroy", Verb::Delete, || {
            other.get("/items/cup")
        });
        assert_late(&written, "tea,cup");
        assert_eq!(lines(&logout), [removal("cart")]);
        assert_eq!(site.live(), []);
    }
}

#[test]
fn a_touch_in_flight_does_not_outlive_the_logout() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        for before in [true, false] {
            let browser = with_tea(&site);
            let mut other = browser.clone();
            site.clock.advance(HOUR);
            let destroy = || other.get("/destroy");
            let (late, _) = if before {
                site.overtake(&browser, "/show", Verb::Touch, destroy)
            } else {
                site.overtake_answer(&browser, "/show", Verb::Touch, destroy)
            };
            assert_late(&late, "Loaded tea");
            let gone = ["destroyed cart", "gone cart"];
            let told = if before { &gone[..] } else { &gone[..1] };
            assert_eq!(site.events.take(), told);
            assert_eq!(site.live(), []);
        }
    }
}

#[test]
fn a_renewal_that_comes_after_the_logout_brings_nothing_back() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        for path in ["/renew", "/renew/cup"] {
            let browser = with_tea(&site);
            let mut other = browser.clone();
            let (late, _) = site.overtake(&browser, path, Verb::Rename, || other.get("/destroy"));
            assert_late(&late, "done");
            assert_eq!(site.events.take(), ["destroyed cart", "gone cart"]);
            assert_eq!(site.live(), []);
        }
    }
}

#[test]
fn a_save_that_comes_after_the_logout_says_that_the_session_is_gone() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let browser = with_tea(&site);
        let mut other = browser.clone();
        let (late, _) = site.overtake(&browser, "/save/cup", Verb::Update, || {
            other.get("/destroy")
        });
        assert_late(&late, "Gone");
        assert_eq!(site.events.take(), ["destroyed cart", "gone cart"]);
        assert_eq!(site.live(), []);
    }
}

/// Saves a renewal, and writes on.
async fn renew_and_write(mut cart: Session<Cart>) -> String {
    cart.renew();
    let first = told(cart.save().await);
    cart.items_mut().push("more".to_owned());
    format!("{first} {}", told(cart.save().await))
}

/// Is begun by the handler, and ended by somebody before the response leaves.
async fn begin_and_wait(mut cart: Session<Cart>, gate: web::Data<Gate>) -> String {
    cart.items_mut().push("tea".to_owned());
    let first = told(cart.save().await);
    gate.pass().await;
    cart.items_mut().push("more".to_owned());
    format!("{first} {}", told(cart.save().await))
}

#[test]
fn a_renewal_saved_by_the_handler_after_the_logout_is_gone_for_good() {
    for engine in Engine::each() {
        let site = Site::open(
            engine,
            |all| all,
            |app| {
                app.route("/renew-and-write", web::get().to(renew_and_write));
                shop(app);
            },
        );
        let browser = with_tea(&site);
        let mut other = browser.clone();
        let (late, _) = site.overtake(&browser, "/renew-and-write", Verb::Rename, || {
            other.get("/destroy")
        });
        assert_late(&late, "Gone Gone");
        assert_eq!(site.live(), []);
    }
}

#[test]
fn the_cookie_of_a_session_that_ended_before_the_response_left_is_not_sent() {
    for engine in Engine::each() {
        let gate = Gate::closed();
        let data = web::Data::new(gate.clone());
        let site = Site::open(
            engine,
            |all| all,
            move |app| {
                app.app_data(data.clone())
                    .route("/begin", web::get().to(begin_and_wait));
                shop(app);
            },
        );
        let mut browser = site.browser();
        let reply = thread::scope(|scope| {
            let late = scope.spawn(move || browser.get("/begin"));
            wait_for(&gate, 1);
            // An administrator's doing, say.
            site.clear();
            gate.open();
            late.join().unwrap()
        });
        assert_late(&reply, "saved Gone");
        assert_eq!(site.events.take(), ["created cart", "gone cart"]);
        assert_eq!(site.live(), []);
    }
}

#[test]
fn a_logout_beats_a_write_that_is_being_joined_with_another_s() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let browser = with_tea(&site);
        let (mut writer, mut leaver, mut late) =
            (browser.clone(), browser.clone(), browser.clone());
        let at_update = site.engine.hold_next(Verb::Update);
        let reply = thread::scope(|scope| {
            let late = scope.spawn(move || late.get("/items/late"));
            wait_for(&at_update, 1);
            assert_late(&writer.get("/items/cup"), "tea,cup");
            // The late one conflicts, and asks what is there now.
            let at_load = site.engine.hold_next(Verb::Load);
            at_update.open();
            wait_for(&at_load, 1);
            leaver.get("/destroy");
            at_load.open();
            late.join().unwrap()
        });
        assert_late(&reply, "tea,late");
        assert_eq!(site.events.take(), ["destroyed cart", "gone cart"]);
        assert_eq!(site.live(), []);
    }
}

#[test]
fn two_logouts_are_a_logout() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let browser = with_tea(&site);
        let browsers = [browser.clone(), browser];
        for reply in together(&site, &browsers, "/destroy", Verb::Delete) {
            assert_eq!(lines(&reply), [removal("cart")]);
        }
        assert_eq!(site.live(), []);
    }
}

/// Ends the session in the handler.
async fn save_end(mut cart: Session<Cart>) -> String {
    cart.destroy();
    told(cart.save().await)
}

#[test]
fn a_visitor_who_hangs_up_is_logged_out_all_the_same() {
    for engine in Engine::each() {
        let site = Site::open(
            engine,
            |all| all,
            |app| {
                app.route("/save-end", web::get().to(save_end));
                shop(app);
            },
        );
        for (path, verb, live) in [
            ("/save-end", Verb::Delete, 0),
            ("/destroy", Verb::Delete, 0),
            ("/destroy/cup", Verb::Delete, 1),
            ("/items/cup", Verb::Update, 1),
        ] {
            let browser = with_tea(&site);
            let old = cookie(&browser);
            let gate = site.engine.hold_next(verb);
            hang_up(&site, &old, path, || wait_for(&gate, 1));
            // The worker has seen that the connection is gone once it has served somebody else after it.
            for _ in 0..20 {
                assert_eq!(site.browser().get("/plain").status, 200);
            }
            gate.open();
            let patience = Instant::now() + Duration::from_secs(10);
            let shown = if path == "/items/cup" {
                "Loaded tea,cup"
            } else {
                "Rejected(Unknown) "
            };
            while site.shown_to(&old) != shown || site.live().len() != live {
                assert!(Instant::now() < patience, "{path} was dropped");
            }
            site.clear();
        }
    }
}

/// Sends a request, and resets the connection while it is answered.
fn hang_up(site: &Site, cookie: &str, path: &str, meanwhile: impl FnOnce()) {
    let mut stream = TcpStream::connect(site.server().address()).unwrap();
    // What was answered and not read when a socket is closed makes its system reset the connection.
    let request = format!(
        "GET /plain HTTP/1.1\r\nHost: shop.example\r\n\r\n\
         GET {path} HTTP/1.1\r\nHost: shop.example\r\nCookie: {cookie}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut first = [0; 1];
    assert_eq!(stream.peek(&mut first).unwrap(), 1);
    meanwhile();
    drop(stream);
}

// Renewals.

#[test]
fn the_old_token_is_dead_before_the_new_one_is_told() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let browser = with_tea(&site);
        let old = cookie(&browser);
        let (reply, seen) =
            site.overtake_answer(&browser, "/renew", Verb::Rename, || site.shown_to(&old));
        assert_eq!(seen, "Rejected(Unknown) ");
        assert_eq!(site.shown_to(&cookie_of(&reply)), "Loaded tea");
    }
}

#[test]
fn of_renewals_in_parallel_one_token_works() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let browser = with_tea(&site);
        let browsers = vec![browser.clone(); 8];
        let replies = together(&site, &browsers, "/renew", Verb::Rename);
        let mut tokens = Vec::new();
        for reply in &replies {
            assert_eq!((reply.status, reply.text()), (200, "done"));
            if !reply.set_cookies().is_empty() {
                assert_eq!(lines(reply), [line("cart")]);
                tokens.push(cookie_of(reply));
            }
        }
        assert_eq!(tokens.len(), 1, "{}", site.engine.name);
        assert_eq!(site.shown_to(&tokens[0]), "Loaded tea");
        assert_eq!(site.shown_to(&cookie(&browser)), "Rejected(Unknown) ");
        assert_eq!(site.live().len(), 1);
        let mut told = site.events.take();
        told.retain(|event| event == "gone cart" || event == "renewed cart");
        told.sort_unstable();
        assert_eq!(told, [vec!["gone cart"; 7], vec!["renewed cart"]].concat());
    }
}

#[test]
fn a_renewal_takes_along_what_was_written_meanwhile() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let browser = with_tea(&site);
        let mut other = browser.clone();
        let (reply, written) =
            site.overtake(&browser, "/renew", Verb::Rename, || other.get("/items/cup"));
        assert_late(&written, "tea,cup");
        assert_eq!(site.shown_to(&cookie_of(&reply)), "Loaded tea,cup");
        assert_eq!(site.events.take(), ["merged cart", "renewed cart"]);
        assert_eq!(site.live().len(), 1);
    }
}

#[test]
fn what_is_written_to_a_session_that_was_renewed_meanwhile_is_gone() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let browser = with_tea(&site);
        let mut other = browser.clone();
        // A page that was open before the login, whose answer comes after it.
        let (late, login) = site.overtake(&browser, "/items/late", Verb::Update, || {
            other.get("/renew/private")
        });
        assert_late(&late, "tea,late");
        assert_eq!(site.events.take(), ["renewed cart", "gone cart"]);
        assert_eq!(site.shown_to(&cookie_of(&login)), "Loaded tea,private");
        assert_eq!(site.live().len(), 1);
        // So is a late reader who would have touched.
        site.clock.advance(HOUR);
        let browser = other.clone();
        let (late, login) = site.overtake(&browser, "/show", Verb::Touch, || other.get("/renew"));
        assert_late(&late, "Loaded tea,private");
        assert_eq!(site.shown_to(&cookie_of(&login)), "Loaded tea,private");
        assert_eq!(site.live().len(), 1);
    }
}

#[test]
fn a_late_reader_does_not_take_away_a_newer_cookie() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let browser = with_tea(&site);
        let mut other = browser.clone();
        for _ in 0..2 {
            let (late, _) = site.overtake(&browser, "/show", Verb::Load, || other.get("/renew"));
            assert_late(&late, "Rejected(Unknown) ");
        }
        assert_eq!(other.get("/show").text(), "Loaded tea");
    }
}

// First visits.

#[test]
fn first_visits_in_parallel_begin_sessions_of_their_own() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let browsers = vec![site.browser(); 8];
        let replies = together(&site, &browsers, "/items/tea", Verb::Create);
        let mut tokens: Vec<String> = replies.iter().map(cookie_of).collect();
        for (number, token) in tokens.iter().enumerate() {
            site.get_with(token, &format!("/items/{number}"));
        }
        for (number, token) in tokens.iter().enumerate() {
            assert_eq!(site.shown_to(token), format!("Loaded tea,{number}"));
        }
        tokens.sort_unstable();
        tokens.dedup();
        assert_eq!((tokens.len(), site.live().len()), (8, 8));
    }
}

// Writers.

#[test]
fn a_reader_never_writes_back_what_it_read() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let mut browser = with_tea(&site);
        site.clock.advance(HOUR);
        let reader = browser.clone();
        for path in ["/show", "/idle"] {
            let (late, _) =
                site.overtake_answer(&reader, path, Verb::Load, || browser.get("/items/cup"));
            assert_eq!((late.status, late.set_cookies()), (200, vec![]));
        }
        assert_eq!(browser.get("/show").text(), "Loaded tea,cup,cup");
        assert_eq!(site.events.take(), NONE);
    }
}

#[test]
fn of_two_writers_the_second_joins_what_the_first_wrote_and_arrives() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let mut browser = with_tea(&site);
        let late = browser.clone();
        let (late, first) = site.overtake(&late, "/items/late", Verb::Update, || {
            browser.get("/items/cup")
        });
        assert_late(&first, "tea,cup");
        assert_late(&late, "tea,late");
        assert_eq!(site.engine.tally(), "load 3, update 3");
        assert_eq!(site.events.take(), ["merged cart"]);
        assert_eq!(browser.get("/show").text(), "Loaded tea,late");
    }
}

#[test]
fn each_of_many_writers_arrives() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        let mut browser = with_tea(&site);
        let browsers = vec![browser.clone(); 8];
        for reply in together(&site, &browsers, "/items/cup", Verb::Update) {
            assert_late(&reply, "tea,cup");
        }
        assert_eq!(browser.get("/show").text(), "Loaded tea,cup");
        assert_eq!(site.live().len(), 1);
    }
}

#[test]
fn a_writer_whom_somebody_always_overtakes_gives_up() {
    let site = Site::shop(Engine::memory());
    let mut browser = with_tea(&site);
    for path in ["/items/cup", "/renew/cup"] {
        site.engine.ledger.always_conflict(true);
        let reply = browser.get(path);
        site.engine.ledger.always_conflict(false);
        assert_eq!((reply.status, reply.text()), (409, ""), "{path}");
        assert_eq!(reply.set_cookies(), NONE, "{path}");
        assert_eq!(browser.get("/show").text(), "Loaded tea", "{path}");
        assert_eq!(site.live().len(), 1);
    }
}

#[test]
fn what_may_have_been_written_is_not_joined_with_what_came_after_it() {
    for engine in Engine::each() {
        let site = Site::shop(engine);
        for fault in [Fault::AnswerLost, Fault::CallLost] {
            let mut browser = with_tea(&site);
            let mut late = browser.clone();
            site.engine.faults.fail(Verb::Update, 1, fault);
            // The second load of the late writer asks what became of its write.
            let gate = Gate::closed();
            let held = Fault::Held(gate.clone());
            site.engine.faults.fail(Verb::Load, 2, held);
            let reply = thread::scope(|scope| {
                let late = scope.spawn(move || late.get("/items/late"));
                wait_for(&gate, 1);
                browser.get("/items/cup");
                gate.open();
                late.join().unwrap()
            });
            assert_eq!((reply.status, reply.text()), (503, ""));
            assert_eq!(reply.set_cookies(), NONE);
            let shown = browser.get("/show").text().to_owned();
            assert!(
                ["Loaded tea,late,cup", "Loaded tea,cup"].contains(&&*shown),
                "{shown}"
            );
        }
    }
}
