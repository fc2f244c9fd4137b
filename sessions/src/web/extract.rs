use std::{
    borrow::Cow,
    fmt,
    future::{Future, Ready, ready},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    FromRequest, HttpMessage as _, HttpRequest,
    dev::Payload,
    http::{
        Method,
        header::{self, HeaderMap, HeaderName},
    },
};
use futures_util::future::LocalBoxFuture;

use crate::{
    cookie::RequestCookies,
    data::has_flash,
    error::{Chain, SessionError, SessionErrorKind},
    manager::{Audience, DeviceAddress, Entering, Visit},
    registry::{OpenSessions, Registry},
    session::{Session, SessionData},
    store::Device,
};

/// Opens the session under the type's own name.
impl<T: SessionData> FromRequest for Session<T> {
    type Error = SessionError;
    type Future = OpeningSession<T>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let entering = match open_sessions(request, T::NAME) {
            Ok(open) => {
                let visit = visit(request, &open, const { has_flash(T::KEYS) });
                open.open::<T>(Cow::Borrowed(T::NAME), &visit)
            }
            Err(error) => Entering::Ready(Err(error)),
        };
        OpeningSession {
            state: match entering {
                Entering::Ready(slot) => State::Ready(Some(slot.map(Self::new))),
                Entering::Pending(slot) => {
                    State::Pending(Box::pin(async { slot.await.map(Self::new) }))
                }
            },
        }
    }
}

/// A [`Session`] on its way to the handler: there at once, or when its store has answered.
pub struct OpeningSession<T: SessionData> {
    state: State<T>,
}

enum State<T: SessionData> {
    Ready(Option<Result<Session<T>, SessionError>>),
    Pending(LocalBoxFuture<'static, Result<Session<T>, SessionError>>),
}

/// No part of it is pinned but the boxed future, which is so already.
impl<T: SessionData> Unpin for OpeningSession<T> {}

impl<T: SessionData> Future for OpeningSession<T> {
    type Output = Result<Session<T>, SessionError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let session = match &mut self.state {
            // As `std::future::Ready` does: nobody polls a future again that was ready.
            State::Ready(session) => session.take().map_or(Poll::Pending, Poll::Ready),
            State::Pending(session) => session.as_mut().poll(context),
        };
        if let Poll::Ready(Err(error)) = &session {
            log(error);
        }
        session
    }
}

impl<T: SessionData> fmt::Debug for OpeningSession<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpeningSession").finish_non_exhaustive()
    }
}

impl FromRequest for Registry {
    type Error = SessionError;
    type Future = Ready<Result<Self, SessionError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let open = open_sessions(request, "*").inspect_err(log);
        ready(open.map(|open| {
            // Any session may be asked for later.
            let visit = visit(request, &open, true).kept();
            Self::new(open, visit)
        }))
    }
}

fn open_sessions(
    request: &HttpRequest,
    session: &'static str,
) -> Result<Rc<OpenSessions>, SessionError> {
    let open = request.extensions().get::<Rc<OpenSessions>>().cloned();
    open.ok_or_else(|| SessionError::new(SessionErrorKind::MiddlewareMissing, session))
}

/// What a request says about itself; who will see its response only where a session has flash messages.
#[inline]
fn visit<'a>(request: &'a HttpRequest, open: &OpenSessions, has_flash: bool) -> Visit<'a> {
    Visit {
        cookies: RequestCookies::from_headers(request.headers()),
        audience: if has_flash {
            audience(request.method(), request.headers())
        } else {
            Audience::Somebody
        },
        devices: devices(request, &open.devices()),
    }
}

fn devices(request: &HttpRequest, addresses: &[DeviceAddress]) -> Vec<(DeviceAddress, Device)> {
    let known = addresses.iter();
    known
        .map(|address| (*address, device(request, *address)))
        .collect()
}

/// Where a request comes from, cut to what may be kept: both are the visitor's own words.
fn device(request: &HttpRequest, address: DeviceAddress) -> Device {
    let address = match address {
        DeviceAddress::Peer => request.peer_addr().map(|peer| peer.ip().to_string()),
        DeviceAddress::Forwarded => {
            let connection = request.connection_info();
            connection
                .realip_remote_addr()
                .map(|address| cut(address, 64))
        }
    };
    let user_agent = request.headers().get(header::USER_AGENT);
    Device {
        address,
        user_agent: user_agent
            .and_then(|agent| agent.to_str().ok())
            .map(|agent| cut(agent, 256)),
    }
}

fn cut(text: &str, bytes: usize) -> String {
    text.get(..text.floor_char_boundary(bytes))
        .unwrap_or_default()
        .to_owned()
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
