//! The stores. One leaf file an engine; none knows another.

mod cookie;

pub use self::cookie::CookieStore;
pub(crate) use self::cookie::{CookieCodec, Opened};
