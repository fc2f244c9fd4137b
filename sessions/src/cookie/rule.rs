use std::{error::Error, fmt, net::IpAddr, time::Duration};

use super::attributes::{Attributes, MaxAge, NamePrefix, SameSite};

/// A cookie that a browser would refuse, or would not keep as told.
///
/// It is met when sessions are configured, never while a request is served. The message names the rule, the document
/// that imposes it, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CookieRuleError {
    rule: CookieRule,
    message: String,
}

impl CookieRuleError {
    /// Returns the rule that is broken.
    pub(crate) fn kind(&self) -> CookieRule {
        self.rule
    }
}

impl fmt::Display for CookieRuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for CookieRuleError {}

/// The rules a session's cookie must obey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CookieRule {
    /// A name has at least one character (RFC 6265 section 4.1.1).
    NameIsNotEmpty,
    /// A name is a token (RFC 6265 section 4.1.1).
    NameIsToken,
    /// A session's own name does not begin with a reserved prefix (RFC 6265bis section 4.1.3).
    NameHasNoPrefix,
    /// `__Secure-`, `__Host-` and `__Host-Http-` need `Secure` (RFC 6265bis section 4.1.3).
    PrefixNeedsSecure,
    /// `__Host-` needs `Path=/` (RFC 6265bis section 4.1.3.2).
    HostPrefixNeedsRootPath,
    /// `__Host-` allows no `Domain` (RFC 6265bis section 4.1.3.2).
    HostPrefixForbidsDomain,
    /// `__Host-Http-` needs `HttpOnly` (draft-ietf-httpbis-layered-cookies section 4.1.3.4).
    HttpPrefixNeedsHttpOnly,
    /// `SameSite=None` needs `Secure` (RFC 6265bis section 5.7).
    SameSiteNoneNeedsSecure,
    /// `Partitioned` needs `Secure` (draft-cutler-httpbis-partitioned-cookies section 2.1).
    PartitionedNeedsSecure,
    /// A path begins with `/` (RFC 6265bis section 5.6.4).
    PathIsAbsolute,
    /// A path is visible ASCII without `;` (RFC 6265 section 4.1.1).
    PathIsVisibleAscii,
    /// An attribute's value has at most 1024 bytes (RFC 6265bis section 5.6).
    PathFits,
    /// A domain is a host name of letters, digits, `-`, `_` and single dots (RFC 1034 section 3.5).
    DomainIsHostName,
    /// A domain has no leading dot (RFC 6265 section 4.1.2.3).
    DomainHasNoLeadingDot,
    /// A domain has no trailing dot (RFC 6265 section 4.1.2.3).
    DomainHasNoTrailingDot,
    /// A domain is no IP address (RFC 6265 section 5.1.3).
    DomainIsNoAddress,
    /// A `Max-Age` has at least one second (RFC 6265 section 5.2.2).
    MaxAgeIsNotZero,
    /// Name and attributes leave room for a token (RFC 6265 section 6.1).
    ValueHasRoom,
}

/// Checks everything that can be known of a cookie before it has a value.
pub(super) fn check(session: &str, attributes: &Attributes) -> Result<(), CookieRuleError> {
    check_name(session)?;
    check_prefix(session, attributes)?;
    if !attributes.secure && attributes.same_site == SameSite::None {
        return broken(
            CookieRule::SameSiteNoneNeedsSecure,
            "SameSite=None requires Secure (RFC 6265bis section 5.7); keep secure on, or choose SameSite::Lax",
        );
    }
    if !attributes.secure && attributes.partitioned {
        return broken(
            CookieRule::PartitionedNeedsSecure,
            "Partitioned requires Secure (draft-cutler-httpbis-partitioned-cookies section 2.1); keep secure on, or turn \
             partitioned off",
        );
    }
    check_path(&attributes.path)?;
    if let Some(domain) = &attributes.domain {
        check_domain(domain)?;
    }
    if matches!(attributes.max_age, MaxAge::AtMost(limit) if limit < Duration::from_secs(1)) {
        return broken(
            CookieRule::MaxAgeIsNotZero,
            "a max age below one second removes the cookie at once (RFC 6265 section 5.2.2); use MaxAge::BrowserSession for \
             a cookie that ends with the browser",
        );
    }
    Ok(())
}

pub(super) fn broken(rule: CookieRule, message: impl Into<String>) -> Result<(), CookieRuleError> {
    Err(CookieRuleError {
        rule,
        message: message.into(),
    })
}

/// The prefix that a whole name begins with.
pub(super) fn prefix_of(name: &str) -> NamePrefix {
    let prefixes = [NamePrefix::HostHttp, NamePrefix::Host, NamePrefix::Secure];
    let found = prefixes
        .into_iter()
        .find(|prefix| name.starts_with(prefix.as_str()));
    found.unwrap_or(NamePrefix::None)
}

fn check_name(session: &str) -> Result<(), CookieRuleError> {
    if session.is_empty() {
        return broken(
            CookieRule::NameIsNotEmpty,
            "a cookie's name is not empty (RFC 6265 section 4.1.1); give the session a name",
        );
    }
    if let Some(odd) = session
        .chars()
        .find(|&character| !is_token_character(character))
    {
        return broken(
            CookieRule::NameIsToken,
            format!(
                "a cookie's name cannot hold {odd:?} (RFC 6265 section 4.1.1); use letters, digits, '-' and '_'"
            ),
        );
    }
    // Browsers compare without case (RFC 6265bis section 5.7), so a "__host-" is held to the rules as well. The longest
    // prefix comes first, so that the message names all of it.
    let reserved = ["__Host-Http-", "__Host-", "__Http-", "__Secure-"];
    if let Some(prefix) = reserved.iter().find(|prefix| begins_with(session, prefix)) {
        return broken(
            CookieRule::NameHasNoPrefix,
            format!(
                "a session's name does not begin with {prefix} (RFC 6265bis section 4.1.3); leave it out of the name, and \
                 choose it with NamePrefix"
            ),
        );
    }
    Ok(())
}

fn check_prefix(session: &str, attributes: &Attributes) -> Result<(), CookieRuleError> {
    let prefix = attributes.prefix;
    let document = match prefix {
        NamePrefix::None => return Ok(()),
        NamePrefix::Secure => "RFC 6265bis section 4.1.3.1",
        NamePrefix::Host => "RFC 6265bis section 4.1.3.2",
        NamePrefix::HostHttp => HTTP_PREFIX_DOCUMENT,
    };
    let prefix_name = prefix.as_str();
    if !attributes.secure {
        return broken(
            CookieRule::PrefixNeedsSecure,
            format!(
                "the prefix {prefix_name} requires Secure ({document}); keep secure on, or choose NamePrefix::None"
            ),
        );
    }
    if prefix == NamePrefix::Secure {
        return Ok(());
    }
    if attributes.path != "/" {
        return broken(
            CookieRule::HostPrefixNeedsRootPath,
            format!(
                "the prefix {prefix_name} requires Path=/ ({document}); leave the path at \"/\", or choose NamePrefix::Secure"
            ),
        );
    }
    if attributes.domain.is_some() {
        return broken(
            CookieRule::HostPrefixForbidsDomain,
            format!(
                "the prefix {prefix_name} forbids Domain ({document}); leave the domain unset, or choose NamePrefix::Secure"
            ),
        );
    }
    // A session called "http-cache" comes out as "__Host-http-cache", which a browser holds to the longer prefix.
    if !attributes.http_only && (prefix == NamePrefix::HostHttp || begins_with(session, "Http-")) {
        return broken(
            CookieRule::HttpPrefixNeedsHttpOnly,
            format!(
                "a name that begins with __Host-Http- requires HttpOnly ({HTTP_PREFIX_DOCUMENT}); keep http_only on, or \
                 choose another prefix or name"
            ),
        );
    }
    Ok(())
}

fn check_path(path: &str) -> Result<(), CookieRuleError> {
    if !path.starts_with('/') {
        return broken(
            CookieRule::PathIsAbsolute,
            "a path that does not begin with '/' is ignored (RFC 6265bis section 5.6.4); put a '/' in front of it",
        );
    }
    // Space is legal in the grammar, but browsers trim it at the end, and no path of a request ever holds one.
    if let Some(odd) = path
        .chars()
        .find(|&character| !character.is_ascii_graphic() || character == ';')
    {
        return broken(
            CookieRule::PathIsVisibleAscii,
            format!(
                "a path cannot hold {odd:?} (RFC 6265 section 4.1.1); write it percent-encoded, as it stands in the URL"
            ),
        );
    }
    if path.len() > MAX_ATTRIBUTE_VALUE {
        return broken(
            CookieRule::PathFits,
            format!(
                "a path of {} bytes is ignored, since an attribute has at most {MAX_ATTRIBUTE_VALUE} (RFC 6265bis section 5.6); \
                 use a shorter one",
                path.len()
            ),
        );
    }
    Ok(())
}

fn check_domain(domain: &str) -> Result<(), CookieRuleError> {
    if let Some(bare) = domain.strip_prefix('.') {
        return broken(
            CookieRule::DomainHasNoLeadingDot,
            format!(
                "a domain has no leading dot (RFC 6265 section 4.1.2.3); write {bare:?}, which covers its subdomains"
            ),
        );
    }
    if let Some(bare) = domain.strip_suffix('.') {
        return broken(
            CookieRule::DomainHasNoTrailingDot,
            format!(
                "a cookie whose domain has a trailing dot never matches (RFC 6265 section 4.1.2.3); write {bare:?}"
            ),
        );
    }
    if is_address(domain) {
        return broken(
            CookieRule::DomainIsNoAddress,
            "an IP address has no subdomains to share a cookie with (RFC 6265 section 5.1.3); leave the domain unset",
        );
    }
    if !is_host_name(domain) {
        return broken(
            CookieRule::DomainIsHostName,
            format!(
                "{domain:?} is not a host name (RFC 1034 section 3.5); write a bare name such as \"example.org\", without \
                 scheme, port or path, and in its xn-- form if it is not ASCII"
            ),
        );
    }
    Ok(())
}

fn is_address(domain: &str) -> bool {
    let bare = domain.trim_start_matches('[').trim_end_matches(']');
    // A browser also reads "127.1" as an address, and whatever else ends in a number (WHATWG URL, "ends in a number").
    let last = domain.rsplit('.').next().unwrap_or_default();
    bare.parse::<IpAddr>().is_ok()
        || !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())
        || begins_with(last, "0x") && last.bytes().skip(2).all(|byte| byte.is_ascii_hexdigit())
}

fn is_host_name(domain: &str) -> bool {
    // The underscore is in no standard, and in many internal names.
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    domain.len() <= 253 && domain.split('.').all(is_label)
}

/// A token is visible ASCII without the separators of RFC 2616 section 2.2; RFC 9110 section 5.6.2 lists the same ones.
fn is_token_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character)
}

fn begins_with(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

const HTTP_PREFIX_DOCUMENT: &str = "draft-ietf-httpbis-layered-cookies section 4.1.3.4";

/// A browser ignores an attribute whose value is longer (RFC 6265bis section 5.6).
const MAX_ATTRIBUTE_VALUE: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Attributes {
        Attributes {
            prefix: NamePrefix::None,
            ..Attributes::default()
        }
    }

    fn with_path(path: &str) -> Attributes {
        Attributes {
            path: path.to_owned(),
            ..plain()
        }
    }

    fn with_domain(domain: &str) -> Attributes {
        Attributes {
            domain: Some(domain.to_owned()),
            ..plain()
        }
    }

    #[track_caller]
    fn assert_refused(session: &str, attributes: &Attributes, rule: CookieRule, message: &str) {
        let error = check(session, attributes).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(error.kind(), rule);
    }

    #[test]
    fn legal_combinations_pass() {
        let host_http = Attributes {
            prefix: NamePrefix::HostHttp,
            ..Attributes::default()
        };
        let shared = Attributes {
            prefix: NamePrefix::Secure,
            path: "/shop".to_owned(),
            domain: Some("shop.example.org".to_owned()),
            http_only: false,
            ..Attributes::default()
        };
        let framed = Attributes {
            same_site: SameSite::None,
            partitioned: true,
            ..Attributes::default()
        };
        let insecure = Attributes {
            secure: false,
            max_age: MaxAge::AtMost(Duration::from_secs(1)),
            ..plain()
        };
        for attributes in [
            Attributes::default(),
            plain(),
            host_http,
            shared,
            framed,
            insecure,
        ] {
            assert_eq!(check("cart", &attributes), Ok(()), "{attributes:?}");
        }
        for name in [
            "a",
            "Cart_2",
            "__Hos",
            "__Host",
            "_Host-a",
            "host-a",
            "http-cache",
            "!#$%&'*+-.^_`|~",
        ] {
            assert_eq!(check(name, &Attributes::default()), Ok(()), "{name}");
        }
        for path in ["/", "/a/b", "/a%20b", "/~a/", "/a=b,c"] {
            assert_eq!(check("cart", &with_path(path)), Ok(()), "{path}");
        }
        for domain in [
            "example.org",
            "EXAMPLE.org",
            "localhost",
            "a-b.c_d.e",
            "xn--bcher-kva.example",
            "1.2.3.example",
            "0xg",
            "c0",
        ] {
            assert_eq!(check("cart", &with_domain(domain)), Ok(()), "{domain}");
        }
    }

    #[test]
    fn names_that_are_no_token_or_claim_a_prefix_are_refused() {
        let attributes = Attributes::default();
        assert_refused(
            "",
            &attributes,
            CookieRule::NameIsNotEmpty,
            "a cookie's name is not empty (RFC 6265 section 4.1.1); give the session a name",
        );
        assert_refused(
            "my cart",
            &attributes,
            CookieRule::NameIsToken,
            "a cookie's name cannot hold ' ' (RFC 6265 section 4.1.1); use letters, \
             digits, '-' and '_'",
        );
        let separators = "()<>@,;:\\\"/[]?={} \t\r\n\0\u{7f}\u{e9}\u{2000}";
        for odd in separators.chars() {
            let error = check(&format!("a{odd}b"), &attributes).unwrap_err();
            assert_eq!(error.kind(), CookieRule::NameIsToken, "{odd:?}");
        }
        assert_refused(
            "__hOST-cart",
            &attributes,
            CookieRule::NameHasNoPrefix,
            "a session's name does not begin with __Host- (RFC 6265bis section \
             4.1.3); leave it out of the name, and choose it with NamePrefix",
        );
        for (name, prefix) in [
            ("__Host-", "__Host-"),
            ("__Secure-a", "__Secure-"),
            ("__SECURE-a", "__Secure-"),
            ("__http-a", "__Http-"),
            ("__host-HTTP-a", "__Host-Http-"),
        ] {
            let error = check(name, &plain()).unwrap_err();
            assert_eq!(error.kind(), CookieRule::NameHasNoPrefix, "{name}");
            assert_eq!(
                error.message,
                format!(
                    "a session's name does not begin with {prefix} (RFC 6265bis section 4.1.3); leave it out of the name, \
                     and choose it with NamePrefix"
                )
            );
        }
    }

    #[test]
    fn prefixes_are_refused_without_what_they_promise() {
        let host = Attributes::default();
        let secure = Attributes {
            prefix: NamePrefix::Secure,
            ..Attributes::default()
        };
        let host_http = Attributes {
            prefix: NamePrefix::HostHttp,
            ..Attributes::default()
        };
        assert_refused(
            "cart",
            &Attributes {
                secure: false,
                ..host.clone()
            },
            CookieRule::PrefixNeedsSecure,
            "the prefix __Host- requires Secure (RFC 6265bis section 4.1.3.2); keep secure \
             on, or choose NamePrefix::None",
        );
        assert_refused(
            "cart",
            &Attributes {
                secure: false,
                ..secure
            },
            CookieRule::PrefixNeedsSecure,
            "the prefix __Secure- requires Secure (RFC 6265bis section 4.1.3.1); keep \
             secure on, or choose NamePrefix::None",
        );
        assert_refused(
            "cart",
            &Attributes {
                secure: false,
                ..host_http.clone()
            },
            CookieRule::PrefixNeedsSecure,
            "the prefix __Host-Http- requires Secure \
             (draft-ietf-httpbis-layered-cookies section 4.1.3.4); keep secure on, or choose NamePrefix::None",
        );
        assert_refused(
            "cart",
            &Attributes {
                path: "/shop".to_owned(),
                ..host.clone()
            },
            CookieRule::HostPrefixNeedsRootPath,
            "the prefix __Host- requires Path=/ (RFC 6265bis section 4.1.3.2); leave the \
             path at \"/\", or choose NamePrefix::Secure",
        );
        assert_refused(
            "cart",
            &Attributes {
                domain: Some("example.org".to_owned()),
                ..host.clone()
            },
            CookieRule::HostPrefixForbidsDomain,
            "the prefix __Host- forbids Domain (RFC 6265bis section 4.1.3.2); leave the \
             domain unset, or choose NamePrefix::Secure",
        );
        assert_refused(
            "cart",
            &Attributes {
                domain: Some("example.org".to_owned()),
                ..host_http.clone()
            },
            CookieRule::HostPrefixForbidsDomain,
            "the prefix __Host-Http- forbids Domain \
             (draft-ietf-httpbis-layered-cookies section 4.1.3.4); leave the domain unset, or choose NamePrefix::Secure",
        );
        for (name, attributes) in [("cart", host_http), ("hTTp-cache", host)] {
            assert_refused(
                name,
                &Attributes {
                    http_only: false,
                    ..attributes
                },
                CookieRule::HttpPrefixNeedsHttpOnly,
                "a name that begins with __Host-Http- requires HttpOnly \
                     (draft-ietf-httpbis-layered-cookies section 4.1.3.4); keep http_only on, or choose another prefix or \
                     name",
            );
        }
    }

    #[test]
    fn cookies_for_other_sites_are_refused_without_secure() {
        assert_refused(
            "cart",
            &Attributes {
                secure: false,
                same_site: SameSite::None,
                ..plain()
            },
            CookieRule::SameSiteNoneNeedsSecure,
            "SameSite=None requires Secure (RFC 6265bis section 5.7); keep secure on, or \
             choose SameSite::Lax",
        );
        assert_refused(
            "cart",
            &Attributes {
                secure: false,
                partitioned: true,
                ..plain()
            },
            CookieRule::PartitionedNeedsSecure,
            "Partitioned requires Secure (draft-cutler-httpbis-partitioned-cookies section \
             2.1); keep secure on, or turn partitioned off",
        );
    }

    #[test]
    fn paths_that_a_browser_would_ignore_are_refused() {
        for path in ["", "shop", " /", "*"] {
            assert_refused(
                "cart",
                &with_path(path),
                CookieRule::PathIsAbsolute,
                "a path that does not begin with '/' is ignored (RFC 6265bis section 5.6.4); \
                 put a '/' in front of it",
            );
        }
        for (path, odd) in [
            ("/a;Domain=evil.example", "';'"),
            ("/a\r\nSet-Cookie: b=1", "'\\r'"),
            ("/a\0", "'\\0'"),
            ("/a\u{7f}", "'\\u{7f}'"),
            ("/a b", "' '"),
            ("/a\t", "'\\t'"),
            ("/b\u{fc}cher", "'\u{fc}'"),
        ] {
            assert_refused(
                "cart",
                &with_path(path),
                CookieRule::PathIsVisibleAscii,
                &format!(
                    "a path cannot hold {odd} (RFC 6265 section 4.1.1); write it \
                     percent-encoded, as it stands in the URL"
                ),
            );
        }
        assert_eq!(
            check("cart", &with_path(&format!("/{}", "a".repeat(1023)))),
            Ok(())
        );
        assert_refused(
            "cart",
            &with_path(&format!("/{}", "a".repeat(1024))),
            CookieRule::PathFits,
            "a path of 1025 bytes is ignored, since an attribute has at most 1024 (RFC \
             6265bis section 5.6); use a shorter one",
        );
    }

    #[test]
    fn domains_that_are_no_host_name_are_refused() {
        assert_refused(
            "cart",
            &with_domain(".example.org"),
            CookieRule::DomainHasNoLeadingDot,
            "a domain has no leading dot (RFC 6265 section 4.1.2.3); write \"example.org\", \
             which covers its subdomains",
        );
        assert_refused(
            "cart",
            &with_domain("example.org."),
            CookieRule::DomainHasNoTrailingDot,
            "a cookie whose domain has a trailing dot never matches (RFC 6265 section \
             4.1.2.3); write \"example.org\"",
        );
        for address in [
            "127.0.0.1",
            "::1",
            "[::1]",
            "127.1",
            "2130706433",
            "0x7f.1",
            "1.0x7F",
            "0x",
        ] {
            assert_refused(
                "cart",
                &with_domain(address),
                CookieRule::DomainIsNoAddress,
                "an IP address has no subdomains to share a cookie with (RFC 6265 section \
                 5.1.3); leave the domain unset",
            );
        }
        let long_label = "a".repeat(64);
        let long_name = "a.".repeat(126) + "ab";
        for domain in [
            "",
            "example..org",
            "example.org:8080",
            "https://example.org",
            "example.org/",
            "*.example.org",
            "example.org; Path=/x",
            "example.org\r\nSet-Cookie: b=1",
            " example.org",
            "example.org ",
            "b\u{fc}cher.example",
            "a\0b",
            &long_label,
            &long_name,
        ] {
            assert_refused(
                "cart",
                &with_domain(domain),
                CookieRule::DomainIsHostName,
                &format!(
                    "{domain:?} is not a host name (RFC 1034 section 3.5); write a bare name \
                     such as \"example.org\", without scheme, port or path, and in its xn-- form if it is not ASCII"
                ),
            );
        }
        assert_eq!(
            check("cart", &with_domain(&long_name[1..].replacen('.', "", 1))),
            Ok(())
        );
    }

    #[test]
    fn a_max_age_of_nothing_is_refused() {
        for limit in [Duration::ZERO, Duration::from_millis(999)] {
            assert_refused(
                "cart",
                &Attributes {
                    max_age: MaxAge::AtMost(limit),
                    ..plain()
                },
                CookieRule::MaxAgeIsNotZero,
                "a max age below one second removes the cookie at once (RFC 6265 section \
                 5.2.2); use MaxAge::BrowserSession for a cookie that ends with the browser",
            );
        }
    }
}
