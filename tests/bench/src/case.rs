use std::{fmt, str::FromStr};

/// What the handlers of a request do with their sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// Asks for no session; the visitor sends one all the same.
    Untouched,
    /// Reads a session that is there.
    Read,
    /// Reads a session, and writes what changes its encoded data.
    Modify,
    /// A login: data is written and the session's ID, or its cookie, renewed.
    Login,
    /// Reads and writes two sessions.
    Two,
    /// Two requests: one leaves a message, the next takes it.
    Flash,
    /// Reads and writes a session of so many fields of text.
    Fields(usize),
    /// Reads and writes so many sessions of one type.
    Sessions(usize),
}

impl Case {
    /// Those that are measured beside others; the rest belong to curves.
    pub(crate) const COMPARED: [Self; 6] = [
        Self::Untouched,
        Self::Read,
        Self::Modify,
        Self::Login,
        Self::Two,
        Self::Flash,
    ];

    /// How many fields a struct has on the curve.
    pub(crate) const FIELDS: [usize; 4] = [1, 4, 16, 64];

    /// How many sessions a request has on the curve.
    pub(crate) const SESSIONS: [usize; 4] = [1, 2, 4, 8];

    /// What is asked for once, before anything is measured.
    pub(crate) fn begin(self) -> String {
        match self {
            Self::Untouched | Self::Read | Self::Modify | Self::Login => "/begin".into(),
            Self::Two => "/begin-two".into(),
            Self::Flash => "/begin-flash".into(),
            Self::Fields(_) | Self::Sessions(_) => format!("/begin-{self}"),
        }
    }

    /// What is asked for in each round.
    pub(crate) fn steps(self) -> Vec<String> {
        match self {
            Self::Flash => vec!["/push".into(), "/take".into()],
            _ => vec![format!("/{self}")],
        }
    }

    /// What it is called on the page.
    pub(crate) fn title(self) -> String {
        match self {
            Self::Untouched => "not asked for".into(),
            Self::Read => "read".into(),
            Self::Modify => "read, modify, write".into(),
            Self::Login => "login with renewal".into(),
            Self::Two => "two sessions, both written".into(),
            Self::Flash => "flash: push, then take (two requests)".into(),
            Self::Fields(fields) => format!("{fields} fields, one written"),
            Self::Sessions(sessions) => format!("{sessions} sessions, all written"),
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untouched => f.write_str("untouched"),
            Self::Read => f.write_str("read"),
            Self::Modify => f.write_str("modify"),
            Self::Login => f.write_str("login"),
            Self::Two => f.write_str("two"),
            Self::Flash => f.write_str("flash"),
            Self::Fields(fields) => write!(f, "fields-{fields}"),
            Self::Sessions(sessions) => write!(f, "sessions-{sessions}"),
        }
    }
}

impl FromStr for Case {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = Self::COMPARED
            .into_iter()
            .chain(Self::FIELDS.map(Self::Fields))
            .chain(Self::SESSIONS.map(Self::Sessions));
        all.into_iter()
            .find(|case| case.to_string() == text)
            .ok_or_else(|| format!("no case is called {text}"))
    }
}
