use std::{error::Error, fmt};

use crate::cookie::{CookieRule, CookieRuleError};

/// Reports that sessions were configured against a rule; the message names the rule and the remedy.
///
/// ```
/// use sessions::{CookieStore, KeyRing, SessionMiddleware};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let error = SessionMiddleware::builder(CookieStore::sealed(KeyRing::generate()?))
///     .options(|options| options.domain("example.com"))
///     .build()
///     .unwrap_err();
/// assert!(error.to_string().contains("__Host-"));
/// # Ok(())
/// # }
/// ```
pub struct BuildError {
    session: Option<String>,
    rule: BuildRule,
}

/// Says what a [`BuildError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BuildErrorKind {
    /// The cookie breaks a rule of RFC 6265 or its successors.
    Cookie(CookieRule),
    /// A timeout is shorter than a second.
    TimeoutIsZero,
    /// The idle timeout is longer than the absolute one.
    IdleBeyondAbsolute,
    /// The touch interval is as long as the idle timeout or the cookie's `Max-Age`.
    TouchTooRare,
    /// Two sessions have one name, or one cookie.
    NameTwice,
    /// A nested middleware's session names no store.
    NoStore,
    /// An option that only a store on the server can meet was chosen for a cookie store.
    NeedsServerSide,
    /// A limit per principal was chosen for a store that cannot hold one to it.
    NoPrincipalLimit,
    /// A store is given no time to answer.
    StoreTimeoutIsZero,
    /// An import stands in the options of all sessions, or of a store.
    ImportMisplaced,
    /// An import makes sessions of another type than the one whose option it is.
    ImportOfOtherType,
    /// An import reads a cookie of our own.
    ImportOfOwnCookie,
    /// An import removes a cookie that another session imports too.
    ImportRemovedTwice,
}

/// The rule with its message.
#[derive(Clone)]
pub(crate) enum BuildRule {
    Cookie(CookieRuleError),
    Other(BuildErrorKind),
}

impl BuildError {
    /// About one session.
    pub(crate) fn new(session: &str, rule: BuildRule) -> Self {
        Self {
            session: Some(session.to_owned()),
            rule,
        }
    }

    /// The same about the options that all sessions share.
    pub(crate) fn of_all_sessions(self) -> Self {
        Self {
            session: None,
            ..self
        }
    }

    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> BuildErrorKind {
        match &self.rule {
            BuildRule::Cookie(rule) => BuildErrorKind::Cookie(rule.kind()),
            BuildRule::Other(kind) => *kind,
        }
    }

    /// The name of the session whose options it is about; `None` if they are those that all sessions share.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.session {
            Some(session) => write!(f, "session `{session}`: ")?,
            None => f.write_str("options of all sessions: ")?,
        }
        let kind = match &self.rule {
            BuildRule::Cookie(rule) => return rule.fmt(f),
            BuildRule::Other(kind) => kind,
        };
        f.write_str(match kind {
            BuildErrorKind::Cookie(_) => "its cookie breaks a rule",
            BuildErrorKind::TimeoutIsZero => {
                "a timeout of less than a second ends every session at once; give it a second or more"
            }
            BuildErrorKind::IdleBeyondAbsolute => {
                "an idle timeout longer than the absolute timeout never acts; shorten `idle_timeout` or lengthen `absolute_timeout`"
            }
            BuildErrorKind::TouchTooRare => {
                "a touch interval as long as the idle timeout or the cookie's Max-Age lets sessions in use end; make `touch_interval` a \
                 fraction of them"
            }
            BuildErrorKind::NameTwice => {
                "two sessions have this name or one cookie, or one type was configured twice; give one of them another \
                 `#[session(name = \"..\")]`"
            }
            BuildErrorKind::NeedsServerSide => {
                "`principal_limit`, `device_info` and `encrypt_at_rest` need a store on the server, and this session is kept in a cookie; \
                 set them in the options of the sessions that are kept on the server, or of their `Store`"
            }
            BuildErrorKind::NoPrincipalLimit => {
                "`principal_limit` needs a store that can count by principal, as all of this crate can but memcached and a Redis cluster, and one \
                 of your own if its index says so by `limits`; keep the session in one, or leave the limit out"
            }
            BuildErrorKind::StoreTimeoutIsZero => {
                "a `store_timeout` of zero gives no store time to answer; give it a second or more"
            }
            BuildErrorKind::ImportMisplaced => {
                "an `import` makes sessions of one type and name; give it in `.session::<T>(..)` or `.named::<T>(..)`"
            }
            BuildErrorKind::ImportOfOtherType => {
                "its `import` makes sessions of another type; let the function that converts return this session's struct"
            }
            BuildErrorKind::ImportOfOwnCookie => {
                "its `import` reads a cookie of ours, and what is ours is never read in another format; give one of the two another name"
            }
            BuildErrorKind::ImportRemovedTwice => {
                "a foreign cookie that two sessions import would be gone before the second is opened; leave out `remove_foreign`"
            }
            BuildErrorKind::NoStore => {
                "a nested middleware has no default store; name one with `.store(..)` in the session's options"
            }
        })
    }
}

/// The message: a `main` that returns the error prints it by `Debug`.
impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BuildError({self})")
    }
}

impl Error for BuildError {}

impl From<BuildErrorKind> for BuildRule {
    fn from(kind: BuildErrorKind) -> Self {
        Self::Other(kind)
    }
}

impl From<CookieRuleError> for BuildRule {
    fn from(rule: CookieRuleError) -> Self {
        Self::Cookie(rule)
    }
}
