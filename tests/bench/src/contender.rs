use std::{fmt, str::FromStr};

use crate::{case::Case, size::Size};

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    /// actix-web without sessions.
    Bare,
    /// This library, in a sealed cookie.
    Sealed,
    /// This library, in a signed cookie.
    Signed,
    /// This library, in memory.
    Memory,
    /// This library, in files.
    Filesystem,
    /// actix-session, in an encrypted cookie.
    PeerPrivate,
    /// actix-session, in a signed cookie.
    PeerSigned,
    /// The `cookie` crate's private jar, used by hand in a handler.
    JarPrivate,
    /// The `cookie` crate's signed jar, used by hand in a handler.
    JarSigned,
    /// axum without sessions.
    Axum,
    /// tower-sessions in axum, in memory.
    TowerMemory,
    /// Go's HTTP server without sessions.
    NetHttp,
    /// gorilla/sessions in Go, in an encrypted and signed cookie.
    Gorilla,
    /// What a sealed cookie cannot do without, as plain function calls.
    PrimitivesSealed,
    /// What a signed cookie cannot do without, as plain function calls.
    PrimitivesSigned,
    /// What a session in memory cannot do without, as plain function calls.
    PrimitivesMemory,
}

impl Contender {
    pub(crate) const ALL: [Self; 16] = [
        Self::Bare,
        Self::Sealed,
        Self::Signed,
        Self::Memory,
        Self::Filesystem,
        Self::PeerPrivate,
        Self::PeerSigned,
        Self::JarPrivate,
        Self::JarSigned,
        Self::Axum,
        Self::TowerMemory,
        Self::NetHttp,
        Self::Gorilla,
        Self::PrimitivesSealed,
        Self::PrimitivesSigned,
        Self::PrimitivesMemory,
    ];

    /// Whose cost is taken off, so that what is left is the session's.
    pub(crate) const fn base(self) -> Option<Self> {
        match self {
            Self::Bare
            | Self::Axum
            | Self::NetHttp
            | Self::PrimitivesSealed
            | Self::PrimitivesSigned
            | Self::PrimitivesMemory => None,
            Self::TowerMemory => Some(Self::Axum),
            Self::Gorilla => Some(Self::NetHttp),
            Self::Sealed
            | Self::Signed
            | Self::Memory
            | Self::Filesystem
            | Self::PeerPrivate
            | Self::PeerSigned
            | Self::JarPrivate
            | Self::JarSigned => Some(Self::Bare),
        }
    }

    /// Tells whether it is a framework without sessions, to be compared with.
    pub(crate) const fn is_bare(self) -> bool {
        matches!(self, Self::Bare | Self::Axum | Self::NetHttp)
    }

    /// Tells whether it can do what a case asks for.
    pub(crate) const fn can(self, case: Case) -> bool {
        match (self, case) {
            (Self::Bare | Self::Sealed | Self::Signed | Self::Memory | Self::Filesystem, _)
            | (Self::Axum, _) => true,
            (_, Case::Fields(_) | Case::Sessions(_)) => false,
            (Self::NetHttp | Self::Gorilla, Case::Untouched | Case::Read | Case::Modify) => true,
            (Self::NetHttp | Self::Gorilla, Case::Login | Case::Two | Case::Flash) => false,
            (
                Self::PrimitivesSealed | Self::PrimitivesSigned | Self::PrimitivesMemory,
                Case::Read | Case::Modify,
            ) => true,
            (Self::PrimitivesSealed | Self::PrimitivesSigned | Self::PrimitivesMemory, _) => false,
            // A request has one session there, whatever wraps it.
            (Self::PeerPrivate | Self::PeerSigned | Self::TowerMemory, Case::Two) => false,
            // A jar has no ID that could be renewed.
            (Self::JarPrivate | Self::JarSigned, Case::Login) => false,
            (
                Self::PeerPrivate
                | Self::PeerSigned
                | Self::JarPrivate
                | Self::JarSigned
                | Self::TowerMemory,
                Case::Untouched | Case::Read | Case::Modify | Case::Login | Case::Two | Case::Flash,
            ) => true,
        }
    }

    /// Tells whether so much fits into one of its sessions.
    pub(crate) const fn holds(self, size: Size) -> bool {
        // JSON, encrypted or signed with the cookie's name, in base64 or percent-encoded: above the 4,064 bytes it allows itself.
        !matches!(
            (self, size),
            (Self::PeerPrivate | Self::PeerSigned, Size::Full)
                | (Self::NetHttp | Self::Gorilla, Size::Large | Size::Full)
        )
    }

    /// Tells whether it is a program of its own, in another language: nothing can be said of it but its time.
    pub(crate) const fn is_foreign(self) -> bool {
        matches!(self, Self::NetHttp | Self::Gorilla)
    }

    /// Tells whether all its work is done by the thread that asks: what others do, callgrind counts elsewhere.
    pub(crate) const fn is_single_threaded(self) -> bool {
        !matches!(self, Self::Filesystem)
    }

    /// What it is called on the page.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Bare => "actix-web alone",
            Self::Sealed => "**sessions**, sealed cookie",
            Self::Signed => "**sessions**, signed cookie",
            Self::Memory => "**sessions**, memory",
            Self::Filesystem => "**sessions**, files",
            Self::PeerPrivate => "actix-session, private cookie",
            Self::PeerSigned => "actix-session, signed cookie",
            Self::JarPrivate => "`cookie`, private jar by hand",
            Self::JarSigned => "`cookie`, signed jar by hand",
            Self::Axum => "axum alone",
            Self::TowerMemory => "tower-sessions, memory (axum)",
            Self::NetHttp => "net/http alone (Go)",
            Self::Gorilla => "gorilla/sessions, encrypted cookie (Go)",
            Self::PrimitivesSealed => "primitives of a sealed cookie",
            Self::PrimitivesSigned => "primitives of a signed cookie",
            Self::PrimitivesMemory => "primitives of memory",
        }
    }
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bare => "bare",
            Self::Sealed => "sealed",
            Self::Signed => "signed",
            Self::Memory => "memory",
            Self::Filesystem => "filesystem",
            Self::PeerPrivate => "peer-private",
            Self::PeerSigned => "peer-signed",
            Self::JarPrivate => "jar-private",
            Self::JarSigned => "jar-signed",
            Self::Axum => "axum",
            Self::TowerMemory => "tower-memory",
            Self::NetHttp => "net-http",
            Self::Gorilla => "gorilla",
            Self::PrimitivesSealed => "primitives-sealed",
            Self::PrimitivesSigned => "primitives-signed",
            Self::PrimitivesMemory => "primitives-memory",
        })
    }
}

impl FromStr for Contender {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|contender| contender.to_string() == text)
            .ok_or_else(|| format!("no contender is called {text}"))
    }
}
