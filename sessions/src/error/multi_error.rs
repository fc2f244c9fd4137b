use std::{error::Error, fmt};

use super::SessionError;

/// Reports every session that a request could not save.
///
/// As a response it is the gravest status among them, with an empty body.
///
/// ```
/// # use actix_web::{App, test, web};
/// use sessions::{MultiError, Registry, SessionData};
///
/// #[derive(SessionData)]
/// struct Note {
///     text: String,
/// }
///
/// async fn page(sessions: Registry) -> Result<String, sessions::SessionError> {
///     let mut note = sessions.get::<Note>().await?;
///     note.set_text("x".repeat(5_000));
///     let refused: MultiError = sessions.save_all().await.unwrap_err();
///     note.set_text("");
///     let names: Vec<&str> = refused.iter().map(|error| error.session()).collect();
///     Ok(names.join(", "))
/// }
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let store = sessions::CookieStore::sealed(sessions::KeyRing::generate()?);
/// # let sessions = sessions::SessionMiddleware::builder(store).build()?;
/// # let app = test::init_service(App::new().wrap(sessions).route("/", web::get().to(page))).await;
/// # let response = test::call_service(&app, test::TestRequest::get().to_request()).await;
/// assert_eq!(test::read_body(response).await, "note");
/// # Ok(())
/// # }
/// ```
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

/// Of one session that was opened alone.
impl From<SessionError> for MultiError {
    fn from(error: SessionError) -> Self {
        Self {
            errors: vec![error],
        }
    }
}

impl Error for MultiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.errors.first().map(|error| error as _)
    }
}
