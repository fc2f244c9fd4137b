use serde::{Deserialize, Serialize};
use sessions::SessionData;

/// What the next page says once. In a cookie of its own, so that there is room for it also where the cart is full.
#[derive(SessionData)]
#[session(name = "notices")]
pub(crate) struct Notices {
    #[session(flash(one = "notice"))]
    pub(crate) notices: Vec<Notice>,
}

/// One of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Notice {
    pub(crate) text: String,
    pub(crate) is_warning: bool,
}

impl Notice {
    pub(crate) fn good(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_warning: false,
        }
    }

    pub(crate) fn bad(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_warning: true,
        }
    }
}
