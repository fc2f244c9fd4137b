use memchr::memmem::Finder;

use super::{
    RequestCookies,
    attributes::{Attributes, NamePrefix, SameSite},
    rule::{self, CookieRuleError},
    scan,
    set_cookie::SetCookie,
};

/// The cookie of another application: which one to read, and which one to remove.
///
/// The name is the whole name, prefix and all. Path, domain and partition matter for the removal only: a browser sends back a name and a value,
/// and removes a cookie if the other three are those it was set with (RFC 6265bis, section 5.7).
///
/// ```
/// use sessions::import::ForeignCookie;
///
/// // In Go: &sessions.Options{Path: "/shop", Domain: "example.com"}
/// let cookie = ForeignCookie::new("session").path("/shop").domain("example.com");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ForeignCookie {
    name: String,
    path: String,
    domain: Option<String>,
    partitioned: bool,
}

impl ForeignCookie {
    /// A cookie of this name, of the path `/` and of the one host that set it.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            path: "/".to_owned(),
            domain: None,
            partitioned: false,
        }
    }

    /// Sets the path it was set with. Default: `/`, as gorilla/sessions and actix-session have it.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Sets the domain it was set with. Default: none.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Sets whether it was set with `Partitioned`. Default: no.
    pub fn partitioned(mut self, partitioned: bool) -> Self {
        self.partitioned = partitioned;
        self
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Compiles it, or says which rule it breaks. What a browser takes from a page that is framed or unencrypted is said by the attributes of
    /// the session's own cookie.
    pub(crate) fn compile(
        &self,
        own: &Attributes,
    ) -> Result<CompiledForeignCookie, CookieRuleError> {
        let prefix = rule::prefix_of(&self.name);
        let attributes = Attributes {
            prefix,
            path: self.path.clone(),
            domain: self.domain.clone(),
            partitioned: self.partitioned,
            // A browser takes no line for a name with a prefix without it, nor one with it from an unencrypted page.
            secure: own.secure || prefix != NamePrefix::None,
            http_only: true,
            same_site: if own.secure {
                own.same_site
            } else {
                SameSite::Lax
            },
            ..Attributes::default()
        };
        let bare = self.name.get(prefix.as_str().len()..).unwrap_or_default();
        rule::check(bare, &attributes)?;
        Ok(CompiledForeignCookie {
            finder: Finder::new(&self.name).into_owned(),
            removal: SetCookie::removing(&self.name, &attributes),
        })
    }
}

impl From<&str> for ForeignCookie {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for ForeignCookie {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

/// A foreign cookie, compiled once: what to look for and how to remove it.
#[derive(Clone, Debug)]
pub(crate) struct CompiledForeignCookie {
    finder: Finder<'static>,
    removal: SetCookie,
}

impl CompiledForeignCookie {
    /// Finds the values a request carries under this name: raw, in the order sent.
    pub(crate) fn values<'a>(
        &'a self,
        cookies: &'a RequestCookies<'_>,
    ) -> impl Iterator<Item = &'a [u8]> {
        scan::values(cookies.as_bytes(), &self.finder)
    }

    /// Returns the line that removes it.
    pub(crate) fn removal(&self) -> SetCookie {
        self.removal.clone()
    }
}
