use std::{sync::Arc, time::Duration};

use crate::{
    clock::Timestamp,
    cookie::{CompiledForeignCookie, RequestCookies, SetCookie},
    import::{AnyImport, Import},
};

/// Where visitors come in who hold a session of another application.
#[derive(Debug)]
pub(crate) struct Gate {
    import: AnyImport,
    cookie: CompiledForeignCookie,
    /// How long a store behind the import is waited for.
    patience: Duration,
}

impl Gate {
    pub(crate) fn new(
        import: AnyImport,
        cookie: CompiledForeignCookie,
        patience: Duration,
    ) -> Self {
        Self {
            import,
            cookie,
            patience,
        }
    }

    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        self.import.until.is_none_or(|until| now < until)
    }

    /// Whether it is open, and a request brings what is let in through it.
    pub(super) fn is_sought(&self, cookies: &RequestCookies<'_>, now: Timestamp) -> bool {
        self.is_open(now) && self.values(cookies).next().is_some()
    }

    pub(super) fn values<'a>(
        &'a self,
        cookies: &'a RequestCookies<'_>,
    ) -> impl Iterator<Item = &'a [u8]> {
        self.cookie.values(cookies)
    }

    /// The import, if it makes sessions of this type: `build()` has seen to that.
    pub(super) fn import<T: 'static>(&self) -> Option<Arc<Import<T>>> {
        self.import.typed()
    }

    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    pub(super) fn removes_foreign(&self) -> bool {
        self.import.removes
    }

    /// The line that removes the foreign cookie.
    pub(super) fn removal(&self) -> SetCookie {
        self.cookie.removal()
    }
}
