use std::rc::Rc;

use super::{Revision, StoreKey, Token};

/// Where on the server an open session lies, and in which state it was last seen there.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// For the cookie of a new lifetime.
    pub(crate) token: Rc<Token>,
    pub(crate) key: StoreKey,
    pub(crate) revision: Revision,
}
