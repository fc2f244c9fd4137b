//! The hall: a visitor enters with cookies and leaves with one.
//!
//! A [`Desk`] stands for one session name as it was configured, on one worker thread. It opens what the request brought and seats the
//! session; at the end it asks [`decide`](crate::session::lifecycle::decide) what becomes of it, and a [`Departure`] does it, at once where
//! the data travels in the cookie, by way of the vault where it stays. Who comes with the cookie of another application and none of ours enters through a
//! [`Gate`], if there is one. What a handler does in between is none of its business.

mod arrival;
mod clerk;
mod departure;
mod desk;
mod errand;
mod gate;
mod search;
mod visit;
mod work;

pub use self::visit::DeviceAddress;
pub(crate) use self::{
    departure::{Departure, settle, settle_saves},
    desk::{Backend, Desk, Entering, ServerSide},
    gate::Gate,
    visit::{Audience, Visit},
};
