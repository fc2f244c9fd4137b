use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    time::Duration,
};

/// Cannot be named outside, so that the traits below it may gain methods.
#[expect(unnameable_types, reason = "that is what it is for")]
pub trait Sealed {}

impl<V> Sealed for Vec<V> {}
impl<V> Sealed for VecDeque<V> {}
impl<V> Sealed for BTreeSet<V> {}
impl<V, S> Sealed for HashSet<V, S> {}
impl<K, V> Sealed for BTreeMap<K, V> {}
impl<K, V, S> Sealed for HashMap<K, V, S> {}
impl Sealed for String {}
impl Sealed for Duration {}

macro_rules! numbers {
    ($($number:ty)*) => {
        $(impl Sealed for $number {})*
    };
}

numbers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64);
