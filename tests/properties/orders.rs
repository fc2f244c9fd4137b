//! Calls in any order, against a model that knows only what each of them is for.

use std::{cell::RefCell, rc::Rc, time::Duration};

use actix_web::{
    Error, HttpResponse,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::StatusCode,
    middleware::{Next, from_fn},
    web,
};
use proptest::{collection, prelude::*, sample};
use sessions::{CookieStore, Session, SessionData};

use super::site::{Drawer, Site, keys, runner};

#[derive(SessionData)]
struct Desk {
    number: u32,
    #[session(principal)]
    user: Option<String>,
}

#[derive(Clone, Copy, Debug)]
enum Call {
    Write(u32),
    Save,
    Destroy,
    Renew,
    Clear,
    SetUser(&'static str),
    TakeUser,
    Remember,
    Forget,
}

/// One request: what its handler does, and how it ends.
#[derive(Clone, Debug, Default)]
struct Visit {
    calls: Vec<Call>,
    status: u16,
    ending: Ending,
}

#[derive(Clone, Copy, Debug, Default)]
enum Ending {
    #[default]
    Response,
    /// A middleware inside makes an error of it.
    Error,
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        2 => (0_u32..3).prop_map(Call::Write),
        1 => Just(Call::Save),
        1 => Just(Call::Destroy),
        1 => Just(Call::Renew),
        1 => Just(Call::Clear),
        1 => sample::select(vec!["ann", "bob"]).prop_map(Call::SetUser),
        1 => Just(Call::TakeUser),
        1 => Just(Call::Remember),
        1 => Just(Call::Forget),
    ]
}

fn visit() -> impl Strategy<Value = Visit> {
    let status = sample::select(vec![200, 200, 302, 404, 418, 500, 503]);
    let ending = sample::select(vec![Ending::Response, Ending::Response, Ending::Error]);
    (collection::vec(call(), 0..6), status, ending).prop_map(|(calls, status, ending)| Visit {
        calls,
        status,
        ending,
    })
}

/// What a session holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Held {
    number: u32,
    user: Option<&'static str>,
}

/// What the visitor has after a request; `None` for no session.
fn expected(before: Option<Held>, visit: &Visit) -> Option<Held> {
    let mut stored = before;
    let mut now = before.unwrap_or_default();
    // The session that is stored has ended, and what follows is another.
    let mut ended = false;
    let settle = |stored: Option<Held>, now: Held, ended: bool| {
        let is_there = stored.is_some() && !ended;
        (is_there || now != Held::default()).then_some(now)
    };
    for call in &visit.calls {
        match *call {
            Call::Write(number) => now.number = number,
            Call::Save => {
                stored = settle(stored, now, ended);
                ended = false;
            }
            Call::Destroy => {
                now = Held::default();
                ended = true;
            }
            Call::Clear => now.number = 0,
            Call::SetUser(user) => {
                if now.user.is_some_and(|other| other != user) {
                    now = Held::default();
                }
                now.user = Some(user);
            }
            Call::TakeUser => {
                if now.user.is_some() {
                    now = Held::default();
                    ended = true;
                }
            }
            Call::Renew | Call::Remember | Call::Forget => {}
        }
    }
    let failed = visit.status >= 500;
    match (failed, ended) {
        (false, _) => settle(stored, now, ended),
        (true, true) => None,
        (true, false) => stored,
    }
}

/// Two handles take turns.
async fn act(
    mut first: Session<Desk>,
    mut second: Session<Desk>,
    visit: Rc<RefCell<Visit>>,
) -> HttpResponse {
    let Visit { calls, status, .. } = visit.borrow().clone();
    for (index, call) in calls.into_iter().enumerate() {
        let desk = if index % 2 == 0 {
            &mut first
        } else {
            &mut second
        };
        match call {
            Call::Write(number) => desk.set_number(number),
            Call::Save => desk.save().await.unwrap(),
            Call::Destroy => desk.destroy(),
            Call::Renew => desk.renew(),
            Call::Clear => desk.clear(),
            Call::SetUser(user) => desk.set_user(user),
            Call::TakeUser => drop(desk.take_user()),
            Call::Remember => desk.remember(Duration::from_hours(24 * 90)),
            Call::Forget => desk.forget_on_close(),
        }
    }
    HttpResponse::build(StatusCode::from_u16(status).unwrap()).finish()
}

async fn end<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
    ending: Ending,
) -> Result<ServiceResponse<B>, Error> {
    let response = next.call(request).await?;
    match ending {
        Ending::Response => Ok(response),
        Ending::Error => Err(InternalError::new("ended", response.status()).into()),
    }
}

/// `/` does what lies in the tray, and `/show` puts into the drawer what the visitor has.
fn site(tray: &Rc<RefCell<Visit>>, drawer: &Drawer<Option<(u32, Option<String>)>>) -> Site {
    let (calls, ends, shown) = (Rc::clone(tray), Rc::clone(tray), Rc::clone(drawer));
    Site::new(CookieStore::sealed(keys()), |app| {
        app.service(
            web::resource("/")
                .wrap(from_fn(move |request, next: Next<_>| {
                    end(request, next, ends.borrow().ending)
                }))
                .to(move |first, second| act(first, second, Rc::clone(&calls))),
        )
        .route(
            "/show",
            web::get().to(move |desk: Session<Desk>| {
                let held = (desk.number(), desk.user().clone());
                shown.replace(Some((!desk.is_new()).then_some(held)));
                async { "" }
            }),
        );
    })
}

#[test]
fn whatever_the_order_of_calls_the_visitor_has_what_the_last_response_promised() {
    let (tray, drawer) = (Rc::default(), Drawer::default());
    let site = site(&tray, &drawer);
    runner(300)
        .run(&collection::vec(visit(), 1..12), |visits| {
            let mut jar = String::new();
            let mut held = None;
            for visit in visits {
                held = expected(held, &visit);
                tray.replace(visit);
                let answer = site.get("/", &[jar.as_bytes()]);
                prop_assert!(answer.cookies.len() <= 1, "{:?}", answer.cookies);
                if let Some(cookie) = answer.cookies.into_iter().next() {
                    jar = cookie;
                }
                site.get("/show", &[jar.as_bytes()]);
                let wanted = held.map(|held: Held| (held.number, held.user.map(str::to_owned)));
                prop_assert_eq!(drawer.take(), Some(wanted));
            }
            Ok(())
        })
        .unwrap();
}
