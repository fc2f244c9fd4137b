use std::fmt;

use super::{PrincipalIndex, Scan};

/// What a store can do beside the verbs; by default nothing.
///
/// A store names what it can, and takes the rest from the default:
///
/// ```
/// use sessions::store::Abilities;
///
/// // In a store that is its own index: `principals: Some(self)`.
/// let abilities = Abilities { renames_at_once: true, ..Abilities::default() };
/// assert!(abilities.principals.is_none() && !abilities.expires_by_itself);
/// ```
#[derive(Clone, Copy, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a store names some fields and takes the others from the default, so that a new one breaks no store that does not name them all"
)]
pub struct Abilities<'a> {
    /// The store's index by principal.
    ///
    /// Without one, sessions can be neither listed nor limited: a limit is refused at start, a list when a request asks for it.
    pub principals: Option<&'a dyn PrincipalIndex>,
    /// The way through all of the store's records.
    ///
    /// Without one, sessions cannot be [moved](crate::migrate) out of it but one by one, when they are next written or touched.
    pub scan: Option<&'a dyn Scan>,
    /// Whether the engine forgets dead records by itself, so that nobody need call
    /// [`delete_expired`](super::SessionStore::delete_expired).
    pub expires_by_itself: bool,
    /// Whether a [rename](super::Replaces::Other) changes both keys in one step for everybody else, also where its caller gives up on it.
    ///
    /// Only then does a new record without an old one show that a rename was applied whose answer was lost. Where it takes two, somebody may
    /// have deleted the old one before: such a renewal is given up, and what it created is discarded.
    pub renames_at_once: bool,
}

/// Whether there is an index and a scan; what they are, is the store's.
impl fmt::Debug for Abilities<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Abilities")
            .field("principals", &self.principals.is_some())
            .field("scan", &self.scan.is_some())
            .field("expires_by_itself", &self.expires_by_itself)
            .field("renames_at_once", &self.renames_at_once)
            .finish()
    }
}
