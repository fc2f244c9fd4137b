use crate::{cookie::RequestCookies, session::HeadLeft, store::Device};

/// What a request says about itself.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) cookies: RequestCookies,
    pub(crate) audience: Audience,
    /// If any session is configured to keep it.
    pub(crate) device: Option<Device>,
    pub(crate) head_left: HeadLeft,
}

/// Who will see the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    Somebody,
    /// Fetched ahead of need: perhaps somebody.
    Prefetch,
    /// A response without its body.
    Nobody,
}
