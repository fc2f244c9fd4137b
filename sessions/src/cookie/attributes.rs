use std::time::Duration;

/// Decides which requests from other sites carry the session's cookie.
///
/// The default, [`Lax`](Self::Lax), is what a login needs: a visitor who follows a link from elsewhere is still logged in,
/// and a form posted from elsewhere is not. See RFC 6265bis section 4.1.2.7 and the OWASP CSRF prevention cheat sheet: this
/// is one layer against cross-site request forgery, not the whole defense.
///
/// ```
/// use sessions::SameSite;
///
/// assert_eq!(SameSite::default(), SameSite::Lax);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SameSite {
    /// Sends the cookie only with requests that come from the same site.
    ///
    /// For back offices and second sessions that guard dangerous actions. A visitor who follows a link from a mail or
    /// another site arrives without it, as if logged out.
    Strict,
    /// Also sends the cookie when a visitor navigates here from another site, but not with its forms, frames or scripts.
    #[default]
    Lax,
    /// Sends the cookie with every request, whoever causes it.
    ///
    /// For a page that lives in other sites' frames. Browsers take it only with `Secure` (RFC 6265bis section 5.7), and the
    /// application needs its own defense against cross-site request forgery.
    None,
}

/// The prefix of the cookie's name by which a browser promises how the cookie was set.
///
/// A server sees a name and a value, never the attributes. Only the prefix tells it that the cookie was not planted over
/// plain HTTP or by a sibling domain (RFC 6265bis section 4.1.3), which is how sessions are fixed on a victim.
///
/// `__Http-` alone is missing on purpose: a browser that does not know it yet takes the cookie for an ordinary one, so
/// that it would protect less than `__Secure-`.
///
/// ```
/// use sessions::NamePrefix;
///
/// assert_eq!(NamePrefix::default(), NamePrefix::Host);
/// assert_eq!(NamePrefix::Host.as_str(), "__Host-");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NamePrefix {
    /// No prefix, and no promise: for plain HTTP on a trusted network or in development.
    None,
    /// `__Secure-`: the cookie was set over a secure connection. For a session shared with sibling domains.
    Secure,
    /// `__Host-`: set over a secure connection by this very host, for the whole of it.
    ///
    /// Needs `Secure`, the path `/`, and no domain.
    #[default]
    Host,
    /// `__Host-Http-`: as [`Host`](Self::Host), and set by a response rather than by a script.
    ///
    /// Needs `HttpOnly` besides. Newer than the others (draft-ietf-httpbis-layered-cookies section 4.1.3.4); a browser that
    /// does not know it still enforces `__Host-`.
    HostHttp,
}

impl NamePrefix {
    /// Returns the prefix as it stands in front of the session's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Secure => "__Secure-",
            Self::Host => "__Host-",
            Self::HostHttp => "__Host-Http-",
        }
    }
}

/// Decides how long a browser keeps the cookie.
///
/// This is hygiene: both deadlines of a session are held by the server, whatever a browser keeps. A browser cuts every
/// age off at 400 days (RFC 6265bis section 5.5), and so do we.
///
/// ```
/// use std::time::Duration;
///
/// use sessions::MaxAge;
///
/// assert_eq!(MaxAge::default(), MaxAge::UntilDeadline);
/// // Not zero, which is refused at start: a cookie that ends with the browser has a name of its own.
/// let (day, browser) = (MaxAge::AtMost(Duration::from_hours(24)), MaxAge::BrowserSession);
/// assert_ne!(day, browser);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MaxAge {
    /// As long as the session can live: until its absolute deadline.
    #[default]
    UntilDeadline,
    /// Until the absolute deadline, but no longer than this.
    AtMost(Duration),
    /// Until the browser is closed: no `Max-Age` is sent.
    ///
    /// Browsers that restore their tabs restore such cookies too.
    BrowserSession,
}

impl MaxAge {
    /// Returns the seconds to send for a session that lives for `until_deadline` more; nothing means no `Max-Age` at all.
    pub(crate) fn seconds(self, until_deadline: Duration) -> Option<u64> {
        // Whole seconds, rounded down: a cookie must not outlive its session.
        match self {
            Self::UntilDeadline => Some(until_deadline.as_secs()),
            Self::AtMost(limit) => Some(until_deadline.min(limit).as_secs()),
            Self::BrowserSession => None,
        }
    }
}

/// What is said about a session's cookie beside its name and value.
///
/// Any combination can be written down; [`SessionCookie::new`](super::SessionCookie::new) refuses the illegal ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) path: String,
    pub(crate) domain: Option<String>,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: SameSite,
    pub(crate) partitioned: bool,
    pub(crate) prefix: NamePrefix,
    pub(crate) max_age: MaxAge,
}

impl Default for Attributes {
    fn default() -> Self {
        Self {
            path: "/".to_owned(),
            domain: None,
            secure: true,
            http_only: true,
            same_site: SameSite::Lax,
            partitioned: false,
            prefix: NamePrefix::Host,
            max_age: MaxAge::UntilDeadline,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_never_outlives_its_session() {
        let left = Duration::from_millis(90_999);
        let cases = [
            (MaxAge::UntilDeadline, Some(90)),
            (MaxAge::AtMost(Duration::from_secs(60)), Some(60)),
            (MaxAge::AtMost(Duration::from_secs(600)), Some(90)),
            (MaxAge::AtMost(Duration::MAX), Some(90)),
            (MaxAge::BrowserSession, None),
        ];
        for (max_age, seconds) in cases {
            assert_eq!(max_age.seconds(left), seconds, "{max_age:?}");
        }
    }
}
