use std::fmt;

use rand::Rng as _;
use xaes_256_gcm::{
    Nonce, Tag, Xaes256Gcm,
    aead::{AeadInOut as _, KeyInit as _},
};

use crate::crypto::{
    error::{OpenError, SealError},
    header::Header,
    key::Key,
    subkey::{Purpose, Subkey},
};

/// Seals and opens for one session name under one key: hides the payload and proves its origin.
///
/// ```text
/// 0           1          5             29                         n - 16          n
/// +-----------+----------+-------------+--------------------------+--------------+
/// | version 1 | key id 4 | nonce 24    | ciphertext               | tag 16       |
/// +-----------+----------+-------------+--------------------------+--------------+
/// |<-- associated data ->|
/// ```
///
/// The cipher is [XAES-256-GCM], whose nonces are long enough to be drawn at random: after 2^80
/// messages under one key the chance of a repeated nonce is still below 2^-32. AES-GCM with its
/// 12-byte nonces allows 2^32 messages.
///
/// [XAES-256-GCM]: https://c2sp.org/XAES-256-GCM
pub(super) struct SealKey {
    // The expanded key; what XAES derives anew for each message is derived from the nonce.
    cipher: Xaes256Gcm,
}

impl SealKey {
    pub(super) const PREFIX_LENGTH: usize = Header::LENGTH + NONCE_LENGTH;
    pub(super) const SUFFIX_LENGTH: usize = TAG_LENGTH;

    pub(super) fn new(key: &Key, name: &str) -> Self {
        let subkey = Subkey::derive(key, Purpose::Seal, name);
        Self {
            cipher: Xaes256Gcm::new(subkey.as_bytes().into()),
        }
    }

    /// Fills the reserved prefix, encrypts the payload where it stands and appends the tag.
    pub(super) fn seal(&self, header: Header, message: &mut Vec<u8>) -> Result<(), SealError> {
        let mut nonce = [0; NONCE_LENGTH];
        // A nonce is public and must only never repeat. The thread's own ChaCha generator, seeded
        // and every 64 KiB reseeded by the system, gives that without a system call for each
        // message. It is not reseeded by fork(2): a process that seals, forks and seals on in both
        // halves would repeat a nonce. Nothing here or in actix forks, and a worker that starts
        // after the fork has a generator of its own.
        rand::rng().fill_bytes(&mut nonce);
        self.seal_with_nonce(header, &nonce, message)
    }

    /// Decrypts the payload where it stands, or refuses and leaves the message as it was.
    pub(super) fn open(&self, message: &mut [u8]) -> Result<(), OpenError> {
        let Some((prefix, body)) = message.split_first_chunk_mut::<{ Self::PREFIX_LENGTH }>()
        else {
            return Err(OpenError::Malformed);
        };
        let Some((ciphertext, tag)) = body.split_last_chunk_mut::<TAG_LENGTH>() else {
            return Err(OpenError::Malformed);
        };
        let (header, nonce) = prefix.split_at(Header::LENGTH);
        let nonce = <&Nonce>::try_from(nonce).map_err(|_| OpenError::Malformed)?;
        let tag: &Tag = (&*tag).into();
        self.cipher
            .decrypt_inout_detached(nonce, header, ciphertext.into(), tag)
            .map_err(|_| OpenError::Unauthentic)
    }

    fn seal_with_nonce(
        &self,
        header: Header,
        nonce: &[u8; NONCE_LENGTH],
        message: &mut Vec<u8>,
    ) -> Result<(), SealError> {
        let Some((prefix, payload)) = message.split_first_chunk_mut::<{ Self::PREFIX_LENGTH }>()
        else {
            return Err(SealError);
        };
        let associated_data = header.to_bytes();
        let (head, tail) = prefix.split_at_mut(Header::LENGTH);
        head.copy_from_slice(&associated_data);
        tail.copy_from_slice(nonce);
        let tag = self
            .cipher
            .encrypt_inout_detached(nonce.into(), &associated_data, payload.into())
            .map_err(|_| SealError)?;
        message.extend_from_slice(&tag);
        Ok(())
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(..)")
    }
}

const NONCE_LENGTH: usize = 24;
const TAG_LENGTH: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    // https://c2sp.org/XAES-256-GCM, test vectors: one for each value of the most significant bit
    // that the derivation looks at.
    #[test]
    fn the_cipher_is_that_of_c2sp() {
        for (key, associated_data, expected) in [
            (
                [1; 32],
                "",
                "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271",
            ),
            (
                [3; 32],
                "c2sp.org/XAES-256-GCM",
                "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d",
            ),
        ] {
            let cipher = Xaes256Gcm::new(&key.into());
            let nonce = b"ABCDEFGHIJKLMNOPQRSTUVWX".into();
            let mut text = *b"XAES-256-GCM";
            let tag = cipher
                .encrypt_inout_detached(
                    nonce,
                    associated_data.as_bytes(),
                    text.as_mut_slice().into(),
                )
                .unwrap();
            assert_eq!(hex(&text) + &hex(&tag), expected);

            cipher
                .decrypt_inout_detached(
                    nonce,
                    associated_data.as_bytes(),
                    text.as_mut_slice().into(),
                    &tag,
                )
                .unwrap();
            assert_eq!(&text, b"XAES-256-GCM");
        }
    }

    // Computed by another implementation of HKDF and XAES-256-GCM; a change here is another format.
    #[test]
    fn the_sealed_bytes_are_frozen() {
        let key = Key::of_seed(1);
        let header = Header { key_id: key.id() };
        let nonce = std::array::from_fn(|index| index as u8);
        let seal = SealKey::new(&key, "cart");

        let mut message = vec![0xaa; SealKey::PREFIX_LENGTH];
        message.extend_from_slice(b"two apples");
        seal.seal_with_nonce(header, &nonce, &mut message).unwrap();
        assert_eq!(
            hex(&message),
            "013a9c9e2d\
             000102030405060708090a0b0c0d0e0f1011121314151617\
             4e9c5581cbc8be948845\
             d3870bcfccc72199f870c633db9aed3e"
        );

        seal.open(&mut message).unwrap();
        assert_eq!(&message[29..39], b"two apples");
    }

    #[test]
    fn debug_shows_no_secret() {
        let seal = SealKey::new(&Key::of_seed(1), "cart");
        assert_eq!(format!("{seal:?}"), "SealKey(..)");
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
