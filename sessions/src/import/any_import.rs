use std::{
    any::{Any, TypeId},
    fmt,
    sync::Arc,
};

use crate::{clock::Timestamp, cookie::ForeignCookie};

use super::Import;

/// An import without the type of its session, as the options of any session hold it.
#[derive(Clone)]
pub(crate) struct AnyImport {
    type_id: TypeId,
    import: Arc<dyn Any + Send + Sync>,
    pub(crate) cookie: ForeignCookie,
    pub(crate) removes: bool,
    pub(crate) until: Option<Timestamp>,
}

impl AnyImport {
    pub(crate) fn new<T: 'static>(import: Import<T>) -> Self {
        Self {
            type_id: TypeId::of::<T>(),
            cookie: import.cookie().clone(),
            removes: import.removes(),
            until: import.end(),
            import: Arc::new(import),
        }
    }

    /// Whether it makes sessions of this type.
    pub(crate) fn is_of(&self, type_id: TypeId) -> bool {
        self.type_id == type_id
    }

    /// With its type again; `None` if it is of another.
    pub(crate) fn typed<T: 'static>(&self) -> Option<Arc<Import<T>>> {
        Arc::clone(&self.import).downcast().ok()
    }
}

impl fmt::Debug for AnyImport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import")
            .field("cookie", &self.cookie)
            .field("removes", &self.removes)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}
