//! The doorstep: where actix-web knocks.
//!
//! The middleware puts a list of open sessions into each request and settles them when the response comes back; the extractors open them.
//! Errors become responses without a body, and responses that depend on a session say so to caches.

mod builder;
mod cache;
mod extract;
mod middleware;
mod response;

pub use self::{
    builder::SessionMiddlewareBuilder,
    extract::OpeningSession,
    middleware::{SessionMiddleware, SessionMiddlewareService, SessionResponse},
};
