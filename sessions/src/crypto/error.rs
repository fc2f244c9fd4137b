use std::fmt;

/// Tells why a message did not open: enough for a log to count, nothing for a forger to learn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenError {
    /// Too short to be one, or of another version.
    Malformed,
    /// Sealed by a key that is not in the ring.
    UnknownKey,
    /// Not sealed by that key, or not for this session name, or altered since.
    Unauthentic,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the message is malformed",
            Self::UnknownKey => "the message names a key that is not in the ring",
            Self::Unauthentic => "the message is not authentic",
        })
    }
}

impl std::error::Error for OpenError {}

/// Tells that a buffer could not be sealed: its prefix was not reserved, or it is beyond 64 GiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SealError;

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the buffer cannot be sealed")
    }
}

impl std::error::Error for SealError {}
