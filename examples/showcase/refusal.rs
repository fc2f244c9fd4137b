use std::{error::Error, fmt, time::Duration};

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{LOCATION, RETRY_AFTER},
    },
};
use sessions::SessionError;

use crate::place::Place;

/// Why somebody does not get what they asked for.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Log in first, and then come back.
    LogIn(Place),
    /// Say the password again, and then come back.
    Confirm(Place),
    Forbidden,
    TooManyGuesses(Duration),
    Session(SessionError),
    /// It is the shop's own fault.
    Failed(Box<dyn Error>),
}

impl Refusal {
    pub(crate) fn failed(source: impl Into<Box<dyn Error>>) -> Self {
        Self::Failed(source.into())
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::LogIn(_) | Self::Confirm(_) => StatusCode::SEE_OTHER,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::TooManyGuesses(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Session(error) => error.status_code(),
            Self::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Without a body: [`finish`](crate::guard::finish) makes a page of it.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::LogIn(next) => {
                response.insert_header((LOCATION, format!("/login?next={next}")));
            }
            Self::Confirm(next) => {
                response.insert_header((LOCATION, format!("/confirm?next={next}")));
            }
            Self::TooManyGuesses(left) => {
                // Rounded up: who comes when they were told to is let in.
                response.insert_header((RETRY_AFTER, left.as_secs() + 1));
            }
            Self::Session(error) => return error.error_response(),
            Self::Failed(_) => log::error!("{self}"),
            Self::Forbidden => {}
        }
        response.finish()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LogIn(_) => f.write_str("nobody is logged in"),
            Self::Confirm(_) => f.write_str("the password was given too long ago"),
            Self::Forbidden => f.write_str("forbidden"),
            Self::TooManyGuesses(_) => f.write_str("too many guesses"),
            Self::Session(error) => error.fmt(f),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl From<SessionError> for Refusal {
    fn from(error: SessionError) -> Self {
        Self::Session(error)
    }
}
