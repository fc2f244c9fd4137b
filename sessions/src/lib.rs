//! Typed, secure session management for actix-web.

mod base64url;
mod clock;
mod cookie;
mod crypto;
mod data;
mod error;
mod manager;
mod registry;
mod session;
pub mod store;
mod stores;
#[cfg(feature = "test-util")]
pub mod test_util;
mod web;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use sessions_derive::SessionData;

pub use crate::{
    clock::{Clock, Timestamp},
    cookie::{CookieRule, CookieRuleError, MaxAge, NamePrefix, SameSite},
    crypto::{Key, KeyError, KeyErrorKind, KeyId, KeyRing, KeyRingError, KeyRingErrorKind},
    data::Schema,
    error::{BuildError, MultiError, SessionError, SessionErrorKind},
    registry::{Registry, SessionOptions, Store},
    session::{Lifetime, Session, SessionData, ValueError, ValueKey, Values, ValuesAccessors},
    store::{
        handle::Handle,
        origin::{Origin, Rejection},
    },
    stores::{
        CookieStore, FilesystemDurability, FilesystemError, FilesystemErrorKind, FilesystemReads,
        FilesystemStore, MemoryStore,
    },
    web::{SessionMiddleware, SessionMiddlewareBuilder, SessionMiddlewareService, SessionResponse},
};
