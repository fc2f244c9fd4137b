use std::{fmt, str::FromStr};

/// How much a session holds, in bytes of CBOR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// 64 bytes: who it is, and two choices.
    Small,
    /// 300 bytes: what sessions usually hold.
    Usual,
    /// 1 KiB: the same, and a cart.
    Large,
    /// 2.9 KB: the most that fits into a sealed cookie, and a little less.
    Full,
}

impl Size {
    pub(crate) const ALL: [Self; 4] = [Self::Small, Self::Usual, Self::Large, Self::Full];

    /// Returns about how many bytes it is.
    pub(crate) const fn bytes(self) -> usize {
        match self {
            Self::Small => 64,
            Self::Usual => 300,
            Self::Large => 1024,
            Self::Full => 2860,
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.bytes())
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|size| size.to_string() == text)
            .ok_or_else(|| format!("no payload has {text} bytes"))
    }
}
