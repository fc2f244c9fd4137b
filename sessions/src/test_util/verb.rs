use std::fmt;

use crate::store::{Replaces, Write};

/// Names a verb of the store contract; for a write, its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verb {
    /// [`SessionStore::write`](crate::store::SessionStore::write), of a record in place of [`Nothing`](Replaces::Nothing).
    Create,
    /// [`SessionStore::load`](crate::store::SessionStore::load).
    Load,
    /// [`SessionStore::load_many`](crate::store::SessionStore::load_many).
    LoadMany,
    /// [`SessionStore::write`](crate::store::SessionStore::write), of a record in place of the one under the [`Same`](Replaces::Same) key.
    Update,
    /// [`SessionStore::touch`](crate::store::SessionStore::touch).
    Touch,
    /// [`SessionStore::write`](crate::store::SessionStore::write), of a record in place of the one under an [`Other`](Replaces::Other) key.
    Rename,
    /// [`SessionStore::delete`](crate::store::SessionStore::delete).
    Delete,
    /// [`SessionStore::delete_expired`](crate::store::SessionStore::delete_expired).
    DeleteExpired,
    /// [`PrincipalIndex::list`](crate::store::PrincipalIndex::list).
    List,
    /// [`Scan::step`](crate::store::Scan::step).
    Scan,
}

impl Verb {
    pub(super) const ALL: [Self; 10] = [
        Self::Create,
        Self::Load,
        Self::LoadMany,
        Self::Update,
        Self::Touch,
        Self::Rename,
        Self::Delete,
        Self::DeleteExpired,
        Self::List,
        Self::Scan,
    ];

    pub(super) fn of(write: &Write<'_>) -> Self {
        match write.replaces {
            Replaces::Nothing => Self::Create,
            Replaces::Same(_) => Self::Update,
            Replaces::Other(..) => Self::Rename,
        }
    }
}

/// As the contract writes it: `delete_expired`; and `create`, `update` or `rename` for a write.
impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Load => "load",
            Self::LoadMany => "load_many",
            Self::Update => "update",
            Self::Touch => "touch",
            Self::Rename => "rename",
            Self::Delete => "delete",
            Self::DeleteExpired => "delete_expired",
            Self::List => "list",
            Self::Scan => "scan",
        })
    }
}
