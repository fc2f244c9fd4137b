use std::rc::Rc;

use super::{Revision, StoreKey, Token};

/// Where on the server an open session lies, and in which state it was last seen there.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) address: Rc<Address>,
    pub(crate) revision: Revision,
}

/// The two names of what lies on the server.
#[derive(Debug)]
pub(crate) struct Address {
    /// For the cookie of a new lifetime.
    pub(crate) token: Token,
    pub(crate) key: StoreKey,
}

impl Place {
    pub(crate) fn new(token: Token, key: StoreKey, revision: Revision) -> Self {
        Self {
            address: Rc::new(Address { token, key }),
            revision,
        }
    }
}
