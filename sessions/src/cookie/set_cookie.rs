use std::{error::Error, fmt};

use actix_web::{http::header::HeaderValue, web::Bytes};
use cookie::{Cookie, time};
use memchr::memmem::Finder;

use super::{
    RequestCookies,
    attributes::{Attributes, SameSite},
    rule::{self, CookieRule, CookieRuleError},
    scan,
};

/// A session's cookie, compiled once from its name and attributes: what to look for and what to write.
///
/// ```text
/// Set-Cookie: __Host-cart=AZf3…; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure; Path=/
///             └─ name ──┘ value  └─ per line ───┘└─ tail ──────────────────────────────┘
/// ```
#[derive(Clone, Debug)]
pub(crate) struct SessionCookie {
    name: Box<str>,
    finder: Finder<'static>,
    /// The attributes that are equal on every line, each behind its `"; "`.
    tail: Box<str>,
    removal: HeaderValue,
    max_value_len: usize,
}

impl SessionCookie {
    /// Compiles the cookie of the session called `session`, or says which rule it breaks.
    pub(crate) fn new(session: &str, attributes: &Attributes) -> Result<Self, CookieRuleError> {
        rule::check(session, attributes)?;
        let name = format!("{}{session}", attributes.prefix.as_str());
        let cookie = without_value(&name, attributes);
        let rendered = cookie.to_string();
        let tail = rendered.get(name.len() + "=".len()..).unwrap_or_default();

        // Room is kept for the longest `Max-Age`, so that whether data fits does not hang on the session's age.
        let taken = name.len() + "=".len() + max_age_len(Some(MAX_AGE_LIMIT)) + tail.len();
        let max_value_len = MAX_LINE.saturating_sub(taken);
        if max_value_len < MIN_VALUE {
            rule::broken(
                CookieRule::ValueHasRoom,
                format!(
                    "its name and attributes take {taken} of the {MAX_LINE} bytes a browser keeps (RFC 6265 section 6.1), and a \
                     token needs {MIN_VALUE}; use a shorter name or path"
                ),
            )?;
        }

        Ok(Self {
            finder: Finder::new(&name).into_owned(),
            tail: tail.into(),
            name: name.into_boxed_str(),
            removal: removal(cookie),
            max_value_len,
        })
    }

    /// Returns the cookie's full name, prefix and all.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Finds the values a request carries under this name: raw, in the order sent, and perhaps not ours.
    pub(crate) fn values<'a>(
        &'a self,
        cookies: &'a RequestCookies<'_>,
    ) -> impl Iterator<Item = &'a [u8]> {
        scan::values(cookies.as_bytes(), &self.finder)
    }

    /// Writes the line that carries a value, which `write_value` appends to the buffer it is given.
    ///
    /// The value's length is asked for beforehand, so that a value which would not fit is never produced and the buffer
    /// is allocated once. No `max_age` means a cookie that ends with the browser; zero removes it; more than 400 days is
    /// cut off there.
    ///
    /// # Errors
    ///
    /// [`LineError::TooLarge`] if the line would exceed what a browser keeps, before `write_value` is called.
    pub(crate) fn line(
        &self,
        value_len: usize,
        max_age: Option<u64>,
        write_value: impl FnOnce(&mut Vec<u8>),
    ) -> Result<SetCookie, LineError> {
        self.check_fits(value_len)?;
        let max_age = max_age.map(|seconds| seconds.min(MAX_AGE_LIMIT));

        // The capacity is exact: from a buffer with space to spare, `Bytes` makes one more allocation.
        let start = self.name.len() + "=".len();
        let mut line =
            Vec::with_capacity(start + value_len + max_age_len(max_age) + self.tail.len());
        line.extend_from_slice(self.name.as_bytes());
        line.push(b'=');
        write_value(&mut line);
        let written = line.len().saturating_sub(start);
        debug_assert_eq!(written, value_len, "a value is as long as announced");
        self.check_fits(written)?;
        if let Some(seconds) = max_age {
            line.extend_from_slice(MAX_AGE.as_bytes());
            line.extend_from_slice(itoa::Buffer::new().format(seconds).as_bytes());
        }
        line.extend_from_slice(self.tail.as_bytes());

        let mut line =
            HeaderValue::from_maybe_shared(Bytes::from(line)).map_err(|_| LineError::Malformed)?;
        // Keeps the token out of `Debug` output and out of HPACK's tables (RFC 7541 section 7.1.3).
        line.set_sensitive(true);
        Ok(SetCookie {
            header: line,
            removes: false,
        })
    }

    /// Returns the line that removes the cookie.
    ///
    /// It repeats every attribute: a browser removes only the cookie of the same name, domain, path and partition, and
    /// refuses a line that its prefix forbids (RFC 6265bis section 5.7).
    pub(crate) fn removal(&self) -> SetCookie {
        SetCookie {
            header: self.removal.clone(),
            removes: true,
        }
    }

    fn check_fits(&self, value: usize) -> Result<(), LineError> {
        if value <= self.max_value_len {
            return Ok(());
        }
        Err(LineError::TooLarge(TooLarge {
            name: self.name.len(),
            value,
            max_value: self.max_value_len,
        }))
    }
}

/// The value of a `Set-Cookie` header.
#[derive(Clone, Debug)]
pub(crate) struct SetCookie {
    header: HeaderValue,
    removes: bool,
}

impl SetCookie {
    /// The line that removes a cookie which obeys the rules.
    pub(super) fn removing(name: &str, attributes: &Attributes) -> Self {
        Self {
            header: removal(without_value(name, attributes)),
            removes: true,
        }
    }

    pub(crate) fn into_header(self) -> HeaderValue {
        self.header
    }

    /// Whether it takes the cookie away.
    pub(crate) fn removes(&self) -> bool {
        self.removes
    }
}

/// The reasons why there is no line for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineError {
    /// The value does not fit; the cookie the browser has stays.
    TooLarge(TooLarge),
    /// The value has bytes that no header may carry. Never the case for base64url.
    Malformed,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(sizes) => sizes.fmt(f),
            Self::Malformed => f.write_str("the cookie's value has bytes that no header may carry"),
        }
    }
}

impl Error for LineError {}

/// A cookie that a browser would drop for its size, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge {
    name: usize,
    value: usize,
    max_value: usize,
}

impl TooLarge {
    /// Returns how much shorter the value has to be.
    pub(crate) fn excess(&self) -> usize {
        self.value.saturating_sub(self.max_value)
    }
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a cookie value of {} bytes is {} over the {} that fit beside a name of {} bytes and its attributes in {}",
            self.value,
            self.excess(),
            self.max_value,
            self.name,
            MAX_LINE,
        )
    }
}

impl Error for TooLarge {}

fn without_value(name: &str, attributes: &Attributes) -> Cookie<'static> {
    let same_site = match attributes.same_site {
        SameSite::Strict => cookie::SameSite::Strict,
        SameSite::Lax => cookie::SameSite::Lax,
        SameSite::None => cookie::SameSite::None,
    };
    let mut cookie = Cookie::build((name.to_owned(), ""))
        .http_only(attributes.http_only)
        .same_site(same_site)
        .partitioned(attributes.partitioned)
        .secure(attributes.secure)
        .path(attributes.path.clone())
        .build();
    if let Some(domain) = &attributes.domain {
        cookie.set_domain(domain.clone());
    }
    cookie
}

fn removal(mut cookie: Cookie<'static>) -> HeaderValue {
    cookie.set_max_age(time::Duration::ZERO);
    cookie.set_expires(time::OffsetDateTime::UNIX_EPOCH);
    #[expect(
        clippy::expect_used,
        reason = "the rules, which are checked before, let nothing but visible ASCII into name, path and domain"
    )]
    HeaderValue::from_maybe_shared(Bytes::from(cookie.to_string()))
        .expect("a line of visible ASCII")
}

fn max_age_len(max_age: Option<u64>) -> usize {
    max_age.map_or(0, |seconds| {
        let digits = seconds.checked_ilog10().unwrap_or(0) as usize + 1;
        MAX_AGE.len() + digits
    })
}

const MAX_AGE: &str = "; Max-Age=";

/// 400 days in seconds: browsers cut longer ages off here (RFC 6265bis section 5.5).
const MAX_AGE_LIMIT: u64 = 400 * 24 * 60 * 60;

/// What every browser keeps: 4096 bytes of name, value and attributes (RFC 6265 section 6.1).
///
/// The newer 4096 bytes of name and value alone (RFC 6265bis section 5.6) are not used up: clients of the older rule drop
/// such a cookie without a word.
const MAX_LINE: usize = 4096;

/// A token of 32 bytes in base64url.
const MIN_VALUE: usize = 43;

#[cfg(test)]
mod tests {
    use actix_web::http::header::{self, HeaderMap};

    use super::super::attributes::{MaxAge, NamePrefix};
    use super::*;

    fn compiled(attributes: &Attributes) -> SessionCookie {
        SessionCookie::new("cart", attributes).unwrap()
    }

    fn line(cookie: &SessionCookie, value: &str, max_age: Option<u64>) -> String {
        let line = cookie.line(value.len(), max_age, |line| {
            line.extend_from_slice(value.as_bytes())
        });
        line.unwrap().into_header().to_str().unwrap().to_owned()
    }

    /// One cookie for each option, with its tail.
    fn variants() -> Vec<(&'static str, Attributes, &'static str)> {
        let default = Attributes::default;
        let secure = || Attributes {
            prefix: NamePrefix::Secure,
            ..default()
        };
        vec![
            (
                "__Host-cart",
                default(),
                "HttpOnly; SameSite=Lax; Secure; Path=/",
            ),
            (
                "__Host-Http-cart",
                Attributes {
                    prefix: NamePrefix::HostHttp,
                    ..default()
                },
                "HttpOnly; SameSite=Lax; Secure; Path=/",
            ),
            (
                "__Secure-cart",
                secure(),
                "HttpOnly; SameSite=Lax; Secure; Path=/",
            ),
            (
                "__Secure-cart",
                Attributes {
                    path: "/shop".to_owned(),
                    ..secure()
                },
                "HttpOnly; SameSite=Lax; Secure; Path=/shop",
            ),
            (
                "__Secure-cart",
                Attributes {
                    domain: Some("example.org".to_owned()),
                    ..secure()
                },
                "HttpOnly; SameSite=Lax; Secure; Path=/; Domain=example.org",
            ),
            (
                "cart",
                Attributes {
                    prefix: NamePrefix::None,
                    ..default()
                },
                "HttpOnly; SameSite=Lax; Secure; Path=/",
            ),
            (
                "cart",
                Attributes {
                    prefix: NamePrefix::None,
                    secure: false,
                    ..default()
                },
                "HttpOnly; SameSite=Lax; Path=/",
            ),
            (
                "__Host-cart",
                Attributes {
                    http_only: false,
                    ..default()
                },
                "SameSite=Lax; Secure; Path=/",
            ),
            (
                "__Host-cart",
                Attributes {
                    same_site: SameSite::Strict,
                    ..default()
                },
                "HttpOnly; SameSite=Strict; Secure; Path=/",
            ),
            (
                "__Host-cart",
                Attributes {
                    same_site: SameSite::None,
                    ..default()
                },
                "HttpOnly; SameSite=None; Secure; Path=/",
            ),
            (
                "__Host-cart",
                Attributes {
                    partitioned: true,
                    ..default()
                },
                "HttpOnly; SameSite=Lax; Partitioned; Secure; Path=/",
            ),
            (
                "__Host-cart",
                Attributes {
                    max_age: MaxAge::BrowserSession,
                    ..default()
                },
                "HttpOnly; SameSite=Lax; Secure; Path=/",
            ),
        ]
    }

    #[test]
    fn every_option_shows_in_the_line() {
        for (name, attributes, tail) in variants() {
            let cookie = compiled(&attributes);
            assert_eq!(&*cookie.name, name);
            assert_eq!(
                line(&cookie, "dG9rZW4", Some(2_592_000)),
                format!("{name}=dG9rZW4; Max-Age=2592000; {tail}")
            );
            assert_eq!(
                line(&cookie, "dG9rZW4", None),
                format!("{name}=dG9rZW4; {tail}")
            );
        }
    }

    #[test]
    fn the_removal_repeats_every_attribute() {
        for (name, attributes, tail) in variants() {
            assert_eq!(
                compiled(&attributes).removal().header,
                format!("{name}=; {tail}; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
            );
        }
    }

    #[test]
    fn the_age_is_cut_off_at_400_days() {
        let cookie = compiled(&Attributes::default());
        for (asked, sent) in [
            (0, 0),
            (1, 1),
            (9, 9),
            (10, 10),
            (34_560_000, 34_560_000),
            (34_560_001, 34_560_000),
            (u64::MAX, 34_560_000),
        ] {
            assert_eq!(
                line(&cookie, "v", Some(asked)),
                format!("__Host-cart=v; Max-Age={sent}; HttpOnly; SameSite=Lax; Secure; Path=/")
            );
        }
    }

    #[test]
    fn a_line_of_4096_bytes_is_written_and_one_of_4097_is_refused_before_its_value_is_made() {
        for (name, attributes, tail) in variants() {
            let cookie = compiled(&attributes);
            let fits = 4096 - format!("{name}=; Max-Age=34560000; {tail}").len();
            assert_eq!(cookie.max_value_len, fits);
            assert_eq!(
                line(&cookie, &"v".repeat(fits), Some(34_560_000)).len(),
                4096
            );

            for max_age in [Some(34_560_000), Some(1), None] {
                let refused = cookie.line(fits + 1, max_age, |_| {
                    panic!("a value that cannot fit was asked for")
                });
                let Err(LineError::TooLarge(sizes)) = refused else {
                    panic!("{refused:?}")
                };
                assert_eq!(
                    (
                        sizes.name,
                        sizes.value,
                        sizes.max_value,
                        MAX_LINE,
                        sizes.excess()
                    ),
                    (name.len(), fits + 1, fits, 4096, 1)
                );
            }
        }
        let cookie = compiled(&Attributes::default());
        assert_eq!(
            cookie.line(9_000, None, |_| ()).unwrap_err().to_string(),
            "a cookie value of 9000 bytes is 4974 over the 4026 that fit beside a name of 11 \
             bytes and its attributes in 4096"
        );
    }

    #[test]
    fn a_sealed_payload_of_2976_bytes_fits_under_a_short_name() {
        let cookie = SessionCookie::new("id", &Attributes::default()).unwrap();
        let sealed = 1 + 4 + 24 + 2976 + 16;
        assert_eq!(cookie.max_value_len, 4028);
        assert_eq!((sealed * 4_usize).div_ceil(3), 4028);
    }

    #[test]
    fn a_line_is_one_allocation_that_is_not_copied() {
        let cookie = compiled(&Attributes::default());
        for max_age in [None, Some(0), Some(9), Some(2_592_000), Some(u64::MAX)] {
            let mut buffer = std::ptr::null();
            let line = cookie
                .line(400, max_age, |line| {
                    line.resize(line.len() + 400, b'v');
                    buffer = line.as_ptr();
                    assert_eq!(
                        line.capacity(),
                        line.len()
                            + max_age_len(max_age.map(|age| age.min(34_560_000)))
                            + cookie.tail.len()
                    );
                })
                .unwrap()
                .header;
            assert_eq!(line.as_bytes().as_ptr(), buffer);
            assert_eq!(line.len(), line.as_bytes().len());
        }
    }

    #[test]
    fn a_line_does_not_show_its_token() {
        let cookie = compiled(&Attributes::default());
        let line = cookie
            .line(5, None, |line| line.extend_from_slice(b"token"))
            .unwrap()
            .header;
        assert_eq!(format!("{line:?}"), "Sensitive");
        assert!(line.is_sensitive());
    }

    #[test]
    fn a_value_that_would_break_the_header_gives_no_line() {
        let cookie = compiled(&Attributes::default());
        for value in [b"a\r\nb", b"abc\0", b"abc\x7f"] {
            let line = cookie.line(4, None, |line| line.extend_from_slice(value));
            assert_eq!(line.unwrap_err(), LineError::Malformed);
        }
    }

    #[test]
    fn a_cookie_without_room_for_a_token_is_refused() {
        let attributes = Attributes::default();
        let longest = "n".repeat(
            4096 - "__Host-=; Max-Age=34560000; HttpOnly; SameSite=Lax; Secure; Path=/".len() - 43,
        );
        assert_eq!(
            SessionCookie::new(&longest, &attributes)
                .unwrap()
                .max_value_len,
            43
        );

        let longer = longest + "n";
        let error = SessionCookie::new(&longer, &attributes).unwrap_err();
        assert_eq!(error.kind(), CookieRule::ValueHasRoom);
        assert_eq!(
            error.to_string(),
            format!(
                "its name and attributes take 4054 of the 4096 bytes a browser keeps (RFC \
                 6265 section 6.1), and a token needs 43; use a shorter name or path"
            )
        );
        assert!(SessionCookie::new(&"n".repeat(100_000), &attributes).is_err());
    }

    #[test]
    fn illegal_attributes_make_no_cookie() {
        let attributes = Attributes {
            secure: false,
            ..Attributes::default()
        };
        assert_eq!(
            SessionCookie::new("cart", &attributes).unwrap_err().kind(),
            CookieRule::PrefixNeedsSecure
        );
    }

    #[test]
    fn what_was_written_is_found_again_in_a_request() {
        let cookie = compiled(&Attributes::default());
        let mut headers = HeaderMap::new();
        let found = RequestCookies::from_headers(&headers);
        assert_eq!(cookie.values(&found).count(), 0);

        let set_cookie = line(&cookie, "dG9rZW4", Some(60));
        let (pair, _) = set_cookie.split_once(';').unwrap();
        for value in [
            "theme=dark",
            &format!("a=\"1; {pair}"),
            "lang=en; __Host-cart=planted",
        ] {
            headers.append(header::COOKIE, HeaderValue::from_str(value).unwrap());
        }
        headers.append(
            header::ACCEPT,
            HeaderValue::from_static("__Host-cart=no-cookie"),
        );
        let found = RequestCookies::from_headers(&headers);
        assert_eq!(
            cookie.values(&found).collect::<Vec<_>>(),
            [b"dG9rZW4".as_slice(), b"planted"]
        );
    }
}
