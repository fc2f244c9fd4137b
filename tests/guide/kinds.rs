use syn::{Item, Visibility};

use crate::sources::{self, files};

#[test]
fn every_kind_of_error_is_in_the_chapter_on_errors() {
    let chapter = sources::text("sessions/docs/errors.md");
    for (kind, variant) in kinds() {
        assert!(
            chapter.contains(&format!("`{variant}`")),
            "{kind}::{variant}"
        );
    }
}

/// The variants of the public enums that name what can go wrong.
fn kinds() -> Vec<(String, String)> {
    let mut kinds = Vec::new();
    for (path, text) in files("sessions/src", "rs") {
        for item in syn::parse_file(&text).unwrap().items {
            let Item::Enum(item) = item else { continue };
            let name = item.ident.to_string();
            let is_kind = name.ends_with("ErrorKind")
                || ["CookieRule", "Rejection", "ImportRefusal"].contains(&name.as_str());
            let is_public = matches!(item.vis, Visibility::Public(_));
            // Not to be had outside of the crate.
            let is_inner = path.ends_with("data/error.rs");
            if is_kind && is_public && !is_inner {
                let variants = item.variants.iter();
                kinds.extend(variants.map(|variant| (name.clone(), variant.ident.to_string())));
            }
        }
    }
    assert!(kinds.len() > 80, "this test sees nothing");
    kinds
}
