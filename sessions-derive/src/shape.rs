use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, PathArguments, Type};

/// What a field's type looks like.
///
/// A macro sees tokens, not types: a type is known by the last segment of its path. A user's own
/// type called `Option` is taken for the standard one, and the compiler reports the mismatch.
#[derive(Debug)]
pub(crate) enum Shape {
    /// `Option<V>`, with the `V`.
    Option(Type),
    /// `Vec<V>`, with the `V`.
    Vec(Type),
    /// Anything else.
    Other,
}

impl Shape {
    pub(crate) fn of(ty: &Type) -> Self {
        if let Some(inner) = argument_of(ty, "Option") {
            return Self::Option(inner.clone());
        }
        if let Some(inner) = argument_of(ty, "Vec") {
            return Self::Vec(inner.clone());
        }
        Self::Other
    }
}

/// Tells whether a reader of this type returns the value instead of a guard: a number, a `bool`, a
/// `char`, or an `Option` of one.
pub(crate) fn is_copied(ty: &Type) -> bool {
    is_primitive(ty) || argument_of(ty, "Option").is_some_and(is_primitive)
}

/// Tells whether this type is exactly `Vec<u8>` or `[u8; N]`.
///
/// Serde would write these as an array of numbers; as CBOR bytes they are smaller and faster.
pub(crate) fn is_bytes(ty: &Type) -> bool {
    array_of_bytes(ty).is_some()
        || argument_of(ty, "Vec").is_some_and(|inner| is_named(inner, "u8"))
}

/// Returns the length of a `[u8; N]`.
pub(crate) fn array_of_bytes(ty: &Type) -> Option<&syn::Expr> {
    match bare(ty) {
        Type::Array(array) if is_named(&array.elem, "u8") => Some(&array.len),
        _ => None,
    }
}

/// Tells whether any of these identifiers stands anywhere in the tokens.
pub(crate) fn mentions(tokens: impl ToTokens, names: &[String]) -> bool {
    fn search(tokens: TokenStream, names: &[String]) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => names.iter().any(|name| ident == name),
            TokenTree::Group(group) => search(group.stream(), names),
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        })
    }
    !names.is_empty() && search(tokens.into_token_stream(), names)
}

/// Tells whether equal values of this type are always written in the same order, as far as its tokens show.
///
/// A type that is not known may hold a `HashMap`, or be an alias of one.
pub(crate) fn is_ordered(tokens: impl ToTokens) -> bool {
    tokens
        .into_token_stream()
        .into_iter()
        .all(|token| match token {
            TokenTree::Ident(ident) => ORDERED.iter().any(|name| ident == name),
            TokenTree::Group(group) => is_ordered(group.stream()),
            TokenTree::Punct(_) | TokenTree::Literal(_) => true,
        })
}

const ORDERED: &[&str] = &[
    "std",
    "core",
    "alloc",
    "primitive",
    "string",
    "String",
    "vec",
    "Vec",
    "option",
    "Option",
    "boxed",
    "Box",
    "collections",
    "BTreeMap",
    "BTreeSet",
    "VecDeque",
    "time",
    "Duration",
    "SystemTime",
    "bool",
    "char",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "f32",
    "f64",
];

fn is_primitive(ty: &Type) -> bool {
    [
        "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64",
        "i128", "isize", "f32", "f64",
    ]
    .iter()
    .any(|name| is_named(ty, name))
}

fn is_named(ty: &Type, name: &str) -> bool {
    matches!(bare(ty), Type::Path(path) if path.qself.is_none() && path.path.is_ident(name))
}

/// Returns the only type argument of a path that ends in `name`.
fn argument_of<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = bare(ty) else {
        return None;
    };
    let segment = path.path.segments.last()?;
    if path.qself.is_some() || segment.ident != name {
        return None;
    }
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    match (arguments.args.first(), arguments.args.len()) {
        (Some(GenericArgument::Type(inner)), 1) => Some(inner),
        _ => None,
    }
}

/// Looks through the invisible groups that `macro_rules!` puts around a `$ty`, and parentheses.
fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        _ => ty,
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn option_and_vec_are_known_by_their_last_segment() {
        assert!(matches!(
            Shape::of(&parse_quote!(Option<String>)),
            Shape::Option(_)
        ));
        assert!(matches!(
            Shape::of(&parse_quote!(::core::option::Option<u8>)),
            Shape::Option(_)
        ));
        assert!(matches!(
            Shape::of(&parse_quote!(std::vec::Vec<T>)),
            Shape::Vec(_)
        ));
        assert!(matches!(
            Shape::of(&parse_quote!(Vec<u8, Global>)),
            Shape::Other
        ));
        assert!(matches!(Shape::of(&parse_quote!(Option)), Shape::Other));
        assert!(matches!(
            Shape::of(&parse_quote!(<T as Tr>::Option<u8>)),
            Shape::Other
        ));
    }

    #[test]
    fn numbers_and_options_of_them_are_copied() {
        assert!(is_copied(&parse_quote!(u64)));
        assert!(is_copied(&parse_quote!(Option<bool>)));
        assert!(is_copied(&parse_quote!((f32))));
        assert!(!is_copied(&parse_quote!(String)));
        assert!(!is_copied(&parse_quote!(Option<Option<u8>>)));
        assert!(!is_copied(&parse_quote!(my::u64)));
    }

    #[test]
    fn bytes_are_recognized() {
        assert!(is_bytes(&parse_quote!(Vec<u8>)));
        assert!(is_bytes(&parse_quote!([u8; 32])));
        assert!(!is_bytes(&parse_quote!(Vec<u16>)));
        assert!(!is_bytes(&parse_quote!([u8])));
        assert!(!is_bytes(&parse_quote!(Option<Vec<u8>>)));
    }

    #[test]
    fn what_is_not_known_to_be_ordered_may_not_be() {
        assert!(is_ordered(quote::quote!(
            std::vec::Vec<(u8, Option<[String; 3]>)>
        )));
        assert!(!is_ordered(quote::quote!(Vec<Item>)));
        assert!(!is_ordered(quote::quote!(Vec<(u8, HashSet<u8>)>)));
    }

    #[test]
    fn a_mention_is_found_at_any_depth() {
        let names = ["HashMap".to_owned()];
        let deep: Type = parse_quote!(Vec<(u8, [std::collections::HashMap<u8, u8>; 2])>);
        assert!(mentions(&deep, &names));
        let none: Type = parse_quote!(Vec<MyHashMap>);
        assert!(!mentions(&none, &names));
    }
}
