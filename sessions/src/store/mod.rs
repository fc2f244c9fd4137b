//! The words that rooms and stores share: who a session is, when it ends, what it holds, why one was not accepted.
//!
//! A [`Handle`] names a session in public and opens nothing. [`Meta`] is what is kept beside the data, [`Payload`] the data as bytes. A
//! store never learns a type, a cookie or a secret key.

mod handle;
mod meta;
mod origin;
mod payload;

pub use self::{
    handle::Handle,
    origin::{Origin, Rejection},
};
pub(crate) use self::{
    meta::{Meta, Persistence},
    payload::Payload,
};
