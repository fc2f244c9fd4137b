//! Reads one value in the encoding of Go's `encoding/gob`.
//!
//! **Who knocks:** [`Values`](super::Values) and the reader of IDs, with bytes that anybody may have written.
//!
//! **What comes back:** one [`Value`](super::Value), if the bytes are that value, the definitions of its types, and nothing else.
//!
//! **What is promised to a server under attack:** a value takes at least one byte, so time and memory are linear in the length of the input.
//! No length that is stated in it reserves anything; nesting is bounded; there is no panic.
//!
//! A stream is a sequence of messages, each behind its length:
//!
//! ```text
//! stream     = message…
//! message    = length · definition… | length · id · value            the last one is the value
//! definition = -id · wireType                                        a struct of known layout
//! value      = for a struct: ( delta of the field's number · value )… · 0
//!              for anything else: 0 · what it is
//!              without the leading 0 inside of another value
//! interface  = 0                                                     nil
//!            | name · definition… · id · length · value              definition = -id · wireType · length
//! ```
//!
//! A definition that stands inside of an interface ends the message: what is left of the surrounding value has a length of its own behind it. It
//! is as if every interface were a stream within the stream. That is why [`Segment`](segment::Segment) knows where the bytes of the current
//! value end, and not only how many there are.

mod decoder;
mod definition;
mod segment;
mod time;

pub(super) use decoder::decode;
