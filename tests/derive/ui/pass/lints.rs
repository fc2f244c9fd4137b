//! A crate that denies everything has nothing to say about what the derive writes.
#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    missing_copy_implementations,
    unreachable_pub,
    unnameable_types,
    unused,
    dead_code,
    unused_qualifications,
    unused_lifetimes,
    unused_results,
    single_use_lifetimes,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    trivial_casts,
    let_underscore_drop,
    future_incompatible,
    nonstandard_style,
    rust_2018_idioms,
    private_bounds,
    private_interfaces,
    clippy::all,
    clippy::pedantic,
    clippy::nursery
)]
#![forbid(unsafe_code)]

use sessions::{Schema as _, SessionData};

/// Something private in a public struct.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Item {
    sku: String,
}

/// A cart.
#[derive(SessionData, Debug, Default)]
pub struct Cart<T: Clone + Default + serde::Serialize + serde::de::DeserializeOwned + 'static> {
    items: Vec<Item>,
    generic: Vec<T>,
    /// Public and documented.
    #[session(merge = sessions::merge::sum)]
    pub count: u32,
    /// About to go.
    #[deprecated(note = "use `count`")]
    pub total: u32,
    #[session(flash)]
    notices: Vec<String>,
    #[session(flash)]
    error: Option<String>,
    #[session(principal, secret)]
    user: Option<String>,
    /// For this request.
    #[session(skip)]
    pub seen: bool,
    #[session(with = "text")]
    r#type: i64,
}

#[derive(SessionData, Debug)]
struct Private {
    never_read: u8,
}

#[derive(SessionData, Debug)]
struct Empty {}

#[derive(SessionData, Debug)]
struct Unit;

mod text {
    use serde::{Deserialize as _, Serialize as _};

    pub(crate) fn serialize<S: serde::Serializer>(value: &i64, to: S) -> Result<S::Ok, S::Error> {
        value.to_string().serialize(to)
    }

    pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

fn main() {
    let cart = Cart::<u8>::fresh();
    assert!(cart.items.iter().all(|item| item.sku.is_empty()));
    assert_eq!(Private::NAME, "private");
    assert_eq!(Empty::NAME, "empty");
    assert_eq!(Unit::NAME, "unit");
}
