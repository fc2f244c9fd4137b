use std::{error::Error, fmt, sync::Arc};

use crate::store::origin::ImportRefusal;

/// Reports that a foreign session was not taken over.
///
/// Its visitor is one without a session. The source is for the log; there must be nothing of the cookie in it.
#[derive(Clone, Debug)]
pub struct Refusal {
    reason: ImportRefusal,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Refusal {
    /// Refuses for a reason.
    #[must_use]
    pub const fn new(reason: ImportRefusal) -> Self {
        Self {
            reason,
            source: None,
        }
    }

    /// Adds what caused it, for the log.
    #[must_use]
    pub fn because(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            source: Some(Arc::from(source.into())),
            ..self
        }
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> ImportRefusal {
        self.reason
    }
}

impl From<ImportRefusal> for Refusal {
    fn from(reason: ImportRefusal) -> Self {
        Self::new(reason)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a foreign session was not imported: {}", self.reason)
    }
}

impl Error for Refusal {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
