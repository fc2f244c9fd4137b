//! Structs made by macros, in functions, in modules of any visibility, beside serde's derive.

use sessions::{Schema as _, Session, SessionData};

macro_rules! session {
    ($(#[$attr:meta])* $vis:vis $name:ident { $($field:ident: $ty:ty = $default:expr),* $(,)? }) => {
        #[derive(SessionData)]
        $(#[$attr])*
        $vis struct $name {
            $(#[session(default = $default)] $vis $field: $ty),*
        }
    };
}

session! {
    #[session(name = "made")]
    pub Made {
        count: u32 = 7,
        coupon: Option<String> = Some("a".to_owned()),
        bytes: Vec<u8> = vec![1, 2],
    }
}

/// Serde's attributes are serde's: the session is stored under its own keys.
#[derive(SessionData, serde::Serialize, serde::Deserialize, Default, Debug, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[session(version = 3)]
#[session()]
pub(crate) struct Both {
    #[serde(rename = "X", default)]
    #[session(key = "x",)]
    #[session(alias = "y", alias = "z", merge = Both::larger)]
    some_field: u32,
    #[cfg(not(all()))]
    absent: NoSuchType,
    #[cfg_attr(all(), session(skip))]
    present: Vec<String>,
}

impl Both {
    fn larger(_: u32, ours: u32, theirs: u32) -> u32 {
        ours.max(theirs)
    }
}

mod inner {
    #[derive(sessions::SessionData)]
    pub(super) struct Restricted {
        pub(in crate::inner) hidden: u8,
        pub(super) shown: u8,
    }

    impl Restricted {
        pub(super) fn hidden(session: &sessions::Session<Self>) -> u8 {
            session.hidden()
        }
    }
}

#[expect(dead_code, reason = "compiled, not run")]
fn accessors(mut made: Session<Made>, mut restricted: Session<inner::Restricted>) {
    *made.count_mut() += 1;
    let count = made.count();
    made.set_count(count);
    made.set_coupon("b");
    made.set_bytes([1, 2, 3]);
    let hidden = inner::Restricted::hidden(&restricted);
    restricted.set_shown(hidden);
}

fn main() {
    #[derive(SessionData)]
    struct Local {
        value: std::cell::Cell<u8>,
    }

    #[derive(SessionData)]
    struct Visited;

    assert_eq!(Local::NAME, "local");
    assert_eq!(Visited::NAME, "visited");
    assert_eq!(Made::fresh().count, 7);
    assert_eq!(Both::VERSION, 3);
    let [mut base, mut ours, mut theirs] = [0, 3, 4].map(|some_field| Both {
        some_field,
        present: Vec::new(),
    });
    Both::merge_field(0, &mut base, &mut ours, &mut theirs);
    assert_eq!(ours.some_field, 4);
}
