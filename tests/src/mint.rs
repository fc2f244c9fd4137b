use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Makes signed cookie values of format version 1, from the description of the format alone.
///
/// ```text
/// value     = base64url( 1 · key id 4 · content · HMAC-SHA-256 of all before 32 )
/// content   = handle 16 · persistence 1 · created 5 · sealed 4 · idle 4 · absolute 4 · authenticated 4 · payload
/// key id    = the first bytes of the subkey to "identify" ""
/// subkey    = HKDF-SHA-256( key, info = 8-byte length and text of "sessions" · 1 · the same of purpose · the same of name )
/// ```
///
/// With it a test can put into an authentic cookie what no release would write.
#[derive(Clone)]
pub struct Mint {
    key: [u8; 32],
}

/// What stands before a signed cookie's payload. Numbers are seconds; see the stores' own drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a released format has no further fields"
)]
pub struct Stamp {
    /// The session's public name.
    pub handle: [u8; 16],
    /// 0 as configured, 1 remembered, 2 forgotten on close.
    pub persistence: u8,
    /// Since the Unix epoch; forty bits of it are written.
    pub created: u64,
    /// After `created`.
    pub sealed: u32,
    /// The idle deadline, after the sealing.
    pub idle: u32,
    /// The absolute deadline, after `created`.
    pub absolute: u32,
    /// After `created`, and one more; 0 for never.
    pub authenticated: u32,
}

impl Mint {
    /// Takes the key to sign with.
    #[must_use]
    pub const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// Makes the value of a cookie of this session name.
    #[must_use]
    pub fn signed(&self, session: &str, stamp: &Stamp, payload: &[u8]) -> String {
        self.signed_content(session, &[&stamp.to_bytes()[..], payload].concat())
    }

    /// Makes the value of a cookie of this session name that holds any bytes at all.
    ///
    /// # Panics
    ///
    /// Never: an HMAC takes any key.
    #[must_use]
    pub fn signed_content(&self, session: &str, content: &[u8]) -> String {
        let [a, b, c, d, ..] = self.subkey("identify", "");
        let mut message = vec![1, a, b, c, d];
        message.extend_from_slice(content);
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.subkey("sign", session))
            .expect("an HMAC takes any key");
        mac.update(&message);
        message.extend_from_slice(&mac.finalize().into_bytes());
        URL_SAFE_NO_PAD.encode(message)
    }

    fn subkey(&self, purpose: &str, name: &str) -> [u8; 32] {
        let mut info = Vec::new();
        for (text, after) in [("sessions", &[1][..]), (purpose, &[]), (name, &[])] {
            info.extend_from_slice(&(text.len() as u64).to_be_bytes());
            info.extend_from_slice(text.as_bytes());
            info.extend_from_slice(after);
        }
        let mut subkey = [0; 32];
        Hkdf::<Sha256>::new(None, &self.key)
            .expand(&info, &mut subkey)
            .expect("HKDF gives 32 bytes");
        subkey
    }
}

impl Stamp {
    /// How many bytes it takes.
    pub const LENGTH: usize = 38;

    /// Writes it down.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.handle.to_vec();
        bytes.push(self.persistence);
        bytes.extend_from_slice(&self.created.to_be_bytes()[3..]);
        for seconds in [self.sealed, self.idle, self.absolute, self.authenticated] {
            bytes.extend_from_slice(&seconds.to_be_bytes());
        }
        bytes
    }
}

/// A test's key is no secret, but its type does not know that.
impl fmt::Debug for Mint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mint(..)")
    }
}
