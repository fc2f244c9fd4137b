use std::{
    fmt,
    future::{self, Future},
    pin::Pin,
    task::{Context, Poll},
};

use super::StoreError;

/// What a store's verb returns: an answer that is there already, or the wait for it.
///
/// ```
/// use sessions::store::Answer;
///
/// async fn ask() -> usize {
///     2 // An engine is asked here.
/// }
///
/// fn at_once() -> Answer<'static, usize> {
///     Answer::ready(Ok(1))
/// }
///
/// fn later() -> Answer<'static, usize> {
///     Answer::pending(async { Ok(ask().await) })
/// }
/// ```
///
/// Whoever does not wait any longer drops it, wherever it waits; a [chapter](crate::guide::writing_a_store#being-dropped) says what a store
/// has to see to then.
#[must_use = "nothing is done until the answer is awaited"]
pub struct Answer<'a, T> {
    state: State<'a, T>,
}

enum State<'a, T> {
    Ready(future::Ready<Result<T, StoreError>>),
    Pending(Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>),
}

impl<'a, T> Answer<'a, T> {
    /// An answer that costs no allocation.
    pub fn ready(answer: Result<T, StoreError>) -> Self {
        Self {
            state: State::Ready(future::ready(answer)),
        }
    }

    /// An answer that is still to come.
    pub fn pending(answer: impl Future<Output = Result<T, StoreError>> + Send + 'a) -> Self {
        Self {
            state: State::Pending(Box::pin(answer)),
        }
    }
}

impl<T> Answer<'_, T> {
    /// The answer if it is there already, or else the wait for it.
    pub(crate) fn into_ready(self) -> Result<Result<T, StoreError>, Self> {
        match self.state {
            State::Ready(answer) => Ok(answer.into_inner()),
            State::Pending(_) => Err(self),
        }
    }
}

/// No part of it is pinned but the boxed future, which is so already.
impl<T> Unpin for Answer<'_, T> {}

impl<T> Future for Answer<'_, T> {
    type Output = Result<T, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.state {
            State::Ready(answer) => Pin::new(answer).poll(context),
            State::Pending(answer) => answer.as_mut().poll(context),
        }
    }
}

impl<T> fmt::Debug for Answer<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            State::Ready(_) => "Answer(ready)",
            State::Pending(_) => "Answer(pending)",
        })
    }
}
