//! What a session stores: its schema and its bytes.
//!
//! The session room knocks with a struct or with stored bytes; it gets bytes or a struct back, and fields this code does not know are kept
//! aside for the way back. Bytes are hostile: depth, lengths, duplicates, trailing bytes and wrong kinds are refused with bounded work.
//! Nothing here knows a cookie, a key or a clock.
//!
//! ```text
//! payload = version · fields                       a CBOR sequence (RFC 8742)
//!           version   unsigned integer             the schema version the fields were written by
//!           fields    map, text keys to values     one entry a stored field, in declaration order; kept unknown fields last
//! ```

mod bytes;
mod error;
mod field_writer;
mod fields;
mod flash;
mod fresh;
mod head;
mod item;
mod merge;
mod payload;
mod schema;
mod unknown;

pub use self::{
    bytes::{AsBytes, ByteSeed},
    error::{DecodeError, EncodeError},
    field_writer::FieldWriter,
    fields::{FieldKeys, FieldRule, Fields},
    flash::FlashField,
    fresh::{Fresh, FreshFallback},
    merge::OnConflict,
    payload::Stored,
    schema::Schema,
};
pub(crate) use self::{
    error::DecodeErrorKind,
    fields::has_flash,
    item::Item,
    merge::{MergeError, merge},
    payload::{Decoded, decode, encode},
    unknown::Unknown,
};
