use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Ident, Type, ext::IdentExt as _, spanned::Spanned as _};

use crate::{
    ast::{Container, Field, Kind, own_span},
    bound,
    shape::{self, Shape},
};

/// One generated method.
#[derive(Debug)]
pub(crate) struct Accessor<'a> {
    pub(crate) name: Ident,
    pub(crate) field: &'a Field<'a>,
    role: Role,
}

#[derive(Clone, Copy, Debug)]
enum Role {
    Reader,
    Writer,
    Setter,
    Taker,
    Pusher,
    FlashTaker,
    PrincipalSetter,
    PrincipalTaker,
}

/// Returns the accessors of a field, in the order in which they are documented.
pub(crate) fn of_field<'a>(field: &'a Field<'a>) -> Vec<Accessor<'a>> {
    let base = field.base();
    let taker = format_ident!("take_{}", base);
    let setter = format_ident!("set_{}", base);
    let mut roles = Vec::with_capacity(4);
    match field.kind {
        Kind::Plain => {
            roles.push((base.clone(), Role::Reader));
            roles.push((format_ident!("{}_mut", base), Role::Writer));
            roles.push((setter, Role::Setter));
            if let Shape::Option(_) = field.shape {
                roles.push((taker, Role::Taker));
            }
        }
        Kind::Flash => {
            roles.push((pusher_of(field, &base), Role::Pusher));
            roles.push((taker, Role::FlashTaker));
        }
        Kind::Principal => {
            roles.push((base.clone(), Role::Reader));
            roles.push((setter, Role::PrincipalSetter));
            roles.push((taker, Role::PrincipalTaker));
        }
    }
    roles
        .into_iter()
        .map(|(name, role)| Accessor { name, field, role })
        .collect()
}

/// Returns the accessors' struct with all that makes it one.
pub(crate) fn expand(container: &Container<'_>, body: Body) -> TokenStream {
    let krate = container.krate();
    let this = &container.this;
    let vis = &container.original.vis;
    let name = struct_name(container);
    let allow = container.allow_deprecated();

    let definition = bound::of_accessors(container, None);
    let definition_where = &definition.where_clause;
    let generics = bound::of_accessors(container, Some(&name));
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();

    let mut seen = HashSet::new();
    let methods = container
        .fields
        .iter()
        .flat_map(of_field)
        // Two of one name were reported; a second definition would be a second error.
        .filter(|accessor| seen.insert(accessor.name.clone()))
        .map(|accessor| accessor.expand(container, body));
    let debug_body = match body {
        Body::Working => debug_body(container),
        Body::Stub => stub(),
    };
    let doc = format!(
        "The accessors of [`{}`], reached through its session.",
        container.original.ident.unraw(),
    );

    quote! {
        #[doc = #doc]
        #allow
        #vis struct #name #definition #definition_where {
            __slot: #krate::__private::Slot<#this>,
        }

        #allow
        impl #impl_generics #name #type_generics #where_clause {
            #(#methods)*
        }

        #[automatically_derived]
        #allow
        impl #impl_generics ::core::fmt::Debug for #name #type_generics #where_clause {
            fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #debug_body
            }
        }

        #[automatically_derived]
        #allow
        impl #impl_generics #krate::__private::Accessors for #name #type_generics #where_clause {
            type Data = #this;

            fn new(slot: #krate::__private::Slot<#this>) -> Self {
                Self { __slot: slot }
            }

            fn slot(&self) -> &#krate::__private::Slot<#this> {
                &self.__slot
            }
        }
    }
}

/// Returns the name of the accessors' struct: `CartAccessors` for `Cart`.
pub(crate) fn struct_name(container: &Container<'_>) -> Ident {
    let ident = &container.original.ident;
    let mut name = format_ident!("{}Accessors", ident);
    name.set_span(own_span(ident.span()));
    name
}

/// What stands in the methods.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Body {
    /// What they are for.
    Working,
    /// Nothing, so that a struct with mistakes has the methods its users call.
    Stub,
}

/// Returns the body of a function that is never compiled into a program.
pub(crate) fn stub() -> TokenStream {
    quote!(::core::unreachable!())
}

impl Accessor<'_> {
    fn expand(&self, container: &Container<'_>, body: Body) -> TokenStream {
        let vis = &self.field.vis;
        let deprecation = self.field.deprecation;
        let docs = self.first_lines();
        let field_docs = &self.field.docs;
        let blank = (!field_docs.is_empty()).then(|| quote!(#[doc = ""]));
        let must_use = matches!(self.role, Role::Reader).then(|| quote!(#[must_use]));
        let signature = self.signature();
        let display = self.display_bound(container);
        let body = match body {
            Body::Working => self.body(&container.krate()),
            Body::Stub => stub(),
        };
        quote! {
            #[doc = #docs]
            #blank
            #(#field_docs)*
            #deprecation
            #must_use
            #[track_caller]
            #vis #signature #display { #body }
        }
    }

    /// Says what the method does.
    fn first_lines(&self) -> String {
        let field = self.field.ident.unraw();
        match self.role {
            Role::Reader if self.field.is_copied() => format!("Returns the session's `{field}`."),
            Role::Reader => format!("Borrows the session's `{field}` for reading."),
            Role::Writer => format!("Borrows the session's `{field}` for writing."),
            Role::Setter => format!("Sets the session's `{field}`."),
            Role::Taker => format!("Takes the session's `{field}` out and leaves `None`."),
            Role::Pusher => match self.field.shape {
                Shape::Option(_) => format!(
                    "Sets the flash `{field}`, to be taken once, usually by the next request.\n\n\
                     A value that was not yet taken is replaced.",
                ),
                Shape::Vec(_) | Shape::Other => format!(
                    "Adds to the flash `{field}`, to be taken once, usually by the next request.",
                ),
            },
            Role::FlashTaker => format!(
                "Takes the flash `{field}`, which leaves none.\n\n\
                 On a `HEAD` or prefetch request, which shows nothing to anyone, this returns \
                 nothing and leaves what there is.",
            ),
            Role::PrincipalSetter => format!(
                "Sets the session's principal, `{field}`: this is an authentication.\n\n\
                 The session's ID is renewed, also if the principal is the same. If it was another, \
                 every other field is reset at once.",
            ),
            Role::PrincipalTaker => format!(
                "Takes the session's principal, `{field}`, out: this destroys the session.\n\n\
                 Later writes start a new session.",
            ),
        }
    }

    fn signature(&self) -> TokenStream {
        let name = &self.name;
        let field = self.field;
        let ty = &field.ty;
        match self.role {
            Role::Reader if field.is_copied() => quote!(fn #name(&self) -> #ty),
            Role::Reader => quote!(fn #name(&self) -> ::core::cell::Ref<'_, #ty>),
            Role::Writer => quote!(fn #name(&mut self) -> ::core::cell::RefMut<'_, #ty>),
            Role::Setter | Role::PrincipalSetter => {
                let argument = argument(field.inner(), field.is_copied());
                quote!(fn #name(&mut self, value: #argument))
            }
            Role::Taker | Role::FlashTaker => quote!(fn #name(&mut self) -> #ty),
            Role::Pusher => {
                let argument = match &field.shape {
                    Shape::Option(entry) | Shape::Vec(entry) => {
                        argument(entry, shape::is_copied(entry))
                    }
                    // Reported: the type has no entries. The calls are spared a second error.
                    Shape::Other => quote!(impl ::core::marker::Sized),
                };
                quote!(fn #name(&mut self, value: #argument))
            }
            Role::PrincipalTaker => {
                let inner = field.inner();
                quote!(fn #name(&mut self) -> ::core::option::Option<#inner>)
            }
        }
    }

    /// Returns the bound of a method that shows a principal of a generic type.
    fn display_bound(&self, container: &Container<'_>) -> Option<TokenStream> {
        let inner = self.field.inner();
        let is_needed = matches!(self.role, Role::PrincipalSetter)
            && shape::mentions(inner, &container.parameters());
        is_needed.then(|| quote!(where #inner: ::core::fmt::Display))
    }

    fn body(&self, krate: &TokenStream) -> TokenStream {
        let field = self.field;
        let ident = field.ident;
        let ty = &field.ty;
        let slot = quote!(#krate::__private::Slot);
        let writer = quote!(#slot::write(&self.__slot, |data| &mut data.#ident));
        match self.role {
            Role::Reader if shape::is_copied(ty) => {
                quote!(#slot::copy(&self.__slot, |data| data.#ident))
            }
            // The type may not be `Copy` after all; the error then points to it.
            Role::Reader if field.attrs.copy.is_some() => {
                let copied = quote_spanned! {own_span(field.original_ty.span())=>
                    copied::<#ty>
                };
                quote! {
                    fn copied<V: ::core::marker::Copy>(value: &V) -> V {
                        *value
                    }
                    #slot::copy(&self.__slot, |data| #copied(&data.#ident))
                }
            }
            Role::Reader => quote!(#slot::read(&self.__slot, |data| &data.#ident)),
            Role::Writer => writer,
            Role::Setter => {
                let value = converted(field.inner(), field.is_copied());
                match field.shape {
                    Shape::Option(_) => quote!(*#writer = ::core::option::Option::Some(#value);),
                    Shape::Vec(_) | Shape::Other => quote!(*#writer = #value;),
                }
            }
            Role::Taker => quote!(::core::option::Option::take(&mut *#writer)),
            Role::Pusher => match &field.shape {
                Shape::Option(entry) => {
                    let value = converted(entry, shape::is_copied(entry));
                    quote!(*#writer = ::core::option::Option::Some(#value);)
                }
                Shape::Vec(entry) => {
                    let value = converted(entry, shape::is_copied(entry));
                    quote! {
                        let value = #value;
                        ::std::vec::Vec::push(&mut *#writer, value);
                    }
                }
                Shape::Other => stub(),
            },
            Role::FlashTaker => quote!(#slot::take_flash(&self.__slot, |data| &mut data.#ident)),
            Role::PrincipalSetter => {
                let inner = field.inner();
                let value = converted(inner, field.is_copied());
                // Where the type has no `Display`, the error points to it.
                let shown = quote_spanned!(own_span(field.original_ty.span())=> ::<#inner>);
                quote!(#slot::set_principal #shown(&self.__slot, #value, |data| &mut data.#ident))
            }
            Role::PrincipalTaker => {
                quote!(#slot::take_principal(&self.__slot, |data| &mut data.#ident))
            }
        }
    }
}

/// Returns the name of the method that adds a flash.
pub(crate) fn pusher_of(field: &Field<'_>, base: &Ident) -> Ident {
    let one = field
        .attrs
        .flash
        .as_ref()
        .and_then(|given| given.value.as_ref())
        .filter(|one| syn::parse_str::<Ident>(&format!("push_{}", one.value())).is_ok());
    match one {
        Some(one) => Ident::new(&format!("push_{}", one.value()), own_span(one.span())),
        None => format_ident!("push_{}", base),
    }
}

/// Returns the type of a `value` argument.
fn argument(ty: &Type, is_copied: bool) -> TokenStream {
    // A number literal would not find its type through an `Into`.
    if is_copied {
        ty.to_token_stream()
    } else {
        quote!(impl ::core::convert::Into<#ty>)
    }
}

/// Returns the `value` argument as a `ty`.
fn converted(ty: &Type, is_copied: bool) -> TokenStream {
    if is_copied {
        quote!(value)
    } else {
        quote!(::core::convert::Into::<#ty>::into(value))
    }
}

fn debug_body(container: &Container<'_>) -> TokenStream {
    let krate = container.krate();
    let fields = container.fields.iter().map(|field| {
        let ident = field.ident;
        let name = ident.unraw().to_string();
        let value = if field.attrs.secret.is_some() {
            quote!(&::core::format_args!(".."))
        } else {
            quote!(#krate::__private::Shown(&data.#ident).shown())
        };
        quote!(::core::fmt::DebugStruct::field(fields, #name, #value);)
    });
    let shown = container
        .fields
        .iter()
        .any(|field| field.attrs.secret.is_none());
    let import = shown.then(|| quote!(use #krate::__private::ShownFallback as _;));
    let (data, fields_name) = if container.fields.is_empty() {
        (quote!(_), quote!(_))
    } else {
        (quote!(data), quote!(fields))
    };
    quote! {
        #import
        #krate::__private::Slot::debug(&self.__slot, formatter, |#data, #fields_name| {
            #(#fields)*
        })
    }
}
