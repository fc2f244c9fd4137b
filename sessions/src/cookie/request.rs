use std::{borrow::Cow, fmt};

use actix_web::http::header::{self, HeaderMap, HeaderValue};

/// The `Cookie` headers of a request, unparsed.
#[derive(Default)]
pub(crate) struct RequestCookies<'a> {
    first: Option<Cow<'a, HeaderValue>>,
    /// HTTP/2 may split the header (RFC 9113, section 8.2.3); most clients do not.
    more: Vec<Cow<'a, HeaderValue>>,
}

impl<'a> RequestCookies<'a> {
    pub(crate) fn from_headers(headers: &'a HeaderMap) -> Self {
        let mut all = headers.get_all(header::COOKIE).map(Cow::Borrowed);
        Self {
            first: all.next(),
            more: all.collect(),
        }
    }

    pub(super) fn as_bytes(&self) -> impl Iterator<Item = &[u8]> {
        let all = self.first.iter().chain(&self.more);
        all.map(|header| header.as_bytes())
    }

    /// For as long as somebody may ask for a session; the headers' bytes are shared, not copied.
    pub(crate) fn kept(&self) -> RequestCookies<'static> {
        let kept = |header: &Cow<'_, HeaderValue>| Cow::Owned(HeaderValue::clone(header));
        RequestCookies {
            first: self.first.as_ref().map(kept),
            more: self.more.iter().map(kept).collect(),
        }
    }
}

/// How many only: the values are tokens.
impl fmt::Debug for RequestCookies<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestCookies({} headers)", self.as_bytes().count())
    }
}
