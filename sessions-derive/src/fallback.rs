use proc_macro2::TokenStream;
use quote::quote;

use crate::{
    accessor::{self, Body, stub},
    ast::Container,
    bound, expand,
};

/// Returns what the user's other code expects of a struct with mistakes: the impls and accessors.
///
/// Without them every use of the struct would be a second error, and hide the first.
pub(crate) fn expand(container: &Container<'_>) -> TokenStream {
    let krate = container.krate();
    let this = &container.this;
    let allow = container.allow_deprecated();
    let generics = bound::of_static(container);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let stub = stub();
    let version = container.version();
    let session_data = expand::session_data(container, &generics);
    let accessors = accessor::expand(container, Body::Stub);
    quote! {
        #[automatically_derived]
        #allow
        impl #impl_generics #krate::Schema for #this #where_clause {
            const NAME: &'static ::core::primitive::str = "";
            const VERSION: ::core::primitive::u32 = #version;
            const KEYS: &'static [#krate::__private::FieldKeys] = &[];
            const ORDERED: ::core::primitive::bool = false;

            fn fresh() -> Self {
                #stub
            }

            fn encode_fields(
                &self,
                _: &mut #krate::__private::FieldWriter<'_>,
            ) -> ::core::result::Result<(), #krate::__private::EncodeError> {
                #stub
            }

            fn decode_fields(
                _: &mut #krate::__private::Fields<'_>,
            ) -> ::core::result::Result<Self, #krate::__private::DecodeError> {
                #stub
            }
        }

        #session_data
        #accessors
    }
}
