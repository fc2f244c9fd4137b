use std::{
    any::TypeId,
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Which type each cookie's name belongs to, for all worker threads of a middleware.
///
/// The keys a cookie is sealed with depend on its name and not on its type: what one type wrote, another of the same name could read. A
/// guest's `login` must not open an administrator's.
#[derive(Debug, Default)]
pub(super) struct Names {
    owners: Mutex<HashMap<Box<str>, Owner>>,
}

#[derive(Debug, PartialEq, Eq)]
struct Owner {
    type_id: TypeId,
    /// Two sessions may come to one cookie by different prefixes.
    session: Box<str>,
}

/// Whether a name may be new to the table although it is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameKind {
    /// A type's own or a configured one: there are as many as the program has.
    Fixed,
    /// Made up at run time.
    MadeUp,
}

/// Names made up at run time must not fill the memory.
const MADE_UP_NAMES: usize = 4096;

impl Names {
    /// Claims a cookie's name for a session of a type; `false` if it belongs to another.
    pub(super) fn claim(
        &self,
        cookie: &str,
        session: &str,
        type_id: TypeId,
        kind: NameKind,
    ) -> bool {
        // A panic while the lock was held left a whole table behind: entries are only ever added.
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        match owners.get(cookie) {
            Some(owner) => owner.type_id == type_id && *owner.session == *session,
            None => {
                if kind == NameKind::Fixed || owners.len() < MADE_UP_NAMES {
                    owners.insert(
                        cookie.into(),
                        Owner {
                            type_id,
                            session: session.into(),
                        },
                    );
                }
                true
            }
        }
    }

    /// Whether a cookie's name belongs to any session.
    pub(super) fn is_claimed(&self, cookie: &str) -> bool {
        let owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        owners.contains_key(cookie)
    }

    /// Whether a cookie's name belongs to another type or session.
    pub(super) fn is_foreign(&self, cookie: &str, session: &str, type_id: TypeId) -> bool {
        let owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        owners
            .get(cookie)
            .is_some_and(|owner| owner.type_id != type_id || *owner.session != *session)
    }
}
