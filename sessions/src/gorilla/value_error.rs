use std::{error::Error, fmt};

use super::{MapKey, Value};

/// Reports that a session does not hold what was asked of it.
///
/// It names the keys that were asked for and kinds of values, and no value.
///
/// ```
/// # use sessions::gorilla::{Values, ValueErrorKind};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let values = Values::from_json(br#"{"user_id": 300, "cart": {"items": [1, "two"]}}"#)?;
///
/// let error = values.get::<u8>("user_id").unwrap_err();
/// assert_eq!(error.kind(), ValueErrorKind::OutOfRange);
/// assert_eq!(error.to_string(), "`user_id` holds an integer beyond the range of u8");
///
/// let error = values.value("cart").unwrap().get::<Vec<u8>>("items").unwrap_err();
/// assert_eq!(error.to_string(), "`items` holds a text where an integer was asked for");
///
/// assert_eq!(values.get::<u8>("user").unwrap_err().to_string(), "there is no `user`");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueError {
    /// Keys, outermost first, with dots between; empty if the value was in hand already.
    path: String,
    reason: Reason,
}

/// Says what a [`ValueError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueErrorKind {
    /// There is nothing under the key.
    Missing,
    /// The value is of another type.
    OtherType,
    /// The value is a number that the type does not hold.
    OutOfRange,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Reason {
    Missing,
    OtherType {
        expected: &'static str,
        found: &'static str,
    },
    OutOfRange {
        expected: &'static str,
    },
}

impl ValueError {
    /// The value is of another type than the one that is `expected`: "an integer".
    ///
    /// For implementations of [`FromValue`](super::FromValue).
    #[must_use]
    pub fn other_type(expected: &'static str, found: &Value) -> Self {
        Self::new(Reason::OtherType {
            expected,
            found: found.kind(),
        })
    }

    /// The value is a number that the type of this name does not hold.
    ///
    /// For implementations of [`FromValue`](super::FromValue).
    #[must_use]
    pub fn out_of_range(expected: &'static str) -> Self {
        Self::new(Reason::OutOfRange { expected })
    }

    pub(super) fn missing() -> Self {
        Self::new(Reason::Missing)
    }

    fn new(reason: Reason) -> Self {
        Self {
            path: String::new(),
            reason,
        }
    }

    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> ValueErrorKind {
        match self.reason {
            Reason::Missing => ValueErrorKind::Missing,
            Reason::OtherType { .. } => ValueErrorKind::OtherType,
            Reason::OutOfRange { .. } => ValueErrorKind::OutOfRange,
        }
    }

    /// The keys that were asked for, outermost first, with dots between.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match self.reason {
            Reason::Missing => write!(f, "there is no `{path}`"),
            Reason::OtherType { expected, found } => {
                write!(f, "`{path}` holds {found} where {expected} was asked for")
            }
            Reason::OutOfRange { expected } => {
                write!(
                    f,
                    "`{path}` holds an integer beyond the range of {expected}"
                )
            }
        }
    }
}

impl Error for ValueError {}

/// Says under which key an error was met.
pub(super) trait Under {
    fn under(self, key: &MapKey<'_>) -> Self;
}

impl<V> Under for Result<V, ValueError> {
    fn under(self, key: &MapKey<'_>) -> Self {
        self.map_err(|mut error| {
            error.path = if error.path.is_empty() {
                key.to_string()
            } else {
                format!("{key}.{}", error.path)
            };
            error
        })
    }
}
