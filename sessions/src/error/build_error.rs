use std::{error::Error, fmt};

use crate::cookie::CookieRuleError;

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
#[derive(Debug)]
pub struct BuildError {
    session: Option<String>,
    kind: BuildErrorKind,
}

#[derive(Debug)]
pub(crate) enum BuildErrorKind {
    Cookie(CookieRuleError),
    ZeroTimeout,
    IdleBeyondAbsolute,
    TouchBeyondIdle,
    NameTwice,
    NoStore,
}

impl BuildError {
    /// About one session, or about the options that all of them share.
    pub(crate) fn new(session: Option<&str>, kind: BuildErrorKind) -> Self {
        Self {
            session: session.map(str::to_owned),
            kind,
        }
    }

    /// The same about the options that all sessions share.
    pub(crate) fn of_all_sessions(self) -> Self {
        Self {
            session: None,
            ..self
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
        match &self.kind {
            BuildErrorKind::Cookie(rule) => rule.fmt(f),
            BuildErrorKind::ZeroTimeout => f.write_str("a timeout of less than a second ends every session at once; give it a second or more"),
            BuildErrorKind::IdleBeyondAbsolute => f.write_str(
                "an idle timeout longer than the absolute timeout never acts; shorten `idle_timeout` or lengthen `absolute_timeout`",
            ),
            BuildErrorKind::TouchBeyondIdle => f.write_str(
                "a touch interval as long as the idle timeout lets sessions in use expire; make `touch_interval` a fraction of `idle_timeout`",
            ),
            BuildErrorKind::NameTwice => {
                f.write_str("two types have this name; give one of them another `#[session(name = \"..\")]`")
            }
            BuildErrorKind::NoStore => {
                f.write_str("a nested middleware has no default store; name one with `.store(..)` in the session's options")
            }
        }
    }
}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            BuildErrorKind::Cookie(rule) => Some(rule),
            BuildErrorKind::ZeroTimeout
            | BuildErrorKind::IdleBeyondAbsolute
            | BuildErrorKind::TouchBeyondIdle
            | BuildErrorKind::NameTwice
            | BuildErrorKind::NoStore => None,
        }
    }
}
