//! The cookie room: from a session's options to bytes on the wire, and back.
//!
//! The manager knocks. At start it hands over a session name and its [`Attributes`] and gets a [`SessionCookie`], or a
//! [`CookieRuleError`] that names the broken rule and the remedy. Per request it asks the [`SessionCookie`] for the raw
//! values a browser sent under that name, and, when the session leaves, for the one `Set-Cookie` line that carries or
//! removes it.
//!
//! Another application's cookie, a [`ForeignCookie`], is found and removed here too, and never written.
//!
//! Not promised: that a value found in a request is one we wrote. Anybody can send any bytes under any name; opening the
//! value is the business of other rooms.

mod attributes;
mod foreign;
mod request;
mod rule;
mod scan;
mod set_cookie;

pub(crate) use self::{
    attributes::Attributes,
    foreign::CompiledForeignCookie,
    request::RequestCookies,
    rule::CookieRuleError,
    set_cookie::{LineError, SessionCookie, SetCookie},
};
pub use self::{
    attributes::{MaxAge, NamePrefix, SameSite},
    foreign::ForeignCookie,
    rule::CookieRule,
};
