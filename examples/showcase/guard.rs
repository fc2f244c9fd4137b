use actix_web::{
    Error, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    error::{ErrorForbidden, InternalError},
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
};

use crate::pages;

/// Refuses what another site's page makes a browser do here: the second line behind `SameSite=Lax`, which is the first.
///
/// A browser says by itself where a request comes from, and no page can change that (OWASP cross-site request forgery prevention cheat sheet,
/// "Fetch Metadata headers" and "verifying origin"). Neighbors on subdomains are the same *site*, and therefore not stopped by `SameSite`;
/// they are another origin. Whatever sends neither header is no browser, and has no visitor's cookies.
pub(crate) async fn refuse_other_origins(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    if request.method().is_safe() || is_of_this_origin(&request) {
        next.call(request).await
    } else {
        Err(ErrorForbidden("from another origin"))
    }
}

fn is_of_this_origin(request: &ServiceRequest) -> bool {
    let text = |name| request.headers().get(name).map(HeaderValue::as_bytes);
    match (text(SEC_FETCH_SITE), text(header::ORIGIN)) {
        // `none`: a person did it, in the browser's own windows.
        (Some(site), _) => site == b"same-origin" || site == b"none",
        (None, Some(origin)) => {
            let host = request.connection_info().host().to_owned();
            // Not the scheme: who ends TLS in front of this may not have told it.
            let of_origin = origin.split(|byte| *byte == b'/').nth(2);
            of_origin == Some(host.as_bytes())
        }
        (None, None) => true,
    }
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Puts on every response what browsers are to be told, and makes a page of an error without one.
pub(crate) async fn finish(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match next.call(request).await {
        Ok(response) => {
            let mut response = response.map_into_boxed_body();
            let head = response.response_mut();
            let page = page_for(head.status(), head.body().size(), head.headers_mut());
            Ok(match page {
                Some(page) => response.map_body(|_, _| BoxBody::new(page)),
                None => response,
            })
        }
        Err(error) => {
            let mut response = HttpResponse::from_error(error);
            let (status, size) = (response.status(), response.body().size());
            if let Some(page) = page_for(status, size, response.headers_mut()) {
                response = response.set_body(BoxBody::new(page));
            }
            Err(InternalError::from_response("refused by a guard", response).into())
        }
    }
}

/// The page of an error that has none. Every response's headers are set on the way.
fn page_for(status: StatusCode, size: BodySize, headers: &mut HeaderMap) -> Option<String> {
    for (name, value) in HEADERS {
        headers.insert(name, value);
    }
    // What pages show is for their visitor: it stays in no cache, and not behind the back button (OWASP ASVS v5, 14.3.2).
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, NO_STORE);
    }
    let is_bare = matches!(size, BodySize::None | BodySize::Sized(0));
    let is_plain = headers.get(header::CONTENT_TYPE) != Some(&HTML);
    if !(status.is_client_error() || status.is_server_error()) || !(is_bare || is_plain) {
        return None;
    }
    headers.insert(header::CONTENT_TYPE, HTML);
    Some(pages::failure(status))
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        // There is no script here, so whoever smuggles one in runs none.
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        // Not `no-referrer`, under which a form's `Origin` is `null`.
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];
