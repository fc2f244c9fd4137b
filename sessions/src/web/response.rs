use actix_web::{
    Error, HttpResponse, ResponseError,
    body::EitherBody,
    dev::ServiceResponse,
    http::{
        StatusCode,
        header::{self, HeaderMap},
    },
};

use crate::{
    cookie::SetCookie,
    error::{Chain, MultiError, SessionError, SessionErrorKind},
    registry::Departures,
    session::ValueError,
};

use super::cache;

/// Whether a response drops what is not saved.
pub(super) fn is_server_error<B>(result: &Result<ServiceResponse<B>, Error>) -> bool {
    match result {
        Ok(response) => response.status().is_server_error(),
        Err(error) => error.as_response_error().status_code().is_server_error(),
    }
}

/// What a service answers, with the body of its own or of an error of ours.
pub(super) type Answer<B> = Result<ServiceResponse<EitherBody<B>>, Error>;

/// Leaves the answer as it is, for a request whose sessions are nobody's concern.
#[inline]
pub(super) fn untouched<B>(result: Result<ServiceResponse<B>, Error>) -> Answer<B> {
    result.map(ServiceResponse::map_into_left_body)
}

/// Lets the response take along what a request's sessions leave with.
#[inline]
pub(super) fn take_along<B>(
    departures: Departures,
    result: Result<ServiceResponse<B>, Error>,
) -> Answer<B> {
    let Departures {
        cookies,
        result: saved,
    } = departures;
    match (saved, result) {
        (Ok(()), mut result) => {
            // Where it stands: a response is large, and is handed on once as it is.
            match &mut result {
                Ok(response) => put_headers(response.headers_mut(), cookies),
                Err(error) => take_headers(error, cookies),
            }
            untouched(result)
        }
        (Err(errors), Ok(response)) => Ok(replaced(response, errors, cookies)),
        (Err(errors), Err(_)) => {
            tell(&errors);
            let mut error = errors.into();
            take_headers(&mut error, cookies);
            Err(error)
        }
    }
}

/// A response of the errors in place of one that promised what was not saved: as a handler's own error would be, so that middleware around this
/// one sees a response like any other.
fn replaced<B>(
    response: ServiceResponse<B>,
    errors: MultiError,
    cookies: Vec<SetCookie>,
) -> ServiceResponse<EitherBody<B>> {
    tell(&errors);
    let (request, _) = response.into_parts();
    let mut response = HttpResponse::from_error(errors);
    put_headers(response.headers_mut(), cookies);
    ServiceResponse::new(request, response).map_into_right_body()
}

fn tell(errors: &MultiError) {
    for error in errors.iter() {
        tracing::error!(error = %Chain(error), "session not saved; the response becomes an error");
    }
}

fn put_headers(headers: &mut HeaderMap, cookies: Vec<SetCookie>) {
    cache::vary_by_cookie(headers);
    if cookies.is_empty() {
        return;
    }
    cache::store_nowhere(headers);
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie.into_header());
    }
}

/// An error becomes a response only outside of every middleware; the headers wait for it there.
fn take_headers(error: &mut Error, cookies: Vec<SetCookie>) {
    error.add_response_mapper(move |mut response| {
        put_headers(response.headers_mut(), cookies.clone());
        response
    });
}

/// The status of its kind and an empty body: what went wrong is for the log.
impl ResponseError for SessionError {
    fn status_code(&self) -> StatusCode {
        match self.kind() {
            SessionErrorKind::MiddlewareMissing
            | SessionErrorKind::Misconfigured
            | SessionErrorKind::NameTaken
            | SessionErrorKind::OptionsDiffer
            | SessionErrorKind::TooLarge
            | SessionErrorKind::Unwritable
            | SessionErrorKind::GuardAlive
            | SessionErrorKind::PrincipalChanged
            | SessionErrorKind::NoPrincipalIndex
            | SessionErrorKind::TooLate => StatusCode::INTERNAL_SERVER_ERROR,
            SessionErrorKind::StoreUnavailable | SessionErrorKind::NewerVersion => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            SessionErrorKind::Conflict | SessionErrorKind::Gone => StatusCode::CONFLICT,
            SessionErrorKind::TooManySessions => StatusCode::FORBIDDEN,
        }
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

/// 500 and an empty body: the session holds something else than the program expects.
impl ResponseError for ValueError {
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

/// The gravest status among its errors and an empty body.
impl ResponseError for MultiError {
    fn status_code(&self) -> StatusCode {
        self.iter()
            .map(ResponseError::status_code)
            .max()
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}
