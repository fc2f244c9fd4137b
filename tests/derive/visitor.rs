use std::future::ready;

use actix_web::{
    App, HttpResponse,
    http::{Method, header},
    test, web,
};
use sessions::{CookieStore, KeyRing, Session, SessionData, SessionMiddleware};

/// A browser with one cookie, in front of whatever version of the code each visit names.
pub(crate) struct Visitor {
    keys: KeyRing,
    cookie: Option<String>,
}

impl Visitor {
    pub(crate) fn new() -> Self {
        Self {
            keys: KeyRing::generate().unwrap(),
            cookie: None,
        }
    }

    /// Runs a handler and keeps the cookie it set; tells whether it set one.
    pub(crate) async fn visit<T: SessionData>(&mut self, handler: fn(&mut Session<T>)) -> bool {
        self.visit_by(Method::GET, handler).await
    }

    pub(crate) async fn visit_by<T: SessionData>(
        &mut self,
        method: Method,
        handler: fn(&mut Session<T>),
    ) -> bool {
        let sessions = SessionMiddleware::builder(CookieStore::sealed(self.keys.clone()))
            .build()
            .unwrap();
        let route = web::route().to(move |mut session: Session<T>| {
            handler(&mut session);
            ready(HttpResponse::Ok().finish())
        });
        let app = test::init_service(App::new().wrap(sessions).route("/", route)).await;
        let mut request = test::TestRequest::with_uri("/").method(method);
        if let Some(cookie) = &self.cookie {
            request = request.insert_header((header::COOKIE, cookie.as_str()));
        }
        let response = test::call_service(&app, request.to_request()).await;
        assert!(response.status().is_success(), "{}", response.status());
        let Some(set_cookie) = response.headers().get(header::SET_COOKIE) else {
            return false;
        };
        let set_cookie = set_cookie.to_str().unwrap();
        let pair = set_cookie.split(';').next().unwrap();
        self.cookie = (!set_cookie.contains("Max-Age=0")).then(|| pair.to_owned());
        true
    }

    pub(crate) fn has_cookie(&self) -> bool {
        self.cookie.is_some()
    }
}
