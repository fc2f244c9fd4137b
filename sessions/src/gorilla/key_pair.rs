use std::{error::Error, fmt};

use zeroize::Zeroizing;

/// Holds a pair of keys of the Go application: one that its cookies are signed with, and the one they are encrypted with, if they are.
///
/// `sessions.NewCookieStore(a, b, c, d)` has two pairs, `a` with `b` and `c` with `d`; where the second of a pair is `nil` or missing, it only
/// signs. They are the bytes that the Go application gave the library: if it decoded them from hex or base64 first, so must you. They are
/// overwritten on drop, and `Debug` does not show them.
///
/// These keys open what gorilla wrote and nothing else; they are not a [`Key`](crate::Key) for the sessions of this crate and should not become
/// one.
///
/// ```
/// use sessions::gorilla::{KeyPair, KeyPairErrorKind};
///
/// // sessions.NewCookieStore([]byte("something-very-secret"), []byte("a-lot-more-secrets"[:16]))
/// let pair = KeyPair::encrypted("something-very-secret", "a-lot-more-secre")?;
/// assert_eq!(format!("{pair:?}"), "KeyPair(..)");
///
/// let error = KeyPair::encrypted("something-very-secret", "a-lot-more-secrets").unwrap_err();
/// assert_eq!(error.kind(), KeyPairErrorKind::BlockKeyLength);
/// # Ok::<(), sessions::gorilla::KeyPairError>(())
/// ```
#[derive(Clone)]
pub struct KeyPair {
    hash: Zeroizing<Box<[u8]>>,
    block: Option<Zeroizing<Box<[u8]>>>,
}

impl KeyPair {
    /// Takes the key of cookies that are signed only.
    ///
    /// # Errors
    ///
    /// The key is empty.
    pub fn signed(hash_key: impl AsRef<[u8]>) -> Result<Self, KeyPairError> {
        let hash_key = hash_key.as_ref();
        if hash_key.is_empty() {
            return Err(KeyPairError::new(Reason::EmptyHashKey));
        }
        Ok(Self {
            hash: kept(hash_key),
            block: None,
        })
    }

    /// Takes the keys of cookies that are signed and encrypted: AES-128, 192 or 256 by the length of the block key.
    ///
    /// # Errors
    ///
    /// The hash key is empty, or the block key is not of 16, 24 or 32 bytes.
    pub fn encrypted(
        hash_key: impl AsRef<[u8]>,
        block_key: impl AsRef<[u8]>,
    ) -> Result<Self, KeyPairError> {
        let block_key = block_key.as_ref();
        if !matches!(block_key.len(), 16 | 24 | 32) {
            return Err(KeyPairError::new(Reason::BlockKeyLength(block_key.len())));
        }
        Ok(Self {
            block: Some(kept(block_key)),
            ..Self::signed(hash_key)?
        })
    }

    pub(super) fn hash_key(&self) -> &[u8] {
        &self.hash
    }

    /// Of 16, 24 or 32 bytes.
    pub(super) fn block_key(&self) -> Option<&[u8]> {
        self.block.as_ref().map(|key| &***key)
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPair(..)")
    }
}

fn kept(key: &[u8]) -> Zeroizing<Box<[u8]>> {
    Zeroizing::new(key.into())
}

/// Tells why keys were refused, without a byte of them.
pub struct KeyPairError {
    reason: Reason,
}

/// Lists the rules that a [`KeyPair`] can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyPairErrorKind {
    /// The hash key is empty. With it anybody could sign, and gorilla refuses it, too.
    EmptyHashKey,
    /// The block key is not of 16, 24 or 32 bytes.
    BlockKeyLength,
}

#[derive(Clone, Copy)]
enum Reason {
    EmptyHashKey,
    BlockKeyLength(usize),
}

impl KeyPairError {
    const fn new(reason: Reason) -> Self {
        Self { reason }
    }

    /// Which rule the keys broke.
    #[must_use]
    pub const fn kind(&self) -> KeyPairErrorKind {
        match self.reason {
            Reason::EmptyHashKey => KeyPairErrorKind::EmptyHashKey,
            Reason::BlockKeyLength(_) => KeyPairErrorKind::BlockKeyLength,
        }
    }
}

impl fmt::Display for KeyPairError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            Reason::EmptyHashKey => f.write_str(
                "the hash key is empty; give the bytes that the Go application signs its cookies with",
            ),
            Reason::BlockKeyLength(length) => write!(
                f,
                "a block key is 16, 24 or 32 bytes, this one is {length}; if the Go application decodes it from hex or base64, decode it first"
            ),
        }
    }
}

/// The message: a `main` that returns the error prints it by `Debug`.
impl fmt::Debug for KeyPairError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPairError({self})")
    }
}

impl Error for KeyPairError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_the_lengths_that_gorilla_takes_are_taken() {
        for length in [1, 16, 32, 64, 65, 1000] {
            assert!(KeyPair::signed(vec![7; length]).is_ok());
        }
        for length in 0..=64 {
            let taken = KeyPair::encrypted("k", vec![7; length]).is_ok();
            assert_eq!(taken, [16, 24, 32].contains(&length), "{length}");
        }
        assert_eq!(
            KeyPair::signed("").unwrap_err().kind(),
            KeyPairErrorKind::EmptyHashKey
        );
        assert_eq!(
            KeyPair::encrypted("", [7; 16]).unwrap_err().kind(),
            KeyPairErrorKind::EmptyHashKey
        );
    }

    #[test]
    fn neither_a_pair_nor_its_error_shows_a_key() {
        let pair = KeyPair::encrypted("hunter2", "hunter2 hunter2!").unwrap();
        assert_eq!(format!("{pair:#?}"), "KeyPair(..)");
        let error = KeyPair::encrypted("hunter2", "hunter2").unwrap_err();
        assert_eq!(
            format!("{error:?}"),
            "KeyPairError(a block key is 16, 24 or 32 bytes, this one is 7; if the Go application decodes it from hex or base64, decode it first)"
        );
    }
}
