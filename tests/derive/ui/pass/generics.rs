//! Parameters are bound by what the fields need, and by nothing else.

use std::{collections::HashMap, fmt::Display, hash::Hash, marker::PhantomData};

use serde::{Serialize, de::DeserializeOwned};
use sessions::{Schema, Session, SessionData};

/// Serializes without a bound on the struct: the derive asks for it where it is needed.
#[derive(SessionData)]
struct Plain<T> {
    #[session(merge = keep)]
    value: T,
    #[session(merge = keep::<Vec<T>>)]
    list: Vec<T>,
    maybe: Option<T>,
}

fn keep<V>(_base: V, ours: V, _theirs: V) -> V {
    ours
}

/// A parameter that is never stored needs no more than to live long enough.
#[derive(SessionData)]
struct Marked<T> {
    marker: PhantomData<T>,
    #[session(skip)]
    cache: Option<T>,
    #[session(with = as_unit)]
    unit: Vec<T>,
}

struct Stranger;

#[derive(SessionData)]
#[session(name = "sized")]
struct Bytes<const N: usize, K = String>
where
    K: Serialize + DeserializeOwned + Eq + Hash + 'static,
{
    bytes: [u8; N],
    map: HashMap<K, Vec<u8>>,
    #[session(default = [N; 2])]
    lengths: [usize; 2],
}

#[derive(SessionData)]
struct First<T> {
    value: Option<T>,
}

#[derive(SessionData)]
#[session(version = 2, previous = First<T>)]
struct Second<T> {
    value: Option<T>,
    #[session(principal)]
    user: Option<T>,
    #[session(flash)]
    notices: Vec<T>,
}

impl<T> From<First<T>> for Second<T> {
    fn from(first: First<T>) -> Self {
        Self {
            value: first.value,
            user: None,
            notices: Vec::new(),
        }
    }
}

#[derive(SessionData, serde::Serialize, serde::Deserialize)]
struct Tree<T> {
    value: T,
    children: Vec<Self>,
}

mod as_unit {
    use super::*;

    pub fn serialize<T, S: serde::Serializer>(_: &Vec<T>, to: S) -> Result<S::Ok, S::Error> {
        ().serialize(to)
    }

    pub fn deserialize<'de, T, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<T>, D::Error> {
        <() as serde::Deserialize>::deserialize(from).map(|()| Vec::new())
    }
}

#[expect(dead_code, reason = "compiled, not run")]
fn accessors<T>(mut plain: Session<Plain<T>>, mut second: Session<Second<T>>, value: T)
where
    T: Serialize + DeserializeOwned + Default + Display + Clone + 'static,
{
    plain.set_value(value.clone());
    plain.list_mut().push(value.clone());
    let _: Option<T> = plain.take_maybe();
    second.set_user(value.clone());
    second.push_notices(value);
    let _: Vec<T> = second.take_notices();
}

#[expect(dead_code, reason = "compiled, not run")]
fn const_accessors(mut bytes: Session<Bytes<32>>) {
    bytes.set_bytes([1; 32]);
    bytes.map_mut().clear();
}

fn main() {
    assert_eq!(Plain::<u8>::fresh().value, 0);
    assert!(Marked::<Stranger>::fresh().cache.is_none());
    assert_eq!(Bytes::<16>::fresh().lengths, [16, 16]);
    assert_eq!(Bytes::<16>::NAME, "sized");
    assert!(!Bytes::<16>::ORDERED);
    assert_eq!(Second::<u8>::VERSION, 2);
    assert!(Tree::<u8>::fresh().children.is_empty());
}
