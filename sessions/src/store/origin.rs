use std::fmt;

/// Says where the session that a handler sees came from.
///
/// ```
/// use actix_web::{HttpResponse, Responder};
/// use sessions::{Origin, Session, SessionData};
///
/// #[derive(SessionData)]
/// struct Login {
///     user: Option<String>,
/// }
///
/// async fn page(login: Session<Login>) -> impl Responder {
///     match login.origin() {
///         Origin::Loaded => HttpResponse::Ok().body("welcome back"),
///         Origin::Rejected(reason) => HttpResponse::Ok().body(format!("please log in again: {reason}")),
///         _ => HttpResponse::Ok().body("welcome"),
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The request brought no session of this name.
    New,
    /// The request brought a session and it was accepted.
    Loaded,
    /// The request brought none of this name, but the session of another application, which was taken over: see
    /// [`Import`](crate::import::Import). It is stored with the response.
    Imported,
    /// The request brought something that was not accepted; what the handler sees is a new, empty session.
    Rejected(Rejection),
}

/// Says why a presented session was not accepted.
///
/// It is for logs and counters. Do not treat a visitor whose cookie was rejected worse than one without a cookie: most of them are users
/// whose session ended. The exception is [`NewerVersion`](Self::NewerVersion): that session has not ended, and what a handler writes takes its
/// place. Where that must not be, [`refuse_newer`](crate::SessionOptions::refuse_newer) has the request fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rejection {
    /// Not in the form of a session cookie: another length, alphabet or format version.
    Malformed,
    /// The store holds no session for it: it has ended, or expired, or was never begun here.
    Unknown,
    /// Made under a key that is not, or no longer, in the key ring.
    UnknownKey,
    /// Tampered with, or made for another session name.
    Unauthentic,
    /// Written by a release whose data this one cannot read yet, or, after a rollback, no longer.
    NewerVersion,
    /// Older than anything the type's chain of `previous` types reads.
    UnknownVersion,
    /// Authentic, but not the data of its type.
    Undecodable,
    /// Sealed more than an hour after what the clock shows: the clock of one machine is wrong.
    TooNew,
    /// Past its idle or its absolute deadline.
    Expired,
}

/// Says why the session of another application was not imported.
///
/// It is for logs and counters, as a [`Rejection`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ImportRefusal {
    /// Nobody with the reader's keys wrote it: tampered with, of another name, under another key, or no such cookie at all.
    Unauthentic,
    /// It has ended in the store that it leads to.
    Ended,
    /// Past its maximum age, or written so long ago that it could not live here either.
    Expired,
    /// Younger than the reader's minimum age.
    TooNew,
    /// Authentic, and not of the serializer that was configured.
    Undecodable,
    /// The function that was to convert it failed.
    Unconverted,
}

impl fmt::Display for ImportRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unauthentic => "not authentic",
            Self::Ended => "ended",
            Self::Expired => "expired",
            Self::TooNew => "too new",
            Self::Undecodable => "undecodable",
            Self::Unconverted => "not converted",
        })
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "malformed",
            Self::Unknown => "not in the store",
            Self::UnknownKey => "made under an unknown key",
            Self::Unauthentic => "not authentic",
            Self::NewerVersion => "written by a newer version",
            Self::UnknownVersion => "of a version no longer known",
            Self::Undecodable => "undecodable",
            Self::TooNew => "newer than the clock",
            Self::Expired => "expired",
        })
    }
}
