use std::{
    cell::RefCell,
    future::Future,
    pin::Pin,
    rc::Rc,
    time::{Duration, UNIX_EPOCH},
};

use actix_http::Request;
use actix_web::{
    App, Error, HttpResponse,
    body::{BoxBody, EitherBody},
    dev::{Service as _, ServiceResponse},
    http::{StatusCode, header},
    rt::{System, SystemRunner},
    test::{TestRequest, init_service},
    web::ServiceConfig,
};
use proptest::test_runner::{Config, TestRunner};
use sessions::{CookieStore, Key, KeyRing, SessionMiddleware, test_util::TestClock};

type Call = dyn Fn(
    Request,
) -> Pin<
    Box<dyn Future<Output = Result<ServiceResponse<EitherBody<BoxBody>>, Error>>>,
>;

/// An application without a socket, behind sessions.
pub(super) struct Site {
    system: SystemRunner,
    call: Box<Call>,
}

/// What a page answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// The `Set-Cookie` lines up to their attributes.
    pub(super) cookies: Vec<String>,
}

pub(super) const NOON: u64 = 1_750_000_000;

pub(super) fn key() -> [u8; 32] {
    std::array::from_fn(|index| (index as u8).wrapping_mul(41) ^ 0x17)
}

pub(super) fn keys() -> KeyRing {
    KeyRing::new(Key::from_bytes(key()).unwrap())
}

impl Site {
    pub(super) fn new(store: CookieStore, routes: impl FnOnce(&mut ServiceConfig)) -> Self {
        let clock = TestClock::at(UNIX_EPOCH + Duration::from_secs(NOON));
        let sessions = SessionMiddleware::builder(store)
            .clock(clock.clock())
            .build()
            .unwrap();
        let system = System::new();
        let app = system.block_on(init_service(App::new().wrap(sessions).configure(routes)));
        let app = Rc::new(app);
        Self {
            system,
            call: Box::new(move |request| {
                let app = Rc::clone(&app);
                Box::pin(async move { app.call(request).await })
            }),
        }
    }

    /// Gets a page with these `Cookie` headers.
    pub(super) fn get(&self, path: &str, cookies: &[&[u8]]) -> Answer {
        let mut request = TestRequest::get().uri(path);
        for cookie in cookies {
            request = request.append_header((header::COOKIE, *cookie));
        }
        let request = request.to_request();
        match self.system.block_on((self.call)(request)) {
            Ok(response) => Answer::new(response.response()),
            Err(error) => Answer::new(&error.error_response()),
        }
    }
}

impl Answer {
    fn new<B>(response: &HttpResponse<B>) -> Self {
        Self {
            status: response.status(),
            cookies: response
                .headers()
                .get_all(header::SET_COOKIE)
                .map(|line| {
                    let line = line.to_str().unwrap();
                    line.split(';').next().unwrap().to_owned()
                })
                .collect(),
        }
    }
}

/// A drawer that a handler and its test share.
pub(super) type Drawer<T> = Rc<RefCell<Option<T>>>;

pub(super) fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    })
}
