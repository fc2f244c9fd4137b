//! What shared caches are told about a response that depends on a session (RFC 9111).

use actix_web::http::header::{self, HeaderMap, HeaderValue};

/// Adds `Cookie` to `Vary`, once.
pub(super) fn vary_by_cookie(headers: &mut HeaderMap) {
    let said = headers.get_all(header::VARY).any(|value| {
        elements(value).any(|element| element == "*" || element.eq_ignore_ascii_case("cookie"))
    });
    if !said {
        headers.append(header::VARY, HeaderValue::from_static("Cookie"));
    }
}

/// Makes `Cache-Control` say `no-store` and never `public`; what else it says stays.
pub(super) fn store_nowhere(headers: &mut HeaderMap) {
    let mut directives = String::new();
    for value in headers.get_all(header::CACHE_CONTROL) {
        if value.as_bytes().contains(&b'"') {
            // A comma inside quotes is no separator. Nothing that could be kept is worth more than what `no-store` says.
            directives.clear();
            break;
        }
        for directive in elements(value) {
            if !directive.eq_ignore_ascii_case("public")
                && !directive.eq_ignore_ascii_case("no-store")
            {
                directives.push_str(directive);
                directives.push_str(", ");
            }
        }
    }
    directives.push_str("no-store");
    let value = HeaderValue::from_str(&directives).unwrap_or(HeaderValue::from_static("no-store"));
    headers.insert(header::CACHE_CONTROL, value);
}

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
                header::HeaderName::from_static(name),
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
            (&["Accept-Encoding"], &["Accept-Encoding", "Cookie"]),
            (&["Accept-Encoding, cookie"], &["Accept-Encoding, cookie"]),
            (&["Accept", "COOKIE"], &["Accept", "COOKIE"]),
            (&["*"], &["*"]),
            (&["X-Cookie"], &["X-Cookie", "Cookie"]),
        ] {
            let mut headers = headers("vary", before);
            vary_by_cookie(&mut headers);
            vary_by_cookie(&mut headers);
            assert_eq!(values(&headers, "vary"), after);
        }
    }

    #[test]
    fn a_response_with_a_session_cookie_is_stored_nowhere() {
        for (before, after) in [
            (&[][..], "no-store"),
            (&["public, max-age=3600"], "max-age=3600, no-store"),
            (&["Public", "immutable"], "immutable, no-store"),
            (&["no-store"], "no-store"),
            (&["private, no-cache=\"Set-Cookie, X\", public"], "no-store"),
        ] {
            let mut headers = headers("cache-control", before);
            store_nowhere(&mut headers);
            store_nowhere(&mut headers);
            assert_eq!(values(&headers, "cache-control"), [after]);
        }
    }
}
