use std::fmt;

use actix_web::http::header::{self, HeaderMap, HeaderValue};

/// The `Cookie` headers of a request, kept unparsed for as long as somebody may ask for a session.
#[derive(Clone, Default)]
pub(crate) struct RequestCookies {
    headers: Vec<HeaderValue>,
}

impl RequestCookies {
    /// Takes the headers along; their bytes are shared, not copied.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Self {
        Self {
            headers: headers.get_all(header::COOKIE).cloned().collect(),
        }
    }

    pub(super) fn as_bytes(&self) -> impl Iterator<Item = &[u8]> {
        self.headers.iter().map(HeaderValue::as_bytes)
    }
}

/// How many only: the values are tokens.
impl fmt::Debug for RequestCookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestCookies({} headers)", self.headers.len())
    }
}
