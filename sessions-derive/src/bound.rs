use quote::quote;
use syn::{Generics, Ident, WherePredicate, parse_quote};

use crate::{
    ast::{Container, Kind},
    shape,
};

/// Returns the struct's generics with all that its `Schema` needs of them.
///
/// The bounds are on the types of the fields that mention a parameter, not on the parameter: a
/// `Vec<T>` has a `Default` whether or not `T` has one.
pub(crate) fn of_schema(container: &Container<'_>) -> Generics {
    let krate = container.krate();
    let parameters = container.parameters();
    let mut generics = of_static(container);
    let mut predicates: Vec<WherePredicate> = Vec::new();
    for field in &container.fields {
        let ty = &field.ty;
        if !shape::mentions(ty, &parameters) {
            continue;
        }
        if field.is_stored() && field.attrs.with.is_none() && !field.is_bytes() {
            predicates.push(parse_quote! {
                #ty: #krate::__private::serde::Serialize
                    + #krate::__private::serde::de::DeserializeOwned
            });
        }
        if field.default_expr().is_none() && shape::array_of_bytes(ty).is_none() {
            predicates.push(parse_quote!(#ty: ::core::default::Default));
        }
        if field.kind == Kind::Principal {
            let inner = field.inner();
            predicates.push(parse_quote!(#inner: ::core::fmt::Display));
        }
    }
    if let Some(given) = &container.attrs.previous {
        let previous = &given.value;
        if shape::mentions(previous, &parameters) {
            let this = &container.this;
            predicates.push(parse_quote!(#previous: #krate::Schema));
            predicates.push(parse_quote!(#this: ::core::convert::From<#previous>));
        }
    }
    if !predicates.is_empty() {
        generics.make_where_clause().predicates.extend(predicates);
    }
    generics
}

/// Returns the struct's generics with every parameter outliving everything, as sessions do.
pub(crate) fn of_static(container: &Container<'_>) -> Generics {
    let mut generics = container.generics.clone();
    let mut predicates = static_lifetimes(container);
    predicates.extend(
        container
            .generics
            .type_params()
            .map(|param| -> WherePredicate {
                let ident = &param.ident;
                parse_quote!(#ident: 'static)
            }),
    );
    if !predicates.is_empty() {
        generics.make_where_clause().predicates.extend(predicates);
    }
    generics
}

/// Returns the struct's generics with the bound that it is `SessionData` with these accessors.
///
/// The accessors' definition needs the first half only, and could not name itself.
pub(crate) fn of_accessors(container: &Container<'_>, accessors: Option<&Ident>) -> Generics {
    let mut generics = container.generics.clone();
    if generics.params.is_empty() {
        return generics;
    }
    let krate = container.krate();
    let this = &container.this;
    let binding = accessors.map(|name| {
        let (_, type_generics, _) = container.generics.split_for_impl();
        quote!(<Accessors = #name #type_generics>)
    });
    let mut predicates = static_lifetimes(container);
    predicates.push(parse_quote!(#this: #krate::SessionData #binding));
    generics.make_where_clause().predicates.extend(predicates);
    generics
}

/// Returns `'a: 'static` for every lifetime parameter.
///
/// One is refused, and the bound spares the user a second error about it.
fn static_lifetimes(container: &Container<'_>) -> Vec<WherePredicate> {
    container
        .generics
        .lifetimes()
        .map(|param| {
            let lifetime = &param.lifetime;
            parse_quote!(#lifetime: 'static)
        })
        .collect()
}
