//! Sessions of one field and of many.

use sessions::SessionData;

/// A session of so many fields of text.
pub(crate) trait Fields: SessionData + 'static {
    /// How many it has.
    const COUNT: usize;

    /// Makes one with every field filled.
    fn sample() -> Self;

    /// The field that is written.
    fn first(&mut self) -> &mut String;
}

macro_rules! fields {
    ($name:ident, $session:literal, $count:literal: $first:ident $($field:ident)*) => {
        #[derive(SessionData, Default)]
        #[session(name = $session)]
        pub(crate) struct $name {
            $first: String,
            $($field: String,)*
        }

        impl Fields for $name {
            const COUNT: usize = $count;

            fn sample() -> Self {
                Self {
                    $first: TEXT.into(),
                    $($field: TEXT.into(),)*
                }
            }

            fn first(&mut self) -> &mut String {
                &mut self.$first
            }
        }
    };
}

/// What each field holds.
const TEXT: &str = "0123456789abcdef";

fields!(One, "fields-1", 1: f00);
fields!(Four, "fields-4", 4: f00 f01 f02 f03);
fields!(Sixteen, "fields-16", 16: f00 f01 f02 f03 f04 f05 f06 f07 f08 f09 f10 f11 f12 f13 f14 f15);
fields!(SixtyFour, "fields-64", 64:
    f00 f01 f02 f03 f04 f05 f06 f07 f08 f09 f10 f11 f12 f13 f14 f15
    f16 f17 f18 f19 f20 f21 f22 f23 f24 f25 f26 f27 f28 f29 f30 f31
    f32 f33 f34 f35 f36 f37 f38 f39 f40 f41 f42 f43 f44 f45 f46 f47
    f48 f49 f50 f51 f52 f53 f54 f55 f56 f57 f58 f59 f60 f61 f62 f63
);
