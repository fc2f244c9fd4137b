use crate::crypto::{error::OpenError, key::KeyId};

/// Begins every message, sealed or signed.
///
/// ```text
/// 0           1                   5
/// +-----------+-------------------+---
/// | version 1 | key id (4 bytes)  | ...
/// +-----------+-------------------+---
/// ```
///
/// It is not secret, but it is authenticated: as associated data by the seal, as part of what is
/// signed by the signature. Nobody can therefore move a message to another version or key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) key_id: KeyId,
}

impl Header {
    pub(super) const LENGTH: usize = 1 + KeyId::LENGTH;

    pub(super) const fn to_bytes(self) -> [u8; Self::LENGTH] {
        let [a, b, c, d] = self.key_id.to_bytes();
        [VERSION, a, b, c, d]
    }

    /// Reads the header, and refuses every version but the one that is written today.
    pub(super) const fn read(message: &[u8]) -> Result<Self, OpenError> {
        let Some([VERSION, key_id @ ..]) = message.first_chunk::<{ Self::LENGTH }>() else {
            return Err(OpenError::Malformed);
        };
        Ok(Self {
            key_id: KeyId::from_bytes(*key_id),
        })
    }
}

/// The version of both formats and of the derivation of subkeys: another one is another format.
pub(super) const VERSION: u8 = 1;
