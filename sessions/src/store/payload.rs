use std::{fmt, ops::Range};

/// A session's payload inside the buffer it was opened in, so that opening copies nothing.
pub(crate) struct Payload {
    buffer: Vec<u8>,
    range: Range<usize>,
}

impl Payload {
    pub(crate) fn new(buffer: Vec<u8>, range: Range<usize>) -> Self {
        Self { buffer, range }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.buffer.get(self.range.clone()).unwrap_or_default()
    }
}

/// All of it.
impl From<Vec<u8>> for Payload {
    fn from(buffer: Vec<u8>) -> Self {
        let range = 0..buffer.len();
        Self { buffer, range }
    }
}

/// The length only: the bytes are somebody's data.
impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.range.len())
    }
}
