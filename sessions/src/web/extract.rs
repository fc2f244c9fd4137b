use std::{
    borrow::Cow,
    future::{Ready, ready},
    rc::Rc,
};

use actix_web::{
    FromRequest, HttpMessage as _, HttpRequest,
    dev::Payload,
    http::{
        Method,
        header::{HeaderMap, HeaderName},
    },
};

use crate::{
    cookie::RequestCookies,
    error::{SessionError, SessionErrorKind},
    manager::{Audience, Visit},
    registry::{OpenSessions, Registry},
    session::{Session, SessionData},
};

use super::response::Chain;

/// Opens the session under the type's own name.
impl<T: SessionData> FromRequest for Session<T> {
    type Error = SessionError;
    type Future = Ready<Result<Self, SessionError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let session =
            open_sessions(request, T::NAME).and_then(|open| open.open::<T>(Cow::Borrowed(T::NAME)));
        ready(session.map(Self::new).inspect_err(log))
    }
}

impl FromRequest for Registry {
    type Error = SessionError;
    type Future = Ready<Result<Self, SessionError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(open_sessions(request, "*").map(Self::new).inspect_err(log))
    }
}

fn open_sessions(
    request: &HttpRequest,
    session: &'static str,
) -> Result<Rc<OpenSessions>, SessionError> {
    let open = request.extensions().get::<Rc<OpenSessions>>().cloned();
    let open =
        open.ok_or_else(|| SessionError::new(SessionErrorKind::MiddlewareMissing, session))?;
    open.note_visit(|| Visit {
        cookies: RequestCookies::from_headers(request.headers()),
        audience: audience(request.method(), request.headers()),
    });
    Ok(open)
}

/// A browser says `Sec-Purpose: prefetch`, older ones `Purpose` or `X-Moz`.
fn audience(method: &Method, headers: &HeaderMap) -> Audience {
    if method == Method::HEAD {
        return Audience::Nobody;
    }
    let prefetch = PREFETCH_HEADERS.iter().any(|name| {
        let value = headers.get(name).map_or(&[][..], |value| value.as_bytes());
        value
            .get(.."prefetch".len())
            .is_some_and(|start| start.eq_ignore_ascii_case(b"prefetch"))
    });
    if prefetch {
        Audience::Prefetch
    } else {
        Audience::Somebody
    }
}

/// As names, since a text would be parsed again for each request.
static PREFETCH_HEADERS: [HeaderName; 3] = [
    HeaderName::from_static("sec-purpose"),
    HeaderName::from_static("purpose"),
    HeaderName::from_static("x-moz"),
];

fn log(error: &SessionError) {
    tracing::error!(error = %Chain(error), "session not available");
}
