use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    hash::{BuildHasher, Hash},
};

use super::sealed::Sealed;

/// Keeps what either request put in, without what either took out.
///
/// It fits sets, maps, and lists in which a value stands once: wishes, recently seen articles, consents by name. In a map, a value that one
/// request changed is kept, ours where both did. What one request took out stays out, also where the other changed it. A list keeps
/// their order, with what we added behind it.
///
/// ```
/// use std::collections::BTreeSet;
///
/// use sessions::{SessionData, merge};
///
/// #[derive(SessionData)]
/// struct Wishes {
///     #[session(merge = merge::union)]
///     articles: BTreeSet<String>,
/// }
///
/// // From a and b, we put c in and took a out while another request put d in.
/// assert_eq!(merge::union(vec!['a', 'b'], vec!['b', 'c'], vec!['a', 'b', 'd']), ['b', 'd', 'c']);
/// ```
pub fn union<V: Union>(base: V, ours: V, theirs: V) -> V {
    V::union(base, ours, theirs)
}

/// A type whose values [`union`] puts together: the standard library's sets, maps, [`Vec`] and [`VecDeque`].
#[diagnostic::on_unimplemented(
    message = "`merge::union` does not put values of the type `{Self}` together",
    label = "puts sets, maps and lists together",
    note = "elements must be `Eq + Hash` or, in a `BTreeSet` or `BTreeMap`, `Ord`, and the values of a map `PartialEq`",
    note = "or write a function of your own: `fn(base: {Self}, ours: {Self}, theirs: {Self}) -> {Self}`"
)]
pub trait Union: Sealed + Sized {
    #[doc(hidden)]
    fn union(base: Self, ours: Self, theirs: Self) -> Self;
}

impl<V: Eq + Hash, S: BuildHasher> Union for HashSet<V, S> {
    fn union(base: Self, ours: Self, mut theirs: Self) -> Self {
        theirs.retain(|value| ours.contains(value) || !base.contains(value));
        theirs.extend(ours.into_iter().filter(|value| !base.contains(value)));
        theirs
    }
}

impl<V: Ord> Union for BTreeSet<V> {
    fn union(base: Self, ours: Self, mut theirs: Self) -> Self {
        theirs.retain(|value| ours.contains(value) || !base.contains(value));
        theirs.extend(ours.into_iter().filter(|value| !base.contains(value)));
        theirs
    }
}

impl<K: Eq + Hash, V: PartialEq, S: BuildHasher> Union for HashMap<K, V, S> {
    fn union(base: Self, ours: Self, mut theirs: Self) -> Self {
        theirs.retain(|key, _| ours.contains_key(key) || !base.contains_key(key));
        for (key, value) in ours {
            let is_removed = base.contains_key(&key) && !theirs.contains_key(&key);
            if !is_removed && base.get(&key) != Some(&value) {
                theirs.insert(key, value);
            }
        }
        theirs
    }
}

impl<K: Ord, V: PartialEq> Union for BTreeMap<K, V> {
    fn union(base: Self, ours: Self, mut theirs: Self) -> Self {
        theirs.retain(|key, _| ours.contains_key(key) || !base.contains_key(key));
        for (key, value) in ours {
            let is_removed = base.contains_key(&key) && !theirs.contains_key(&key);
            if !is_removed && base.get(&key) != Some(&value) {
                theirs.insert(key, value);
            }
        }
        theirs
    }
}

impl<V: Eq + Hash> Union for Vec<V> {
    fn union(base: Self, ours: Self, mut theirs: Self) -> Self {
        let before: HashSet<&V> = base.iter().collect();
        let now: HashSet<&V> = ours.iter().collect();
        theirs.retain(|value| now.contains(value) || !before.contains(value));
        let there: HashSet<&V> = theirs.iter().collect();
        // One flag a value: what is looked up cannot be moved meanwhile.
        let added: Self = {
            let is_new = |value: &V| !before.contains(value) && !there.contains(value);
            let flags: Vec<bool> = ours.iter().map(is_new).collect();
            let flagged = ours.into_iter().zip(flags);
            flagged
                .filter_map(|(value, is_new)| is_new.then_some(value))
                .collect()
        };
        theirs.extend(added);
        theirs
    }
}

impl<V: Eq + Hash> Union for VecDeque<V> {
    fn union(base: Self, ours: Self, theirs: Self) -> Self {
        union::<Vec<V>>(base.into(), ours.into(), theirs.into()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Base, ours, theirs, and what becomes of them.
    const TABLE: &[(&str, &str, &str, &str)] = &[
        ("", "", "", ""),
        ("ab", "abc", "abd", "abdc"),
        ("ab", "b", "abc", "bc"),
        ("ab", "ab", "b", "b"),
        ("ab", "a", "b", ""),
        ("ab", "", "", ""),
        ("", "ab", "ab", "ab"),
        ("a", "ba", "ca", "cab"),
    ];

    #[test]
    fn what_either_removed_stays_removed_and_what_either_added_stays() {
        for (base, ours, theirs, expected) in TABLE {
            let list = |text: &str| text.chars().collect::<Vec<_>>();
            assert_eq!(union(list(base), list(ours), list(theirs)), list(expected));
            let deque = |text: &str| text.chars().collect::<VecDeque<_>>();
            assert_eq!(
                union(deque(base), deque(ours), deque(theirs)),
                deque(expected)
            );
            let set = |text: &str| text.chars().collect::<BTreeSet<_>>();
            assert_eq!(union(set(base), set(ours), set(theirs)), set(expected));
            let set = |text: &str| text.chars().collect::<HashSet<_>>();
            assert_eq!(union(set(base), set(ours), set(theirs)), set(expected));
            let map = |text: &str| {
                text.chars()
                    .map(|key| (key, ()))
                    .collect::<BTreeMap<_, _>>()
            };
            assert_eq!(union(map(base), map(ours), map(theirs)), map(expected));
            let map = |text: &str| text.chars().map(|key| (key, ())).collect::<HashMap<_, _>>();
            assert_eq!(union(map(base), map(ours), map(theirs)), map(expected));
        }
    }

    #[test]
    fn a_changed_value_is_kept_unless_its_key_was_removed() {
        for (base, ours, theirs, expected) in [
            (Some(1), Some(2), Some(1), Some(2)),
            (Some(1), Some(1), Some(2), Some(2)),
            (Some(1), Some(2), Some(3), Some(2)),
            (Some(1), Some(2), None, None),
            (Some(1), None, Some(2), None),
            (None, Some(2), Some(3), Some(2)),
        ] {
            let map = |value: Option<u8>| value.map(|value| ('a', value)).into_iter();
            let merged = union(
                map(base).collect::<BTreeMap<_, _>>(),
                map(ours).collect(),
                map(theirs).collect(),
            );
            assert_eq!(merged, map(expected).collect());
            let merged = union(
                map(base).collect::<HashMap<_, _>>(),
                map(ours).collect(),
                map(theirs).collect(),
            );
            assert_eq!(merged, map(expected).collect());
        }
    }
}
