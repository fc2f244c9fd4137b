use std::fmt;

/// Names a verb of the store contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verb {
    /// [`SessionStore::create`](crate::store::SessionStore::create).
    Create,
    /// [`SessionStore::load`](crate::store::SessionStore::load).
    Load,
    /// [`SessionStore::load_many`](crate::store::SessionStore::load_many).
    LoadMany,
    /// [`SessionStore::update`](crate::store::SessionStore::update).
    Update,
    /// [`SessionStore::touch`](crate::store::SessionStore::touch).
    Touch,
    /// [`SessionStore::rename`](crate::store::SessionStore::rename).
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
}

/// As the contract writes it: `delete_expired`.
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
