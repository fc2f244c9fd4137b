use sha2::{Digest as _, Sha256};

use crate::store::Principal;

/// The lock that those take who write sessions of one principal. Others may share it, and wait a moment for nothing.
pub(super) fn stripe_of(principal: Option<&Principal>) -> u8 {
    let principal = principal.map_or(&[][..], Principal::as_bytes);
    let [first, ..] = <[u8; 32]>::from(Sha256::digest(principal));
    first % STRIPES
}

/// As many as the migrations make rows. A row for each principal would have to be swept when its last session ends, without ending a login
/// that has just locked it.
const STRIPES: u8 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_of_a_principal_is_frozen() {
        let stripe = |principal: &[u8]| stripe_of(Some(&Principal::from_bytes(principal)));
        // Two versions of this program at once must choose the same: SHA-256 of these begins with e3 and ba, as FIPS 180-2 says.
        assert_eq!(stripe(b""), 0xe3 % 64);
        assert_eq!(stripe(b"abc"), 0xba % 64);
    }
}
