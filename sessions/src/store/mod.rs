//! The store contract: what an engine must do to keep sessions, and the words it is written in.
//!
//! Three names for one session, of three types that cannot be confused: a *token* opens it and stands in the visitor's cookie only; a
//! [`StoreKey`], a hash of the token, finds its [`Record`] in a store; a [`Handle`] names it in public and opens nothing. An engine
//! implements [`SessionStore`] and needs to get right what is written there, nothing else. A [chapter](crate::guide::writing_a_store) goes
//! through it clause by clause.

mod abilities;
mod answer;
mod contract;
mod error;
pub(crate) mod handle;
mod meta;
pub(crate) mod origin;
#[cfg(any(feature = "memcached", feature = "redb", feature = "redis"))]
pub(crate) mod packed;
mod payload;
mod place;
mod principal;
mod record;
mod scan;
mod token;
mod write;

pub use self::{
    abilities::Abilities,
    answer::Answer,
    contract::{Loaded, SessionStore, Touched, Written},
    error::{StoreError, StoreErrorKind},
    principal::{Admission, AdmissionPolicy, Listed, Principal, PrincipalIndex},
    record::{Device, Record, Revision, WriteId},
    scan::{Scan, ScanCursor, Scanned},
    token::StoreKey,
    write::{Replaces, Write},
};
pub(crate) use self::{
    handle::Handle,
    meta::{Meta, Persistence},
    origin::{Origin, Rejection},
    payload::Payload,
    place::Place,
    token::Token,
};
