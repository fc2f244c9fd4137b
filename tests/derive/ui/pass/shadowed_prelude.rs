//! Nothing the derive writes depends on a name in scope.

mod hostile {
    #![no_implicit_prelude]
    #![allow(non_camel_case_types, dead_code, unused_macros)]

    mod core {}
    mod std {}
    mod sessions {}
    mod serde {}

    struct Result;
    struct Option;
    struct Vec;
    struct String;
    struct Box;
    struct Ref;
    struct RefMut;
    struct Some;
    struct None;
    struct Ok;
    struct Err;
    struct Slot;
    struct Fields;
    struct Shown;
    struct bool;
    struct u32;
    struct str;
    struct usize;
    trait Default {}
    trait Into {}
    trait From {}
    trait Clone {}
    trait Copy {}
    trait Debug {}
    trait Display {}
    trait ToString {}
    trait Sized {}

    /// Its methods are those of the derive's own types, for every type.
    trait Greedy: ::core::marker::Sized {
        fn read(self) {}
        fn write(self) {}
        fn copy(self) {}
        fn next(self) {}
        fn value(self) {}
        fn seed(self) {}
        fn map(self) {}
        fn field(self) {}
        fn take(self) {}
        fn push(self) {}
        fn debug(self) {}
        fn merged_by(self) {}
        fn merge_field(self) {}
    }
    impl<T> Greedy for &T {}

    macro_rules! assert {
        ($($tokens:tt)*) => {
            nothing!()
        };
    }
    macro_rules! unreachable {
        ($($tokens:tt)*) => {
            nothing!()
        };
    }
    macro_rules! format_args {
        ($($tokens:tt)*) => {
            nothing!()
        };
    }

    #[derive(::sessions::SessionData)]
    pub struct Old {
        pub count: ::core::primitive::u32,
    }

    #[derive(::sessions::SessionData)]
    #[session(version = 2, previous = Old)]
    pub struct New {
        pub count: ::core::primitive::u32,
        pub items: ::std::vec::Vec<::std::string::String>,
        pub coupon: ::core::option::Option<::std::string::String>,
        #[session(skip)]
        pub seen: ::core::primitive::bool,
        #[session(flash(one = "notice"))]
        pub notices: ::std::vec::Vec<::std::string::String>,
        #[session(flash)]
        pub error: ::core::option::Option<u64>,
        #[session(principal, secret)]
        pub user: ::core::option::Option<::std::string::String>,
        #[session(with = text)]
        pub text: ::core::primitive::i64,
        pub bytes: ::std::vec::Vec<u8>,
        #[session(copy)]
        pub pair: (u8, u8),
        #[session(merge = function, default = ours())]
        pub merged: ::core::primitive::u32,
    }

    // Named as what stands in the derive's output.
    fn function(
        base: ::core::primitive::u32,
        ours: ::core::primitive::u32,
        theirs: ::core::primitive::u32,
    ) -> ::core::primitive::u32 {
        theirs + ours - base
    }

    fn ours() -> ::core::primitive::u32 {
        7
    }

    impl ::core::convert::From<Old> for New {
        fn from(old: Old) -> Self {
            Self {
                count: old.count,
                items: ::std::vec::Vec::new(),
                coupon: ::core::option::Option::None,
                seen: false,
                notices: ::std::vec::Vec::new(),
                error: ::core::option::Option::None,
                user: ::core::option::Option::None,
                text: 0,
                bytes: ::std::vec::Vec::new(),
                pair: (0, 0),
                merged: 0,
            }
        }
    }

    mod text {
        use ::core::result::Result;

        pub fn serialize<S: ::serde::Serializer>(
            value: &::core::primitive::i64,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            ::serde::Serialize::serialize(&::std::string::ToString::to_string(value), serializer)
        }

        pub fn deserialize<'de, D: ::serde::Deserializer<'de>>(
            deserializer: D,
        ) -> Result<::core::primitive::i64, D::Error> {
            let text: ::std::string::String = ::serde::Deserialize::deserialize(deserializer)?;
            text.parse().map_err(::serde::de::Error::custom)
        }
    }
}

fn main() {
    use sessions::Schema as _;

    assert_eq!(hostile::New::NAME, "new");
    assert_eq!(hostile::New::fresh().count, 0);
}
