use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Writes a cookie as somebody would who has the hash key: with any date and any content.
pub(crate) fn mint(key: &str, name: &str, date: &str, content: &[u8]) -> Vec<u8> {
    let payload = URL_SAFE.encode(content);
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())
        .unwrap()
        .chain_update(format!("{name}|{date}|{payload}"))
        .finalize();
    let message = [
        date.as_bytes(),
        b"|",
        payload.as_bytes(),
        b"|",
        mac.as_bytes(),
    ];
    URL_SAFE.encode(message.concat()).into_bytes()
}
