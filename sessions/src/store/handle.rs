use std::fmt;

use rand::RngExt as _;

/// Names a session in public: safe to log, to show and to store.
///
/// Sixteen random bytes, printed as 32 hexadecimal digits. It is not the token and opens nothing. A handle stays the same for as long as
/// the session has the same owner; with a cookie store, which has no other identity, [`renew`](crate::Session::renew) issues a new one too.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Handle([u8; Self::LEN]);

impl Handle {
    /// How many bytes it has.
    pub const LEN: usize = 16;

    pub(crate) fn generate() -> Self {
        // It is public: a reseeding generator is more than it needs.
        Self(rand::rng().random())
    }

    /// Takes bytes that [`as_bytes`](Self::as_bytes) gave: for a store, which keeps them.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_prints_as_32_hexadecimal_digits() {
        let handle = Handle::from_bytes(*b"0123456789abcdef");
        assert_eq!(handle.to_string(), "30313233343536373839616263646566");
        assert_ne!(Handle::generate(), Handle::generate());
    }
}
