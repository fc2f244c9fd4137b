use std::time::Duration;

/// A browser's cookies, kept and sent as RFC 6265bis has it for a page at `https://`.
///
/// What a browser would refuse, it refuses: size, prefixes, `Secure`, foreign domains.
#[derive(Clone, Debug, Default)]
pub struct Jar {
    cookies: Vec<StoredCookie>,
    /// Seconds since the jar was made.
    now: u64,
}

/// A cookie as the browser keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredCookie {
    /// With its prefix.
    pub name: String,
    /// As sent.
    pub value: String,
    /// The host that set it, or the domain it named.
    pub domain: String,
    /// Whether only the very host gets it.
    pub host_only: bool,
    /// The path it goes to, and below.
    pub path: String,
    /// Not for plain http.
    pub secure: bool,
    /// Not for scripts.
    pub http_only: bool,
    /// `Strict`, `Lax`, `None`, or nothing.
    pub same_site: Option<String>,
    /// One jar an embedding site.
    pub partitioned: bool,
    /// By the jar's clock; `None` until the browser closes.
    pub expires: Option<u64>,
}

impl Jar {
    /// Lets time pass.
    pub fn advance(&mut self, duration: Duration) {
        self.now += duration.as_secs();
        let now = self.now;
        self.cookies
            .retain(|cookie| cookie.expires.is_none_or(|expires| expires > now));
    }

    /// Closes the browser and opens it again: cookies without an age are gone.
    pub fn restart(&mut self) {
        self.cookies.retain(|cookie| cookie.expires.is_some());
    }

    /// The cookies it keeps.
    #[must_use]
    pub fn cookies(&self) -> &[StoredCookie] {
        &self.cookies
    }

    /// The cookie of this name, with prefix.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&StoredCookie> {
        self.cookies.iter().find(|cookie| cookie.name == name)
    }

    /// Puts in a cookie's value by hand, in place of the one that is there.
    ///
    /// # Panics
    ///
    /// When there is no cookie of this name.
    pub fn tamper(&mut self, name: &str, value: impl Into<String>) {
        let cookie = self.cookies.iter_mut().find(|cookie| cookie.name == name);
        cookie.expect("a cookie to tamper with").value = value.into();
    }

    /// Stores a `Set-Cookie` line; `false` if a browser would refuse it.
    pub fn store(&mut self, line: &str, host: &str) -> bool {
        let Some(mut cookie) = parse(line, host, self.now) else {
            return false;
        };
        if !is_acceptable(&cookie, host) {
            return false;
        }
        self.cookies.retain(|old| {
            (&old.name, &old.domain, &old.path, old.partitioned)
                != (
                    &cookie.name,
                    &cookie.domain,
                    &cookie.path,
                    cookie.partitioned,
                )
        });
        if cookie.expires.is_none_or(|expires| expires > self.now) {
            // No cookie is kept longer than 400 days (RFC 6265bis, section 5.5).
            cookie.expires = cookie
                .expires
                .map(|expires| expires.min(self.now + 400 * 24 * 60 * 60));
            self.cookies.push(cookie);
        }
        true
    }

    /// The `Cookie` header for a request; `None` without any.
    #[must_use]
    pub fn header(&self, host: &str, path: &str) -> Option<String> {
        let mut sent: Vec<&StoredCookie> = self
            .cookies
            .iter()
            .filter(|cookie| {
                let of_host = if cookie.host_only {
                    cookie.domain == host
                } else {
                    domain_matches(host, &cookie.domain)
                };
                of_host && path_matches(path, &cookie.path)
            })
            .collect();
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<String> = sent
            .iter()
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

fn parse(line: &str, host: &str, now: u64) -> Option<StoredCookie> {
    let mut parts = line.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let mut cookie = StoredCookie {
        name: name.trim().to_owned(),
        value: value.trim().to_owned(),
        domain: host.to_owned(),
        host_only: true,
        path: "/".to_owned(),
        secure: false,
        http_only: false,
        same_site: None,
        partitioned: false,
        expires: None,
    };
    let mut max_age = None;
    let mut epoch = false;
    for part in parts {
        let (attribute, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim();
        match attribute.trim().to_ascii_lowercase().as_str() {
            "domain" => {
                cookie.domain = value.trim_start_matches('.').to_ascii_lowercase();
                cookie.host_only = false;
            }
            "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
            "secure" => cookie.secure = true,
            "httponly" => cookie.http_only = true,
            "samesite" => cookie.same_site = Some(value.to_owned()),
            "partitioned" => cookie.partitioned = true,
            "max-age" => max_age = value.parse::<i64>().ok(),
            "expires" => epoch = value == "Thu, 01 Jan 1970 00:00:00 GMT",
            _ => {}
        }
    }
    cookie.expires = match max_age {
        Some(seconds) => Some(now.saturating_add_signed(seconds.max(0))),
        None if epoch => Some(0),
        None => None,
    };
    Some(cookie)
}

fn is_acceptable(cookie: &StoredCookie, host: &str) -> bool {
    let name = cookie.name.to_ascii_lowercase();
    let host_prefix = name.starts_with("__host-");
    let secure_prefix = name.starts_with("__secure-");
    let rules = [
        cookie.name.len() + cookie.value.len() <= 4096,
        cookie.host_only || domain_matches(host, &cookie.domain),
        !(host_prefix || secure_prefix) || cookie.secure,
        !host_prefix || (cookie.host_only && cookie.path == "/"),
        !name.starts_with("__host-http-") || cookie.http_only,
        cookie.same_site.as_deref() != Some("None") || cookie.secure,
        !cookie.partitioned || cookie.secure,
    ];
    rules.iter().all(|rule| *rule)
}

fn domain_matches(host: &str, domain: &str) -> bool {
    host == domain
        || host
            .strip_suffix(domain)
            .is_some_and(|sub| sub.ends_with('.'))
}

fn path_matches(path: &str, cookie_path: &str) -> bool {
    path.strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || cookie_path.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_refuses_is_refused() {
        let mut jar = Jar::default();
        for line in [
            "__Host-a=1; Path=/",
            "__Host-a=1; Secure; Path=/x",
            "__Host-a=1; Secure; Path=/; Domain=shop.example",
            "__Secure-a=1",
            "a=1; SameSite=None",
            "a=1; Partitioned",
            "a=1; Domain=other.example",
        ] {
            assert!(!jar.store(line, "shop.example"), "{line}");
        }
        assert!(!jar.store(&format!("a={}", "x".repeat(4096)), "shop.example"));
        assert!(jar.store(&format!("a={}", "x".repeat(4095)), "shop.example"));
    }

    #[test]
    fn a_cookie_goes_to_its_host_path_and_time_only() {
        let mut jar = Jar::default();
        assert!(jar.store("a=1; Path=/x; Max-Age=10", "shop.example"));
        assert!(jar.store("b=2; Domain=example; Path=/", "shop.example"));
        assert_eq!(
            jar.header("shop.example", "/x/y").as_deref(),
            Some("a=1; b=2")
        );
        assert_eq!(jar.header("shop.example", "/xy").as_deref(), Some("b=2"));
        assert_eq!(jar.header("other.example", "/x").as_deref(), Some("b=2"));
        jar.restart();
        assert_eq!(jar.header("shop.example", "/x").as_deref(), Some("a=1"));
        jar.advance(Duration::from_secs(10));
        assert_eq!(jar.header("shop.example", "/x"), None);
    }
}
