use std::fmt;

use sha2::{Digest as _, Sha256};
use zeroize::ZeroizeOnDrop;

use crate::base64url;

/// Opens a session whose data stays on the server: whoever has it, is the visitor.
///
/// 32 bytes from the operating system's generator, sent as 43 characters of base64url, and nothing else in it (OWASP ASVS v5, 7.2.3). It
/// stands in the visitor's cookie and nowhere else; a store sees the [`StoreKey`].
#[derive(ZeroizeOnDrop)]
pub(crate) struct Token([u8; Self::LEN]);

impl Token {
    pub(crate) const LEN: usize = 32;

    /// How many characters it has in a cookie.
    pub(crate) const ENCODED_LEN: usize = base64url::encoded_length(Self::LEN);

    /// Makes a token that nobody can guess.
    pub(crate) fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; Self::LEN];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Reads what a visitor sent, before any store is asked; `None` unless it has the form of a token.
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        base64url::decode_array(value).map(Self)
    }

    /// Appends the cookie's value.
    pub(crate) fn write_value(&self, value: &mut Vec<u8>) {
        base64url::encode(&self.0, value);
    }

    pub(crate) fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// Where the session of this name is found.
    ///
    /// ```text
    /// SHA-256( token 32 · name )
    /// ```
    ///
    /// The name is bound in, so that the token of one session opens no other. Behind a token, which has one length, no name is like another;
    /// up to 23 characters of it fit into the hash's one block.
    pub(crate) fn store_key(&self, session: &str) -> StoreKey {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(session);
        StoreKey(hash.finalize().into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Names a record in a store: a hash of the token, which it does not reveal.
///
/// Whoever reads a store learns no token from it. Use its bytes as they are, or [`Display`](fmt::Display), 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoreKey([u8; Self::LEN]);

impl StoreKey {
    /// How many bytes it has.
    pub const LEN: usize = 32;

    /// Takes bytes that [`as_bytes`](Self::as_bytes) gave.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Its bytes, spread evenly: any of them will do to choose a shard.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Display for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The first digits: enough to tell two apart in a log, not enough to find one by.
impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, ..] = self.0;
        write!(f, "StoreKey({a:02x}{b:02x}..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_from_its_cookie_value_and_from_nothing_else() {
        let token = Token::generate().unwrap();
        let mut value = Vec::new();
        token.write_value(&mut value);
        assert_eq!(value.len(), 43);
        assert_eq!(Token::parse(&value).unwrap().as_bytes(), token.as_bytes());
        assert!(Token::parse(&value[1..]).is_none());
        value[42] = b'=';
        assert!(Token::parse(&value).is_none());
        assert!(Token::parse(&[b'_'; 43]).is_none(), "trailing bits are set");
        assert_eq!(format!("{token:?}"), "Token(..)");
    }

    #[test]
    fn the_key_of_a_token_is_frozen() {
        // Computed with another implementation of SHA-256.
        const CART: &str = "c09ac53e4cb6fb3262d6f861280d73fc3ec231ae20a55e4aedec1dce2b262148";
        const LOGIN: &str = "699ba41d9105e59e41018bf4a7fa16d653bf224c39cfdc8321c080bef98ce879";
        let token = Token(std::array::from_fn(|index| u8::try_from(index).unwrap()));
        let mut value = Vec::new();
        token.write_value(&mut value);
        assert_eq!(value, b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
        assert_eq!(token.store_key("cart").to_string(), CART);
        assert_eq!(token.store_key("login").to_string(), LOGIN);
    }

    #[test]
    fn a_token_opens_the_session_it_was_issued_for_and_no_other() {
        let token = Token([7; 32]);
        assert_ne!(token.store_key("cart"), token.store_key("login"));
        assert_eq!(
            token.store_key("cart").to_string(),
            Token([7; 32]).store_key("cart").to_string()
        );
    }
}
