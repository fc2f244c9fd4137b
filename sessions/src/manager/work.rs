use crate::{
    clock::Timestamp,
    cookie::SetCookie,
    session::{Mark, lifecycle::Plan},
    store::{Handle, Place, Principal, StoreKey, Token},
};

/// One session's part of a departure: what is to become of it at its store, and what with.
pub(super) struct Work {
    pub(super) plan: Plan,
    /// When it was decided, or joined with what others wrote.
    pub(super) at: Timestamp,
    pub(super) mark: Mark,
    /// What was written here, or what is stored where nothing was.
    pub(super) payload: Vec<u8>,
    pub(super) changed: bool,
    /// Where the session lay when it was decided on, and its name in public.
    pub(super) old: Option<Place>,
    pub(super) handle: Option<Handle>,
    /// Whose the payload is. The handler may go on while a store is asked, and whom the session belongs to by then is for the next save.
    pub(super) principal: Option<Principal>,
    /// What was to be written could not be, and is still to be saved.
    pub(super) leaves_rest: bool,
    /// The key of a record that nobody was told of yet.
    pub(super) created: Option<StoreKey>,
    /// What a renewal gives the session.
    pub(super) successor: Option<(Token, StoreKey)>,
}

/// What a step came to.
pub(super) enum Done {
    Nothing,
    /// The cookie goes if every session of the request was saved.
    Pending(SetCookie),
    /// The cookie goes in any case: what the visitor had is no more.
    Committed(SetCookie),
    /// The session had ended.
    Gone,
}
