use proc_macro2::TokenStream;
use quote::quote;
use syn::{Generics, Path, parse_quote};

use crate::ast::{Container, Field};

/// Returns a value that serializes the field through the user's `serialize`.
///
/// Serde takes values, not functions: the call needs a type of its own, and as an item within a
/// function that type sees none of the function's parameters and must repeat them.
pub(crate) fn serializer(
    container: &Container<'_>,
    field: &Field<'_>,
    module: &Path,
    generics: &Generics,
) -> TokenStream {
    let krate = container.krate();
    let this = &container.this;
    let ident = field.ident;
    let ty = &field.ty;
    let mut generics = generics.clone();
    generics.params.insert(0, parse_quote!('__value));
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    // The reference is taken outside the block: from edition 2024 on, what its tail borrows ends with it.
    quote! {
        &{
            struct __With #impl_generics (
                &'__value #ty,
                ::core::marker::PhantomData<fn() -> #this>,
            ) #where_clause;

            #[automatically_derived]
            impl #impl_generics #krate::__private::serde::Serialize
                for __With #type_generics #where_clause
            {
                fn serialize<__S>(
                    &self,
                    serializer: __S,
                ) -> ::core::result::Result<
                    <__S as #krate::__private::serde::Serializer>::Ok,
                    <__S as #krate::__private::serde::Serializer>::Error,
                >
                where
                    __S: #krate::__private::serde::Serializer,
                {
                    #module::serialize(self.0, serializer)
                }
            }

            __With(&self.#ident, ::core::marker::PhantomData)
        }
    }
}

/// Returns a seed that deserializes the field through the user's `deserialize`.
pub(crate) fn seed(
    container: &Container<'_>,
    field: &Field<'_>,
    module: &Path,
    generics: &Generics,
) -> TokenStream {
    let krate = container.krate();
    let this = &container.this;
    let ty = &field.ty;
    let (definition, type_generics, where_clause) = generics.split_for_impl();
    let mut seeded = generics.clone();
    seeded.params.insert(0, parse_quote!('__de));
    let (impl_generics, _, _) = seeded.split_for_impl();
    quote! {
        {
            struct __Seed #definition (
                ::core::marker::PhantomData<fn() -> #this>,
            ) #where_clause;

            #[automatically_derived]
            impl #impl_generics #krate::__private::serde::de::DeserializeSeed<'__de>
                for __Seed #type_generics #where_clause
            {
                type Value = #ty;

                fn deserialize<__D>(
                    self,
                    deserializer: __D,
                ) -> ::core::result::Result<
                    #ty,
                    <__D as #krate::__private::serde::Deserializer<'__de>>::Error,
                >
                where
                    __D: #krate::__private::serde::Deserializer<'__de>,
                {
                    #module::deserialize(deserializer)
                }
            }

            __Seed(::core::marker::PhantomData)
        }
    }
}
