//! The `#[derive(SessionData)]` macro of the [`sessions`](https://docs.rs/sessions) crate.
//!
//! Use it through `sessions`, which exports it beside the trait of the same name. This crate has no
//! other purpose and no promise of its own.
//!
//! An input goes through the rooms in this order: `expand` is the hall, `attr` reads one
//! `#[session(..)]`, `ast` is our own model of the struct, `valid` refuses what breaks a rule,
//! `fallback` answers for an input with mistakes.

mod accessor;
mod ast;
mod attr;
mod bound;
mod errors;
mod expand;
mod fallback;
mod name;
mod reserved;
mod shape;
mod valid;
mod with;

use proc_macro::TokenStream;

/// Derives `SessionData`: what is stored, under which name and version, and typed accessors.
///
/// The struct has named fields, each of a type that implements serde's `Serialize` and
/// `DeserializeOwned`, and `Default` unless the field says `default = expr`. Nothing else is derived
/// or registered.
///
/// ```text
/// #[derive(SessionData)]
/// #[session(name = "cart", version = 2, previous = CartV1)]
/// struct Cart {
///     items: Vec<Item>,
///     coupon: Option<String>,
///     #[session(flash(one = "notice"))]
///     notices: Vec<String>,
/// }
///
/// async fn add(mut cart: Session<Cart>) -> impl Responder {
///     cart.items_mut().push(Item::new());
///     cart.set_coupon("SUMMER");
///     cart.push_notice("Added to your cart");
///     Redirect::to("/cart").see_other()
/// }
/// ```
///
/// # Attributes of the struct
///
/// | attribute | meaning |
/// | --- | --- |
/// | `name = "cart"` | the session's name, a token (RFC 6265) without a `__Host-` or similar prefix; by default the type's name in kebab-case |
/// | `version = 2` | the version of the stored data; 1 by default |
/// | `previous = CartV1` | data of an older version is decoded as `CartV1`, whose `version` must be lower, and converted by `From<CartV1> for Cart` |
/// | `crate = path` | where the `sessions` crate is found, if not at `::sessions` |
///
/// # Attributes of a field
///
/// | attribute | meaning |
/// | --- | --- |
/// | `key = "i"` | the key it is stored under; by default the field's name |
/// | `alias = "old"` | a key it is also read from, where its own is absent; may be repeated |
/// | `default`, `default = expr` | its value where the stored data has none; by default `Default::default()`. A new session starts with the struct's own `Default` if it has one, else with these |
/// | `with = module` | serde's `with`: `module::serialize` and `module::deserialize` |
/// | `skip` | is not stored: it lives for the request only |
/// | `flash`, `flash(one = "notice")` | read once: an `Option<V>` or `Vec<V>` that is pushed now and taken on a later request |
/// | `principal` | who the session belongs to: an `Option<V>` with a `V` that implements `Display`; one field at most |
/// | `merge = path` | the function that merges concurrent writes of this field |
/// | `secret` | is not shown by `Debug` |
/// | `accessor = "…"` | the base name of its accessors |
/// | `copy` | its reader returns the value; understood by itself for numbers, `bool`, `char` and `Option` of them |
///
/// # Accessors
///
/// `Session<Cart>` dereferences to a struct `CartAccessors`, which is emitted beside `Cart` with the
/// same visibility. Each accessor has its field's visibility and documentation.
///
/// | field | accessors |
/// | --- | --- |
/// | `items: Vec<Item>` | `items() -> Ref<'_, Vec<Item>>`, `items_mut() -> RefMut<'_, Vec<Item>>`, `set_items(impl Into<Vec<Item>>)` |
/// | `count: u32` | `count() -> u32`, `count_mut()`, `set_count(u32)` |
/// | `coupon: Option<String>` | `coupon()`, `coupon_mut()`, `set_coupon(impl Into<String>)`, `take_coupon() -> Option<String>` |
/// | `flash` `notices: Vec<String>` | `push_notices(impl Into<String>)`, `take_notices() -> Vec<String>` |
/// | `flash(one = "notice")` `notices: Vec<String>` | `push_notice(impl Into<String>)`, `take_notices()` |
/// | `principal` `user: Option<u64>` | `user() -> Option<u64>`, `set_user(u64)`, `take_user() -> Option<u64>` |
///
/// Readers borrow the session and writers borrow it mutably, so that a guard held too long does not
/// compile. Neither does a reader within a writer's arguments: `cart.set_count(cart.count() + 1)` is
/// `*cart.count_mut() += 1`.
///
/// # Errors
///
/// All mistakes in a struct are reported at once, each where it stands, with the rule and the remedy.
/// Among them is an accessor whose name is already a method of `Session` (`renew`, `save`, …) or of
/// a trait in scope (`into`, `clone`, …): it could never be called, and `accessor = "…"` renames it.
#[proc_macro_derive(SessionData, attributes(session))]
pub fn derive_session_data(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    expand::derive(&input).into()
}
