//! Reads what Go's gorilla/sessions left with visitors and on disk, so that nobody is logged out when an application moves here.
//!
//! **Who knocks:** an [`Import`](crate::import::Import), which takes a reader; or whoever has the value of a gorilla cookie in hand, and the keys it
//! was made with.
//!
//! **What is given:** a [`Reader`] with the [`KeyPair`]s of the Go application, in its order; for a `FilesystemStore` a [`FilesystemReader`]
//! with its directory, too.
//!
//! **What comes back:** the session as a tree of [`Values`], from which [`Values::get`] fills a struct, and the time it was written. Or an
//! [`OpenError`], of one kind for everything that nobody with these keys wrote.
//!
//! **What is not promised:** that anything can be written: there is no encoder, by design. That the session was not ended: a gorilla cookie
//! cannot be revoked, and a copy opens until its maximum age. That hash functions other than SHA-256, ciphers other than AES and serializers
//! other than gob and JSON are read.
//!
//! ```
//! use sessions::{Timestamp, gorilla};
//!
//! struct Login {
//!     user: u64,
//!     name: String,
//!     theme: Option<String>,
//! }
//!
//! // All there is to write for a session of one's own.
//! fn login(old: &gorilla::Values) -> Result<Login, gorilla::ValueError> {
//!     Ok(Login {
//!         user: old.get("user_id")?,
//!         name: old.get("name")?,
//!         theme: old.get("theme")?,
//!     })
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // In Go: sessions.NewCookieStore([]byte("0123456789abcdef0123456789abcdef"))
//! let key = gorilla::KeyPair::signed("0123456789abcdef0123456789abcdef")?;
//! let reader = gorilla::Reader::new(key);
//!
//! let cookie = b"MTc5NTI3NjA1M3xEdi1CQkFFQ180SUFBUkFCRUFBQVBQLUNBQUlHYzNSeWFXNW5EQWtBQjNWelpYSmZhV1FEYVc1MEJBTUFf\
//!                NW9HYzNSeWFXNW5EQVlBQkc1aGJXVUdjM1J5YVc1bkRBVUFBMkZ1Ymc9PXwjZKne4jYnk5DeNxbc7D26_-DES6V_wBxpMurW4-RUww==";
//! let now = Timestamp::from_seconds(1_795_276_060);
//! let login = login(&reader.open("session", cookie, now)?.values)?;
//! assert_eq!((login.user, login.name.as_str(), login.theme), (77, "ann", None));
//!
//! // The name is bound in: under another it is nobody's cookie.
//! assert!(reader.open("other", cookie, now).is_err());
//! # Ok(())
//! # }
//! ```
//!
//! In reading order: [`Reader`], [`FilesystemReader`], [`Values`], [`Value`], [`FromValue`].

mod decode_error;
mod filesystem;
mod from_value;
mod gob;
mod json;
mod key_pair;
mod map_key;
mod message;
mod opaque;
mod open_error;
mod opened;
mod payload;
mod reader;
mod structure;
mod value;
mod value_error;
mod values;

pub use self::{
    decode_error::{DecodeError, DecodeErrorKind},
    filesystem::FilesystemReader,
    from_value::FromValue,
    key_pair::{KeyPair, KeyPairError, KeyPairErrorKind},
    map_key::MapKey,
    opaque::Opaque,
    open_error::{OpenError, OpenErrorKind},
    opened::{Opened, OpenedId},
    payload::Payload,
    reader::Reader,
    structure::Struct,
    value::Value,
    value_error::{ValueError, ValueErrorKind},
    values::Values,
};
