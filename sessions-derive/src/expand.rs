use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{DeriveInput, Generics, Ident, ext::IdentExt as _, spanned::Spanned as _};

use crate::{
    accessor::{self, Body},
    ast::{Container, Field, own_span},
    bound,
    errors::Errors,
    fallback, merge, shape, valid, with,
};

/// Expands `#[derive(SessionData)]`, or says what is wrong with its input.
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let mut errors = Errors::default();
    let container = Container::read(input, &mut errors);
    valid::check(&container, &mut errors);
    match errors.into_compile_errors() {
        None => working(&container),
        Some(compile_errors) => {
            let fallback = fallback::expand(&container);
            quote!(#compile_errors #fallback)
        }
    }
}

fn working(container: &Container<'_>) -> TokenStream {
    let krate = container.krate();
    let this = &container.this;
    let generics = bound::of_schema(container);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let allow = container.allow_deprecated();

    let name = container.name();
    let version = container.version();
    let keys = container.stored().map(|field| {
        let key = field.key();
        let aliases = field.attrs.aliases.iter().map(|alias| &alias.value);
        let keys = quote!(#krate::__private::FieldKeys::new(#key, &[#(#aliases),*]));
        merge::with_rule(container, field, keys)
    });
    let ordered = container
        .stored()
        .all(|field| field.attrs.with.is_none() && shape::is_ordered(&field.ty));

    let fresh = fresh(container);
    let encode_fields = encode_fields(container, &generics);
    let decode_fields = decode_fields(container, &generics);
    let previous = previous(container);
    let principal = principal(container);
    let merge_field = merge::merge_field(container);
    let session_data = session_data(container, &generics);
    let accessors = accessor::expand(container, Body::Working);
    let version_check = version_check(container);

    quote! {
        #[automatically_derived]
        #allow
        impl #impl_generics #krate::Schema for #this #where_clause {
            const NAME: &'static ::core::primitive::str = #name;
            const VERSION: ::core::primitive::u32 = #version;
            const KEYS: &'static [#krate::__private::FieldKeys] = &[#(#keys),*];
            const ORDERED: ::core::primitive::bool = #ordered;

            #fresh
            #encode_fields
            #decode_fields
            #previous
            #principal
            #merge_field
        }

        #version_check
        #session_data
        #accessors
    }
}

/// Returns the impl that leads from the struct to its accessors.
pub(crate) fn session_data(container: &Container<'_>, generics: &Generics) -> TokenStream {
    let krate = container.krate();
    let this = &container.this;
    let accessors = accessor::struct_name(container);
    let allow = container.allow_deprecated();
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        #allow
        impl #impl_generics #krate::SessionData for #this #where_clause {
            type Accessors = #accessors #type_generics;
        }
    }
}

fn fresh(container: &Container<'_>) -> TokenStream {
    let krate = container.krate();
    let fields = container.fields.iter().map(|field| {
        let ident = field.ident;
        let default = default_of(field);
        quote!(#ident: #default)
    });
    let make = quote! {
        #krate::__private::Fresh::<Self>::new().make(|| Self { #(#fields),* })
    };
    // A new session is nobody's, whatever the struct's own `Default` says.
    let made = match container.principal() {
        None => make,
        Some(principal) => {
            let ident = principal.ident;
            quote! {
                let mut fresh = #make;
                fresh.#ident = ::core::option::Option::None;
                fresh
            }
        }
    };
    quote! {
        fn fresh() -> Self {
            use #krate::__private::FreshFallback as _;
            #made
        }
    }
}

fn encode_fields(container: &Container<'_>, generics: &Generics) -> TokenStream {
    let krate = container.krate();
    let entries: Vec<TokenStream> = container
        .stored()
        .map(|field| {
            let ident = field.ident;
            let key = field.key();
            let mut write = quote!(wrapped);
            let value = if let Some(given) = &field.attrs.with {
                with::serializer(container, field, &given.value, generics)
            } else if field.is_bytes() {
                quote!(&#krate::__private::AsBytes(&self.#ident))
            } else {
                let ty = &field.ty;
                // Where the type has no `Serialize`, the error points to it.
                write = quote_spanned!(own_span(field.original_ty.span())=> field::<#ty>);
                quote!(&self.#ident)
            };
            quote! {
                #krate::__private::FieldWriter::#write(fields, #key, #value)?;
            }
        })
        .collect();
    let fields = if entries.is_empty() {
        quote!(_)
    } else {
        quote!(fields)
    };
    quote! {
        fn encode_fields(
            &self,
            #fields: &mut #krate::__private::FieldWriter<'_>,
        ) -> ::core::result::Result<(), #krate::__private::EncodeError> {
            #(#entries)*
            ::core::result::Result::Ok(())
        }
    }
}

fn decode_fields(container: &Container<'_>, generics: &Generics) -> TokenStream {
    let krate = container.krate();
    let fields = quote!(#krate::__private::Fields);
    let mut slots = TokenStream::new();
    let mut in_order = TokenStream::new();
    let mut arms = TokenStream::new();
    for (index, field) in container.stored().enumerate() {
        let local = local_of(field);
        let ty = &field.ty;
        let key = field.key();
        let value = if let Some(given) = &field.attrs.with {
            let seed = with::seed(container, field, &given.value, generics);
            quote!(#fields::seed(fields, #seed)?)
        } else if field.is_bytes() {
            quote!(#fields::seed(fields, #krate::__private::ByteSeed::<#ty>::new())?)
        } else {
            let value = quote_spanned!(own_span(field.original_ty.span())=> value::<#ty>);
            quote!(#fields::#value(fields)?)
        };
        let mut declare = |local: &Ident| {
            slots.extend(quote! {
                let mut #local: ::core::option::Option<#ty> = ::core::option::Option::None;
            });
        };
        declare(&local);
        // Code from before a rename writes its own key beside ours, which it keeps as unknown: that
        // is no duplicate, and ours is the newer. Of several aliases the last one read is the newest.
        let alias = local_of_alias(field).map(|local| {
            declare(&local);
            quote! {
                if #fields::by_alias(fields) {
                    #local = ::core::option::Option::Some(#value);
                    continue;
                }
            }
        });
        in_order.extend(quote! {
            if #fields::is_next(fields, #index, #key) {
                #local = ::core::option::Option::Some(#value);
            }
        });
        arms.extend(quote! {
            #index => {
                #alias
                if ::core::option::Option::is_some(&#local) {
                    return ::core::result::Result::Err(#fields::duplicate(fields, #index));
                }
                #local = ::core::option::Option::Some(#value);
            }
        });
    }
    let members = container.fields.iter().map(|field| {
        let ident = field.ident;
        let default = default_of(field);
        if !field.is_stored() {
            return quote!(#ident: #default);
        }
        let local = local_of(field);
        let value = match local_of_alias(field) {
            Some(alias) => quote!(::core::option::Option::or(#local, #alias)),
            None => local.into_token_stream(),
        };
        quote! {
            #ident: match #value {
                ::core::option::Option::Some(value) => value,
                ::core::option::Option::None => #default,
            }
        }
    });
    // An index is one of ours, so that the last arm is for the compiler.
    quote! {
        fn decode_fields(
            fields: &mut #fields<'_>,
        ) -> ::core::result::Result<Self, #krate::__private::DecodeError> {
            #slots
            #in_order
            while let ::core::option::Option::Some(index) = #fields::next(fields)? {
                match index {
                    #arms
                    _ => {}
                }
            }
            ::core::result::Result::Ok(Self { #(#members),* })
        }
    }
}

/// Returns the local variable that holds a field while it is decoded.
///
/// Its hygiene hides it from the user's `default = expr`.
fn local_of(field: &Field<'_>) -> Ident {
    format_ident!("field_{}", field.ident.unraw(), span = Span::mixed_site())
}

/// Returns the local variable that holds what was read from an alias of the field, if it has one.
fn local_of_alias(field: &Field<'_>) -> Option<Ident> {
    let ident = field.ident.unraw();
    let has_alias = !field.attrs.aliases.is_empty();
    has_alias.then(|| format_ident!("alias_{}", ident, span = Span::mixed_site()))
}

/// Returns the value of a field that has none yet.
pub(crate) fn default_of(field: &Field<'_>) -> TokenStream {
    if let Some(expr) = field.default_expr() {
        return expr.to_token_stream();
    }
    // `[u8; 64]` has no `Default`, and what it would be is plain.
    if let Some(length) = shape::array_of_bytes(&field.ty) {
        return quote!([0_u8; #length]);
    }
    let ty = &field.ty;
    // Where the type has no `Default`, the error points to it.
    quote_spanned! {own_span(field.original_ty.span())=>
        <#ty as ::core::default::Default>::default()
    }
}

fn previous(container: &Container<'_>) -> Option<TokenStream> {
    let krate = container.krate();
    let previous = &container.attrs.previous.as_ref()?.value;
    let check = shape::mentions(previous, &container.parameters()).then(|| {
        let assertion = version_assertion(container, previous);
        quote!(const { #assertion };)
    });
    let from = quote_spanned! {own_span(previous.span())=>
        <Self as ::core::convert::From<#previous>>::from(previous)
    };
    Some(quote! {
        fn from_previous(
            stored: &#krate::__private::Stored<'_>,
        ) -> ::core::result::Result<Self, #krate::__private::DecodeError> {
            #check
            ::core::result::Result::map(
                #krate::__private::Stored::decode::<#previous>(stored),
                |previous| #from,
            )
        }
    })
}

/// Checks the order of versions where the previous type is known; `previous` does it elsewhere.
fn version_check(container: &Container<'_>) -> Option<TokenStream> {
    let previous = &container.attrs.previous.as_ref()?.value;
    if shape::mentions(previous, &container.parameters()) {
        return None;
    }
    let assertion = version_assertion(container, previous);
    Some(quote!(const _: () = #assertion;))
}

fn version_assertion(container: &Container<'_>, previous: &syn::Type) -> TokenStream {
    let krate = container.krate();
    let version = container.version();
    quote_spanned! {own_span(previous.span())=>
        ::core::assert!(
            <#previous as #krate::Schema>::VERSION < #version,
            "the `version` of session data must be greater than that of its `previous`; raise it",
        )
    }
}

fn principal(container: &Container<'_>) -> Option<TokenStream> {
    let field = container.principal()?;
    let ident = field.ident;
    let inner = field.inner();
    // Where the type has no `Display`, the error points to it.
    let to_string = quote_spanned! {own_span(field.original_ty.span())=>
        <#inner as ::std::string::ToString>::to_string(value)
    };
    Some(quote! {
        fn principal(&self) -> ::core::option::Option<::std::string::String> {
            ::core::option::Option::map(
                ::core::option::Option::as_ref(&self.#ident),
                |value| #to_string,
            )
        }

        fn keep_principal(&mut self, old: &mut Self) {
            self.#ident = ::core::option::Option::take(&mut old.#ident);
        }
    })
}
