#![doc = include_str!("../README.md")]
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
mod merge;
mod name;
mod reserved;
mod shape;
mod valid;
mod with;

use proc_macro::TokenStream;

// The text stands where it can be tested, at the re-export in `sessions`; rustdoc puts this paragraph behind it, under "Errors".
/// Reports all mistakes in a struct at once, each where it stands, with the rule and the remedy.
///
/// Among them is an accessor whose name is already a method of `Session` (`renew`, `save`, …) or of
/// a trait in scope (`into`, `clone`, …): it could never be called, and `accessor = "…"` renames it.
#[proc_macro_derive(SessionData, attributes(session))]
pub fn derive_session_data(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    expand::derive(&input).into()
}
