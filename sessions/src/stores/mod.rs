//! The stores. One leaf file an engine; none knows another.

mod cookie;

pub(crate) use self::cookie::CookieCodec;
pub use self::cookie::CookieStore;
