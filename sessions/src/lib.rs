#![doc = include_str!("../docs/guide.md")]
// Further rows of the last table, which only have something to link to where their feature is on.
#![cfg_attr(
    feature = "redb",
    doc = "| keep it in redb | [`RedbStore`], [`RedbStoreBuilder`], [`RedbDurability`], [`RedbError`], [`RedbErrorKind`] |"
)]
#![cfg_attr(
    feature = "redis",
    doc = "| keep it in Redis | [`RedisStore`], [`RedisStoreBuilder`], [`RedisError`], [`RedisErrorKind`] |"
)]
#![cfg_attr(
    feature = "memcached",
    doc = "| keep it in memcached | [`MemcachedStore`], [`MemcachedStoreBuilder`], [`MemcachedError`], [`MemcachedErrorKind`] |"
)]
#![cfg_attr(
    feature = "sqlite",
    doc = "| keep it in SQLite | [`SqliteStore`], [`SqlMigration`], [`SqlError`], [`SqlErrorKind`] |"
)]
#![cfg_attr(
    feature = "postgres",
    doc = "| keep it in PostgreSQL | [`PostgresStore`], [`SqlMigration`], [`SqlError`], [`SqlErrorKind`] |"
)]
#![cfg_attr(
    feature = "mysql",
    doc = "| keep it in MySQL, MariaDB | [`MysqlStore`], [`SqlMigration`], [`SqlError`], [`SqlErrorKind`] |"
)]
#![cfg_attr(
    feature = "actix-session-import",
    doc = "| take over actix-session | [`mod@actix_session`] |"
)]
#![cfg_attr(
    feature = "gorilla",
    doc = "| take over gorilla/sessions | [`gorilla`] |"
)]
#![cfg_attr(
    feature = "test-util",
    doc = "| test | [`test_util`], and for authors of stores [`store_conformance!`] |"
)]
// Labels what needs a feature, where documentation is built by a compiler that can: docs.rs.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "actix-session-import")]
pub mod actix_session;
mod base64url;
mod clock;
mod cookie;
mod crypto;
mod data;
mod error;
mod event;
#[cfg(feature = "gorilla")]
pub mod gorilla;
#[cfg(any(doc, doctest))]
pub mod guide;
pub mod import;
mod manager;
pub mod merge;
pub mod migrate;
mod registry;
mod session;
pub mod store;
mod stores;
mod sweeper;
#[cfg(feature = "test-util")]
pub mod test_util;
mod vault;
mod web;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

#[doc = include_str!("../docs/derive.md")]
pub use sessions_derive::SessionData;

pub use crate::{
    clock::{Clock, Timestamp},
    cookie::{CookieRule, MaxAge, NamePrefix, SameSite},
    crypto::{Key, KeyError, KeyErrorKind, KeyId, KeyRing, KeyRingError, KeyRingErrorKind},
    data::{OnConflict, Schema},
    error::{BuildError, BuildErrorKind, MultiError, SessionError, SessionErrorKind},
    event::{SessionEvent, SessionEventKind},
    manager::DeviceAddress,
    registry::{Registry, SessionOptions, Store},
    session::{
        Lifetime, Session, SessionData, ValueError, ValueErrorKind, ValueKey, Values,
        ValuesAccessors,
    },
    store::{
        handle::{Handle, HandleError},
        origin::{Origin, Rejection},
    },
    stores::{
        CookieStore, FilesystemDurability, FilesystemError, FilesystemErrorKind, FilesystemReads,
        FilesystemStore, MemoryStore,
    },
    sweeper::{Sweep, delete_all_expired},
    vault::{PrincipalSessions, SessionInfo},
    web::{
        OpeningSession, SessionMiddleware, SessionMiddlewareBuilder, SessionMiddlewareService,
        SessionResponse,
    },
};

#[cfg(feature = "mysql")]
pub use crate::stores::MysqlStore;
#[cfg(feature = "postgres")]
pub use crate::stores::PostgresStore;
#[cfg(feature = "sqlite")]
pub use crate::stores::SqliteStore;
#[cfg(feature = "memcached")]
pub use crate::stores::{
    MemcachedError, MemcachedErrorKind, MemcachedStore, MemcachedStoreBuilder,
};
#[cfg(feature = "redb")]
pub use crate::stores::{RedbDurability, RedbError, RedbErrorKind, RedbStore, RedbStoreBuilder};
#[cfg(feature = "redis")]
pub use crate::stores::{RedisError, RedisErrorKind, RedisStore, RedisStoreBuilder};
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
pub use crate::stores::{SqlError, SqlErrorKind, SqlMigration};

/// Compiles and runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
