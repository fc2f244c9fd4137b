use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Ident, spanned::Spanned as _};

use crate::{
    ast::{Container, Field, Kind, own_span},
    expand,
    shape::Shape,
};

/// Returns a field's keys with how it merges; a plain field's as they are.
pub(crate) fn with_rule(
    container: &Container<'_>,
    field: &Field<'_>,
    keys: TokenStream,
) -> TokenStream {
    let krate = container.krate();
    // What a module of the user's writes for a flash may be anything; so may bytes, which are no messages.
    let is_opaque = field.attrs.with.is_some() || field.is_bytes();
    let rule = match (field.kind, &field.shape) {
        (Kind::Plain, _) if field.attrs.merge.is_none() => return keys,
        (Kind::Plain, _) => quote!(Function),
        (Kind::Principal, _) => quote!(Principal),
        (Kind::Flash, Shape::Option(_)) if !is_opaque => quote!(FlashOne),
        (Kind::Flash, Shape::Vec(_)) if !is_opaque => quote!(FlashMany),
        (Kind::Flash, Shape::Option(_) | Shape::Vec(_) | Shape::Other) => quote!(FlashOpaque),
    };
    let private = quote!(#krate::__private);
    quote!(#private::FieldKeys::merged_by(#keys, #private::FieldRule::#rule))
}

/// Returns the method that calls the fields' own functions, if any has one.
pub(crate) fn merge_field(container: &Container<'_>) -> Option<TokenStream> {
    // Their hygiene hides them from the user's functions and defaults.
    let local = |name| Ident::new(name, Span::mixed_site());
    let (index, base, ours, theirs) = (
        local("index"),
        local("base"),
        local("ours"),
        local("theirs"),
    );
    let function = local("function");
    let arms: Vec<TokenStream> = container
        .stored()
        .enumerate()
        .filter_map(|(place, field)| {
            let path = &field.attrs.merge.as_ref()?.value;
            let ident = field.ident;
            let ty = &field.ty;
            let default = expand::default_of(field);
            // A function of another shape is an error at its path, which shows the shape it should have.
            let pointer = quote_spanned! {own_span(field.original_ty.span())=>
                fn(#ty, #ty, #ty) -> #ty
            };
            // Taken out, since a type need not be `Clone`.
            Some(quote! {
                #place => {
                    let #function: #pointer = #path;
                    #ours.#ident = #function(
                        ::core::mem::replace(&mut #base.#ident, #default),
                        ::core::mem::replace(&mut #ours.#ident, #default),
                        ::core::mem::replace(&mut #theirs.#ident, #default),
                    );
                }
            })
        })
        .collect();
    if arms.is_empty() {
        return None;
    }
    Some(quote! {
        fn merge_field(
            #index: ::core::primitive::usize,
            #base: &mut Self,
            #ours: &mut Self,
            #theirs: &mut Self,
        ) {
            match #index {
                #(#arms)*
                _ => {}
            }
        }
    })
}
