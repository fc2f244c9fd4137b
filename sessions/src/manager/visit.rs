use crate::{cookie::RequestCookies, store::Device};

/// What a request says about itself.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    pub(crate) cookies: RequestCookies<'a>,
    pub(crate) audience: Audience,
    /// As any session of the request is configured to keep it.
    pub(crate) devices: Vec<(DeviceAddress, Device)>,
}

impl Visit<'_> {
    /// For whoever has to wait, or may ask later.
    pub(crate) fn kept(&self) -> Visit<'static> {
        Visit {
            cookies: self.cookies.kept(),
            audience: self.audience,
            devices: self.devices.clone(),
        }
    }

    /// Where the visitor comes from, by an address that this session trusts.
    pub(crate) fn device(&self, address: DeviceAddress) -> Option<&Device> {
        let mut devices = self.devices.iter();
        let (_, device) = devices.find(|(of, _)| *of == address)?;
        Some(device)
    }
}

/// Where a visitor's address is taken from, for the page that lists "your devices".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceAddress {
    /// The peer of the connection: right where browsers reach the server themselves.
    Peer,
    /// The first that is named in `Forwarded` (RFC 7239) or `X-Forwarded-For`: right behind a proxy that replaces what its visitors send.
    ///
    /// Anybody who reaches the server past the proxy can say what they like, and so can everybody behind one that only appends to the
    /// header, as `$proxy_add_x_forwarded_for` of nginx does. It need not even be an address.
    Forwarded,
}

/// Who will see the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    Somebody,
    /// Fetched ahead of need: perhaps somebody.
    Prefetch,
    /// A response without its body.
    Nobody,
}
