use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// Collects every mistake of one input, so that the user mends them all in one go.
#[derive(Debug, Default)]
pub(crate) struct Errors {
    list: Vec<syn::Error>,
}

impl Errors {
    /// Records a mistake, to be shown at `tokens`.
    ///
    /// The message names the rule first, then the remedy.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.list.push(syn::Error::new_spanned(tokens, message));
    }

    /// Records a mistake the parser found.
    pub(crate) fn push(&mut self, error: syn::Error) {
        self.list.push(error);
    }

    /// Returns one `compile_error!` per mistake, or nothing if there was none.
    pub(crate) fn into_compile_errors(self) -> Option<TokenStream> {
        if self.list.is_empty() {
            return None;
        }
        Some(self.list.iter().map(syn::Error::to_compile_error).collect())
    }
}
