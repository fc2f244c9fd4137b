use std::fmt;

use serde::Deserialize;

/// Where a form leads to when it is done. One of the shop's own: a link can name no other (OWASP ASVS v5, 3.7.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Place {
    #[default]
    Shelf,
    Account,
    Email,
    Password,
    Devices,
    Admin,
}

impl Place {
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Shelf => "/",
            Self::Account => "/account",
            Self::Email => "/account/email",
            Self::Password => "/account/password",
            Self::Devices => "/devices",
            Self::Admin => "/admin",
        }
    }

    /// The page that a path belongs to.
    pub(crate) fn of(path: &str) -> Self {
        let all = [
            Self::Email,
            Self::Password,
            Self::Account,
            Self::Devices,
            Self::Admin,
        ];
        let is_of = |place: &Self| path.starts_with(place.path());
        all.into_iter().find(is_of).unwrap_or_default()
    }
}

/// As a form or a query names it.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shelf => "shelf",
            Self::Account => "account",
            Self::Email => "email",
            Self::Password => "password",
            Self::Devices => "devices",
            Self::Admin => "admin",
        })
    }
}
