use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Expr, ExprCall, ImplItemFn, ItemFn, ItemImpl, ItemMod, LitStr, Macro, visit::Visit,
};

use crate::sources::{self, files};

/// The chapter, with every run of white space as one space.
fn chapter() -> String {
    one_line(&sources::text("sessions/docs/errors.md"))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A format string as the chapter writes it: what is filled in is `…`.
fn shown(format: &str) -> String {
    let mut shown = String::new();
    let mut letters = format.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '{' | '}' if letters.peek() == Some(&letter) => {
                letters.next();
                shown.push(letter);
            }
            '{' => {
                letters.by_ref().find(|letter| *letter == '}');
                shown.push('…');
            }
            _ => shown.push(letter),
        }
    }
    one_line(&shown)
}

/// Whether it is a sentence somebody is to read, and no part of one.
fn is_message(text: &str) -> bool {
    text.split_whitespace().count() >= 3
}

/// The texts that a source shows to somebody who made a mistake, or runs the server.
#[derive(Default)]
struct Messages {
    /// The file is about what is shown, so that all its texts are.
    is_about_errors: bool,
    found: Vec<String>,
}

impl Messages {
    fn note(&mut self, text: &str) {
        if is_message(text) {
            self.found.push(shown(text));
        }
    }

    fn note_all(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.note_all(group.stream()),
                TokenTree::Literal(literal) => {
                    if let Ok(text) = syn::parse_str::<LitStr>(&literal.to_string()) {
                        self.note(&text.value());
                    }
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Messages {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if item.ident != "tests" {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let of_trait = item
            .trait_
            .as_ref()
            .and_then(|(path, _)| path.segments.last());
        if of_trait.is_some_and(|segment| segment.ident == "Display") {
            self.note_all(quote::ToTokens::to_token_stream(item));
        } else {
            syn::visit::visit_item_impl(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        if item.sig.ident == "warnings" {
            self.note_all(quote::ToTokens::to_token_stream(&item.block));
        }
        syn::visit::visit_impl_item_fn(self, item);
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        if item.sig.ident.to_string().starts_with("check_") || item.sig.ident == "check" {
            self.note_all(quote::ToTokens::to_token_stream(&item.block));
        }
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if attribute
            .path()
            .segments
            .last()
            .is_some_and(|last| last.ident == "on_unimplemented")
        {
            self.note_all(quote::ToTokens::to_token_stream(&attribute.meta));
        }
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        if matches!(&*call.func, Expr::Path(function) if function.path.is_ident("broken")) {
            self.note_all(quote::ToTokens::to_token_stream(&call.args));
        }
        syn::visit::visit_expr_call(self, call);
    }

    fn visit_lit_str(&mut self, text: &'ast LitStr) {
        if self.is_about_errors {
            self.note(&text.value());
        }
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        let last = call
            .path
            .segments
            .last()
            .map(|segment| segment.ident.to_string());
        if self.is_about_errors || matches!(last.as_deref(), Some("warn" | "error" | "panic")) {
            self.note_all(call.tokens.clone());
        }
        syn::visit::visit_macro(self, call);
    }
}

/// Where no user's mistake is told: the equipment for tests.
fn is_equipment(path: &Path) -> bool {
    path.iter().any(|part| part == "test_util") || path.ends_with("fixture.rs")
}

#[test]
fn every_message_of_the_library_is_in_the_chapter_on_errors() {
    let chapter = chapter();
    let mut messages = Messages::default();
    for (path, text) in files("sessions/src", "rs") {
        if !is_equipment(&path) {
            messages.is_about_errors = path.to_str().unwrap().ends_with("error.rs");
            messages.visit_file(&syn::parse_file(&text).unwrap());
        }
    }
    assert!(messages.found.len() > 80, "this test sees nothing");
    let missing: Vec<_> = messages
        .found
        .into_iter()
        .filter(|message| !chapter.contains(message))
        .collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
