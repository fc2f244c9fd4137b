use std::{error::Error, fmt};

use super::SessionError;

/// Reports every session that a request could not save.
///
/// As a response it is the gravest status among them, with an empty body.
#[derive(Clone, Debug)]
pub struct MultiError {
    /// Never empty.
    errors: Vec<SessionError>,
}

impl MultiError {
    /// `Ok` when nothing failed.
    pub(crate) fn check(errors: Vec<SessionError>) -> Result<(), Self> {
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Self { errors })
        }
    }

    /// The errors, in the order the sessions were opened.
    pub fn iter(&self) -> impl Iterator<Item = &SessionError> {
        self.errors.iter()
    }
}

impl fmt::Display for MultiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl Error for MultiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.errors.first().map(|error| error as _)
    }
}
