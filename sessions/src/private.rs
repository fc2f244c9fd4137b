//! What the derive's output names. Not for anybody else: it changes without notice.

pub use serde;

pub use crate::{
    data::{
        AsBytes, ByteSeed, DecodeError, EncodeError, FieldKeys, FieldRule, FieldWriter, Fields,
        FlashField, Fresh, FreshFallback, Stored,
    },
    session::{Accessors, Shown, ShownFallback, Slot},
};
