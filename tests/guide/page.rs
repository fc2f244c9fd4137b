use std::collections::HashSet;

use syn::{Attribute, Expr, ExprLit, Lit, Meta, Token, punctuated::Punctuated};

use crate::sources;

/// A page of the documentation, with all features on: Markdown, as rustdoc puts it together.
pub(crate) struct Page {
    pub(crate) text: String,
}

impl Page {
    /// The front page.
    pub(crate) fn front() -> Self {
        Self::of(&sources::parsed("sessions/src/lib.rs").attrs)
    }

    /// The page of what has these attributes.
    pub(crate) fn of(attributes: &[Attribute]) -> Self {
        let fragments: Vec<String> = attributes.iter().filter_map(fragment).collect();
        Self {
            text: fragments.join("\n"),
        }
    }

    /// Where its links lead to: the target if one is given, otherwise what stands in the brackets.
    pub(crate) fn links(&self) -> HashSet<String> {
        let mut links = HashSet::new();
        let mut rest = self.prose();
        while let Some(start) = rest.find('[') {
            rest = rest.split_off(start + 1);
            let Some(end) = rest.find(']') else { break };
            let shown = rest[..end].to_owned();
            let after = &rest[end + 1..];
            let given = after
                .strip_prefix('(')
                .and_then(|target| target.split_once(')'));
            links.insert(path(given.map_or(&shown, |(target, _)| target)));
        }
        links
    }

    /// Without its examples and drawings.
    fn prose(&self) -> String {
        let mut is_code = false;
        let lines = self.text.lines().filter(|line| {
            let is_fence = line.trim_start().starts_with("```");
            is_code ^= is_fence;
            !is_code && !is_fence
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// A link's target as a path: without code marks, kind, section, and the way to the crate.
fn path(target: &str) -> String {
    let target = target.trim_matches('`');
    let target = target
        .split_once('@')
        .map_or(target, |(_kind, target)| target);
    let target = target
        .split_once('#')
        .map_or(target, |(target, _section)| target);
    let target = target.strip_prefix("crate::").unwrap_or(target);
    target.trim_end_matches('!').to_owned()
}

/// What `doc = ".."` or `doc = include_str!("..")` says, also behind a feature that is on.
fn fragment(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => Some(said(&meta.value)),
        Meta::List(list) if list.path.is_ident("cfg_attr") => {
            let parts = list
                .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
                .unwrap();
            let is_off =
                matches!(parts.first(), Some(Meta::List(first)) if first.path.is_ident("not"));
            match parts.last() {
                Some(Meta::NameValue(meta)) if meta.path.is_ident("doc") && !is_off => {
                    Some(said(&meta.value))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn said(value: &Expr) -> String {
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => text.value(),
        Expr::Macro(include) => {
            let path: syn::LitStr = include.mac.parse_body().unwrap();
            sources::text(&format!("sessions/src/{}", path.value()))
        }
        _ => panic!("a page is a text or an included file"),
    }
}

/// What stands between code marks, single or double.
pub(crate) fn code(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('`') {
        rest = &rest[start..];
        let marks = &rest[..rest.len() - rest.trim_start_matches('`').len()];
        rest = &rest[marks.len()..];
        let Some(end) = rest.find(marks) else { break };
        found.push(rest[..end].trim());
        rest = &rest[end + marks.len()..];
    }
    found
}
