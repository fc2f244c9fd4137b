//! What the sessions hold that are measured.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sessions::{Schema, SessionData};

use crate::size::Size;

/// Data that every contender keeps in a session, each in the form it is made for.
pub(crate) trait Data:
    SessionData + Schema + Serialize + DeserializeOwned + Clone + Default + Send + Sync + 'static
{
    /// Makes so many bytes of it.
    fn sample(size: Size) -> Self;

    /// Returns a number that stands in the middle of it.
    fn visits(&self) -> u64;

    /// Changes that number, and so the encoded data.
    fn visit(&mut self);
}

/// What a small session holds.
#[derive(SessionData, Serialize, Deserialize, Clone, Default)]
#[session(name = "bench")]
pub(crate) struct Small {
    user: u64,
    visits: u64,
    locale: String,
    theme: String,
    csrf: String,
}

impl Data for Small {
    fn sample(_: Size) -> Self {
        Self {
            user: 8_134_001,
            visits: VISITS,
            locale: "en-GB".into(),
            theme: "dark".into(),
            csrf: "5f0c1e6c9fd3".into(),
        }
    }

    fn visits(&self) -> u64 {
        self.visits
    }

    fn visit(&mut self) {
        self.visits += 1;
    }
}

/// What sessions usually hold.
#[derive(SessionData, Serialize, Deserialize, Clone, Default)]
#[session(name = "bench")]
pub(crate) struct Usual {
    user: u64,
    name: String,
    email: String,
    roles: Vec<String>,
    csrf: String,
    locale: String,
    theme: String,
    cart: Vec<u32>,
    return_to: String,
    visits: u64,
    seen: u64,
}

impl Data for Usual {
    fn sample(_: Size) -> Self {
        Self {
            user: 8_134_001,
            name: "Ada Lovelace".into(),
            email: "ada.lovelace@analytical.example".into(),
            roles: vec!["admin".into(), "editor".into(), "billing".into()],
            csrf: "5f0c1e6c9fd34f1a8f0f3d1c77aa99b25f0c1e6c9fd34f1a8f0f3d1c77aa99b2".into(),
            locale: "en-GB".into(),
            theme: "dark".into(),
            cart: vec![10_001, 10_002, 10_003, 70_000, 9],
            return_to: "/account/orders?page=2&sort=date&filter=open&from=2026-01".into(),
            visits: VISITS,
            seen: 1_700_000_000,
        }
    }

    fn visits(&self) -> u64 {
        self.visits
    }

    fn visit(&mut self) {
        self.visits += 1;
    }
}

/// What a session holds that has a cart.
#[derive(SessionData, Serialize, Deserialize, Clone, Default)]
#[session(name = "bench")]
pub(crate) struct Shopping {
    user: u64,
    name: String,
    email: String,
    roles: Vec<String>,
    csrf: String,
    visits: u64,
    items: Vec<Item>,
}

/// A line of a cart.
#[derive(Serialize, Deserialize, Clone, Default)]
struct Item {
    sku: String,
    quantity: u32,
    price: u64,
}

impl Data for Shopping {
    fn sample(size: Size) -> Self {
        // What is left of a size when the other fields have theirs, and what one item takes.
        let items = size.bytes().saturating_sub(180) / 37;
        let item = |number| Item {
            sku: format!("SKU-{:06}", 480_000 + number),
            quantity: 2,
            price: 129_900,
        };
        Self {
            user: 8_134_001,
            name: "Ada Lovelace".into(),
            email: "ada.lovelace@analytical.example".into(),
            roles: vec!["admin".into(), "editor".into(), "billing".into()],
            csrf: "5f0c1e6c9fd34f1a8f0f3d1c77aa99b25f0c1e6c9fd34f1a8f0f3d1c77aa99b2".into(),
            visits: VISITS,
            items: (0..items).map(item).collect(),
        }
    }

    fn visits(&self) -> u64 {
        self.visits
    }

    fn visit(&mut self) {
        self.visits += 1;
    }
}

/// The second session of a request.
#[derive(SessionData, Serialize, Deserialize, Clone, Default)]
#[session(name = "twin")]
pub(crate) struct Twin<D> {
    pub(crate) data: D,
}

/// A session with messages that are read once.
#[derive(SessionData, Serialize, Deserialize, Clone, Default)]
#[session(name = "flashing")]
pub(crate) struct Flashing<D> {
    pub(crate) data: D,
    #[session(flash(one = "notice"))]
    pub(crate) notices: Vec<String>,
}

/// What is left for the next page.
pub(crate) const NOTICE: &str = "Your cart was saved.";

/// How many visits each sample begins with; a hundred later they still have the same length in CBOR and in JSON.
pub(crate) const VISITS: u64 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sample_has_about_the_bytes_it_is_called_after() {
        fn length(data: &impl Serialize) -> usize {
            serde_cbor::to_vec(data).unwrap().len()
        }
        for (size, length) in [
            (Size::Small, length(&Small::sample(Size::Small))),
            (Size::Usual, length(&Usual::sample(Size::Usual))),
            (Size::Large, length(&Shopping::sample(Size::Large))),
            (Size::Full, length(&Shopping::sample(Size::Full))),
        ] {
            let off = length.abs_diff(size.bytes());
            assert!(off * 16 <= size.bytes(), "{size}: {length}");
        }
    }
}
