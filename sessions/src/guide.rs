//! The chapters of the guide, one page each, from the first session to the last machine.
//!
//! There is no code in it: a build of an application that uses this library leaves it out.

// Outer attributes, so that a chapter's links are looked up here and not in its own empty module.
use crate::{store::*, *};

#[doc = include_str!("../docs/life.md")]
pub mod life {}

#[doc = include_str!("../docs/recipes.md")]
pub mod recipes {}

#[doc = include_str!("../docs/logging-in.md")]
pub mod logging_in {}

#[doc = include_str!("../docs/where-to-keep-sessions.md")]
#[doc = include_str!("../docs/choosing-a-store.md")]
// Where a feature is off, the name of its store leads to its row.
#[doc = ""]
#[cfg_attr(
    not(feature = "redb"),
    doc = "[`RedbStore`]: #what-each-is-for-and-what-it-loses"
)]
#[cfg_attr(
    not(feature = "sqlite"),
    doc = "[`SqliteStore`]: #what-each-is-for-and-what-it-loses"
)]
#[cfg_attr(
    not(feature = "postgres"),
    doc = "[`PostgresStore`]: #what-each-is-for-and-what-it-loses"
)]
#[cfg_attr(
    not(feature = "mysql"),
    doc = "[`MysqlStore`]: #what-each-is-for-and-what-it-loses"
)]
#[cfg_attr(
    not(feature = "redis"),
    doc = "[`RedisStore`]: #what-each-is-for-and-what-it-loses"
)]
#[cfg_attr(
    not(feature = "memcached"),
    doc = "[`MemcachedStore`]: #what-each-is-for-and-what-it-loses"
)]
pub mod choosing_a_store {}

#[doc = include_str!("../docs/security.md")]
pub mod security {}

#[doc = include_str!("../docs/keys.md")]
pub mod keys {}

#[doc = include_str!("../docs/changing-your-struct.md")]
pub mod changing_your_struct {}

#[doc = include_str!("../docs/concurrency.md")]
pub mod concurrency {}

#[doc = include_str!("../docs/operations.md")]
pub mod operations {}

#[doc = include_str!("../docs/errors.md")]
pub mod errors {}

#[cfg_attr(feature = "test-util", doc = include_str!("../docs/testing.md"))]
#[cfg_attr(
    not(feature = "test-util"),
    doc = "# Testing\n\nThis page is here if the documentation is made with the feature `test-util`: `cargo doc -p sessions --features test-util`."
)]
pub mod testing {}

#[doc = include_str!("../docs/custom-store.md")]
pub mod writing_a_store {}

#[doc = include_str!("../docs/coming-from-actix.md")]
#[cfg_attr(feature = "actix-session-import", doc = include_str!("../docs/coming-from-actix-session.md"))]
#[cfg_attr(
    not(feature = "actix-session-import"),
    doc = "# Without logging anybody out\n\nWhat reads the sessions of actix-session, cookies and records in Redis, is described here if the documentation is made with the feature `actix-session-import`: `cargo doc -p sessions --features actix-session-import`."
)]
pub mod coming_from_actix {}

#[cfg_attr(feature = "gorilla", doc = include_str!("../docs/coming-from-gorilla.md"))]
#[cfg_attr(
    not(feature = "gorilla"),
    doc = "# Coming from gorilla/sessions\n\nThis page is here if the documentation is made with the feature `gorilla`: `cargo doc -p sessions --features gorilla`."
)]
pub mod coming_from_gorilla {}
