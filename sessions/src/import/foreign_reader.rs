use std::sync::Arc;

use crate::{clock::Timestamp, store::Answer};

use super::{Foreign, Refusal};

/// Opens the sessions of another application.
///
/// The readers of `sessions::gorilla` (feature `gorilla`) and of `sessions::actix_session` (feature `actix-session-import`) are such; an example
/// of one's own stands [above](crate::import).
///
/// A visitor can send any bytes. Whatever does not prove to be what the other application wrote is to be refused, before anything is asked of a
/// store with it.
pub trait ForeignReader: Send + Sync + 'static {
    /// What a session holds.
    type Values;

    /// Opens the value of a cookie of this name, as it came over the wire: without quotes around it, and otherwise as it is.
    ///
    /// The inner result says whether there is a session: a [`Refusal`] makes the visitor one without. The outer one says whether that could be
    /// found out at all: with a [`StoreError`](crate::store::StoreError) the request is answered 503, and the next one asks again. An answer
    /// that has to be waited for is given up on after the session's [`store_timeout`](crate::SessionOptions::store_timeout).
    fn read<'a>(
        &'a self,
        name: &'a str,
        value: &'a [u8],
        now: Timestamp,
    ) -> Answer<'a, Result<Foreign<Self::Values>, Refusal>>;
}

/// One reader for several imports, whatever it is.
impl<R: ForeignReader + ?Sized> ForeignReader for Arc<R> {
    type Values = R::Values;

    fn read<'a>(
        &'a self,
        name: &'a str,
        value: &'a [u8],
        now: Timestamp,
    ) -> Answer<'a, Result<Foreign<Self::Values>, Refusal>> {
        (**self).read(name, value, now)
    }
}
