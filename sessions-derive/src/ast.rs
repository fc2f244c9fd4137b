use proc_macro2::{Group, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Data, DeriveInput, Expr, Fields, GenericParam, Generics, Ident, Type, Visibility,
    ext::IdentExt as _,
};

use crate::{
    attr::{FieldAttrs, StructAttrs},
    errors::Errors,
    name,
    shape::{self, Shape},
};

/// The struct a user derives `SessionData` on.
#[derive(Debug)]
pub(crate) struct Container<'a> {
    pub(crate) original: &'a DeriveInput,
    pub(crate) attrs: StructAttrs,
    /// The struct's generics, without `Self`.
    pub(crate) generics: Generics,
    /// `Cart<T>`: the struct with its own parameters.
    pub(crate) this: TokenStream,
    /// Empty for anything but a struct with named fields.
    pub(crate) fields: Vec<Field<'a>>,
}

impl<'a> Container<'a> {
    pub(crate) fn read(input: &'a DeriveInput, errors: &mut Errors) -> Self {
        let ident = &input.ident;
        let attrs = StructAttrs::read(&input.attrs, errors);
        let (_, type_generics, _) = input.generics.split_for_impl();
        let this = quote!(#ident #type_generics);
        let fields = match &input.data {
            Data::Struct(data) => match &data.fields {
                Fields::Named(fields) => fields
                    .named
                    .iter()
                    .filter_map(|field| Field::read(field, &this, errors))
                    .collect(),
                Fields::Unnamed(_) | Fields::Unit => Vec::new(),
            },
            Data::Enum(_) | Data::Union(_) => Vec::new(),
        };
        Self {
            original: input,
            attrs,
            generics: generics_without_self(&input.generics, &this),
            this,
            fields,
        }
    }

    /// Returns the session's name, given or derived from the type's.
    pub(crate) fn name(&self) -> String {
        match &self.attrs.name {
            Some(given) => given.value.value(),
            None => name::kebab_case(&self.original.ident.unraw().to_string()),
        }
    }

    pub(crate) fn version(&self) -> u32 {
        self.attrs.version.as_ref().map_or(1, |given| given.value)
    }

    /// Returns the path of the `sessions` crate.
    pub(crate) fn krate(&self) -> TokenStream {
        match &self.attrs.krate {
            Some(given) => given.value.to_token_stream(),
            None => quote!(::sessions),
        }
    }

    /// Returns the names of the type and const parameters.
    pub(crate) fn parameters(&self) -> Vec<String> {
        self.generics
            .params
            .iter()
            .filter_map(|param| match param {
                GenericParam::Type(param) => Some(param.ident.to_string()),
                GenericParam::Const(param) => Some(param.ident.to_string()),
                GenericParam::Lifetime(_) => None,
            })
            .collect()
    }

    /// Returns the fields that are written to the session, in the order they are declared.
    pub(crate) fn stored(&self) -> impl Iterator<Item = &Field<'a>> {
        self.fields.iter().filter(|field| field.is_stored())
    }

    pub(crate) fn principal(&self) -> Option<&Field<'a>> {
        self.fields
            .iter()
            .find(|field| field.kind == Kind::Principal)
    }

    /// Returns `#[allow(deprecated)]` if we would be warned of the user's own deprecations.
    pub(crate) fn allow_deprecated(&self) -> TokenStream {
        let deprecated = deprecation_in(&self.original.attrs).is_some()
            || self.fields.iter().any(|field| field.deprecation.is_some());
        if deprecated {
            quote!(#[allow(deprecated)])
        } else {
            TokenStream::new()
        }
    }
}

/// One named field.
#[derive(Debug)]
pub(crate) struct Field<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) vis: &'a Visibility,
    pub(crate) attrs: FieldAttrs,
    /// The field's type, without `Self`.
    pub(crate) ty: Type,
    /// What the user wrote, for errors.
    pub(crate) original_ty: &'a Type,
    pub(crate) shape: Shape,
    pub(crate) kind: Kind,
    pub(crate) docs: Vec<&'a Attribute>,
    pub(crate) deprecation: Option<&'a Attribute>,
}

impl<'a> Field<'a> {
    fn read(field: &'a syn::Field, this: &TokenStream, errors: &mut Errors) -> Option<Self> {
        let attrs = FieldAttrs::read(&field.attrs, errors);
        let ty = without_self(&field.ty, this);
        Some(Self {
            ident: field.ident.as_ref()?,
            vis: &field.vis,
            shape: Shape::of(&ty),
            kind: Kind::of(&attrs),
            ty,
            original_ty: &field.ty,
            docs: field
                .attrs
                .iter()
                .filter(|attr| attr.path().is_ident("doc"))
                .collect(),
            deprecation: deprecation_in(&field.attrs),
            attrs,
        })
    }

    /// Returns the key the field is stored under.
    pub(crate) fn key(&self) -> String {
        match &self.attrs.key {
            Some(given) => given.value.value(),
            None => self.ident.unraw().to_string(),
        }
    }

    /// Returns the name its accessors are made from.
    pub(crate) fn base(&self) -> Ident {
        let renamed = self.attrs.accessor.as_ref();
        let mut base = renamed
            .and_then(|given| identifier(&given.value.value()))
            .unwrap_or_else(|| self.ident.clone());
        base.set_span(own_span(
            renamed.map_or(self.ident.span(), |given| given.value.span()),
        ));
        base
    }

    pub(crate) fn is_stored(&self) -> bool {
        self.attrs.skip.is_none()
    }

    /// Tells whether its reader returns the value.
    pub(crate) fn is_copied(&self) -> bool {
        self.attrs.copy.is_some() || shape::is_copied(&self.ty)
    }

    /// Tells whether it is stored as CBOR bytes.
    pub(crate) fn is_bytes(&self) -> bool {
        self.attrs.with.is_none() && shape::is_bytes(&self.ty)
    }

    /// Returns the `V` of a principal's `Option<V>`; of any other type, the type.
    pub(crate) fn inner(&self) -> &Type {
        match &self.shape {
            Shape::Option(inner) => inner,
            Shape::Vec(_) | Shape::Other => &self.ty,
        }
    }

    pub(crate) fn default_expr(&self) -> Option<&Expr> {
        self.attrs.default.as_ref()?.value.as_ref()
    }
}

/// What a field is for, which decides its accessors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    Flash,
    Principal,
}

impl Kind {
    fn of(attrs: &FieldAttrs) -> Self {
        if attrs.flash.is_some() {
            Self::Flash
        } else if attrs.principal.is_some() {
            Self::Principal
        } else {
            Self::Plain
        }
    }
}

/// Reads an identifier, raw if it is a keyword.
pub(crate) fn identifier(text: &str) -> Option<Ident> {
    if let Ok(ident) = syn::parse_str(text) {
        return Some(ident);
    }
    let keyword = syn::parse::Parser::parse_str(Ident::parse_any, text).ok()?;
    let never_raw = ["_", "self", "Self", "super", "crate"];
    if never_raw.iter().any(|word| keyword == word) {
        return None;
    }
    Some(Ident::new_raw(text, Span::call_site()))
}

/// Returns the place of the user's token as if our output stood there.
///
/// Lints about a style the user did not write would be shown for a token of theirs; for a token of
/// ours they are silent, and errors still point to the right place.
pub(crate) fn own_span(place: Span) -> Span {
    place.resolved_at(Span::call_site())
}

fn deprecation_in(attrs: &[Attribute]) -> Option<&Attribute> {
    attrs.iter().find(|attr| attr.path().is_ident("deprecated"))
}

/// Writes out the `Self` of the user's struct, which means another type in our impls.
fn without_self(ty: &Type, this: &TokenStream) -> Type {
    let replaced = replace_self(ty.to_token_stream(), this);
    // Tokens of a type with a type in the place of a type are a type; if not, rustc explains it.
    syn::parse2(replaced).unwrap_or_else(|_| ty.clone())
}

fn generics_without_self(generics: &Generics, this: &TokenStream) -> Generics {
    let mut generics = generics.clone();
    if let Some(clause) = &generics.where_clause {
        let replaced = replace_self(clause.to_token_stream(), this);
        if let Ok(clause) = syn::parse2(replaced) {
            generics.where_clause = Some(clause);
        }
    }
    generics
}

fn replace_self(tokens: TokenStream, this: &TokenStream) -> TokenStream {
    let mut replaced = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(ident) if ident == "Self" => {
                // `Self::Item`, but not the `Self: Sized` of a where clause.
                let is_qualifier = matches!(
                    tokens.peek(),
                    Some(TokenTree::Punct(punct))
                        if punct.as_char() == ':' && punct.spacing() == Spacing::Joint
                );
                replaced.extend(if is_qualifier {
                    quote!(<#this>)
                } else {
                    this.clone()
                });
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), replace_self(group.stream(), this));
                inner.set_span(group.span());
                replaced.extend([TokenTree::Group(inner)]);
            }
            other => replaced.extend([other]),
        }
    }
    replaced
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn a_keyword_becomes_a_raw_identifier() {
        assert_eq!(identifier("items"), Some(parse_quote!(items)));
        assert_eq!(identifier("type"), Some(parse_quote!(r#type)));
        assert_eq!(identifier("r#type"), Some(parse_quote!(r#type)));
        for bad in [
            "", "_", "self", "Self", "crate", "super", "a b", "1a", "a::b", "a-b",
        ] {
            assert_eq!(identifier(bad), None, "{bad}");
        }
    }

    #[test]
    fn self_is_written_out_at_any_depth() {
        let ty: Type = parse_quote!(Vec<(Option<Box<Self>>, Self::Item)>);
        let expected: Type = parse_quote!(Vec<(Option<Box<Tree<T>>>, <Tree<T>>::Item)>);
        assert_eq!(without_self(&ty, &quote!(Tree<T>)), expected);
    }
}
