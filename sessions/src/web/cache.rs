//! What shared caches are told about a response that depends on a session (RFC 9111).

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Adds `Cookie` to `Vary`, once, and in one line: whoever reads only the first would lose the rest.
pub(super) fn vary_by_cookie(headers: &mut HeaderMap) {
    if !headers.contains_key(header::VARY) {
        headers.insert(header::VARY, HeaderValue::from_static("Cookie"));
        return;
    }
    let mut line = String::new();
    for value in headers.get_all(header::VARY) {
        for element in elements(value) {
            if element == "*" || element.eq_ignore_ascii_case("cookie") {
                return;
            }
            line.push_str(element);
            line.push_str(", ");
        }
    }
    line.push_str("Cookie");
    let value = HeaderValue::from_str(&line).unwrap_or(HeaderValue::from_static("Cookie"));
    headers.insert(header::VARY, value);
}

/// Makes `Cache-Control` say `no-store` and nothing else.
///
/// Nothing is worth keeping beside it, and `must-understand` would undo it (RFC 9111, section 5.2.2.3). So would the fields that are meant
/// for one kind of cache and come first there (RFC 9213), where a handler set them.
pub(super) fn store_nowhere(headers: &mut HeaderMap) {
    let no_store = HeaderValue::from_static("no-store");
    headers.insert(header::CACHE_CONTROL, no_store.clone());
    for targeted in &TARGETED {
        if headers.contains_key(targeted) {
            headers.insert(targeted.clone(), no_store.clone());
        }
    }
}

static TARGETED: [HeaderName; 2] = [
    HeaderName::from_static("cdn-cache-control"),
    HeaderName::from_static("surrogate-control"),
];

/// The elements of a comma-separated header; none if it is not text.
fn elements(value: &HeaderValue) -> impl Iterator<Item = &str> {
    value
        .to_str()
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|element| !element.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        headers
    }

    fn values(headers: &HeaderMap, name: &'static str) -> Vec<String> {
        headers
            .get_all(name)
            .map(|value| value.to_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn vary_names_cookie_once_whatever_it_said() {
        for (before, after) in [
            (&[][..], &["Cookie"][..]),
            (&["Accept-Encoding"], &["Accept-Encoding, Cookie"]),
            (&["Accept-Encoding, cookie"], &["Accept-Encoding, cookie"]),
            (&["Accept", "COOKIE"], &["Accept", "COOKIE"]),
            (&["*"], &["*"]),
            (&["X-Cookie", "Accept"], &["X-Cookie, Accept, Cookie"]),
        ] {
            let mut headers = headers("vary", before);
            vary_by_cookie(&mut headers);
            vary_by_cookie(&mut headers);
            assert_eq!(values(&headers, "vary"), after);
        }
    }

    #[test]
    fn a_response_with_a_session_cookie_is_stored_nowhere() {
        for before in [
            &[][..],
            &["public, max-age=3600"],
            &["Public", "immutable"],
            &["no-store"],
            &["must-understand, max-age=600"],
            &["private, no-cache=\"Set-Cookie, X\", public"],
        ] {
            let mut headers = headers("cache-control", before);
            headers.append(TARGETED[0].clone(), HeaderValue::from_static("max-age=600"));
            store_nowhere(&mut headers);
            assert_eq!(values(&headers, "cache-control"), ["no-store"]);
            assert_eq!(values(&headers, "cdn-cache-control"), ["no-store"]);
            assert_eq!(values(&headers, "surrogate-control"), [""; 0]);
        }
    }
}
