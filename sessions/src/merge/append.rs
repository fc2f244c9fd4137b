use std::collections::VecDeque;

use super::sealed::Sealed;

/// Keeps what either request added at the end.
///
/// It fits logs and histories, also those that are cut at the front when they grow too long, and text. What we removed from the front is
/// removed from theirs, as far as it still stands there. It does not fit lists that are changed in the middle: take
/// [`union`](super::union) where each value stands once.
///
/// ```
/// use sessions::{SessionData, merge};
///
/// #[derive(SessionData)]
/// struct History {
///     #[session(merge = merge::append)]
///     pages: Vec<String>,
/// }
///
/// let (base, ours, theirs) = (vec!["/"], vec!["/", "/tea"], vec!["/", "/milk"]);
/// assert_eq!(merge::append(base, ours, theirs), ["/", "/milk", "/tea"]);
/// // We kept the last two only.
/// assert_eq!(merge::append(vec!['a', 'b'], vec!['b', 'c'], vec!['a', 'b', 'd']), ['b', 'd', 'c']);
/// ```
pub fn append<V: Append>(base: V, ours: V, theirs: V) -> V {
    V::append(base, ours, theirs)
}

/// A type whose values [`append`] extends: [`Vec`], [`VecDeque`] and [`String`].
#[diagnostic::on_unimplemented(
    message = "`merge::append` does not extend values of the type `{Self}`",
    label = "extends `Vec`s, `VecDeque`s and `String`s",
    note = "elements must be `PartialEq`",
    note = "or write a function of your own: `fn(base: {Self}, ours: {Self}, theirs: {Self}) -> {Self}`"
)]
pub trait Append: Sealed + Sized {
    #[doc(hidden)]
    fn append(base: Self, ours: Self, theirs: Self) -> Self;
}

impl<V: PartialEq> Append for Vec<V> {
    fn append(base: Self, ours: Self, mut theirs: Self) -> Self {
        let kept = overlap(&base, &ours);
        let removed = base.len() - kept;
        if base.iter().take(removed).eq(theirs.iter().take(removed)) {
            theirs.drain(..removed);
        }
        theirs.extend(ours.into_iter().skip(kept));
        theirs
    }
}

impl<V: PartialEq> Append for VecDeque<V> {
    fn append(base: Self, ours: Self, theirs: Self) -> Self {
        append::<Vec<V>>(base.into(), ours.into(), theirs.into()).into()
    }
}

impl Append for String {
    fn append(base: Self, ours: Self, theirs: Self) -> Self {
        let letters = |text: Self| text.chars().collect::<Vec<char>>();
        append(letters(base), letters(ours), letters(theirs))
            .into_iter()
            .collect()
    }
}

/// How many elements the longest end of `base` has with which `ours` begins.
///
/// This is the search of Knuth, Morris and Pratt, in linear time: a list of a million equal elements is a session like any other.
fn overlap<V: PartialEq>(base: &[V], ours: &[V]) -> usize {
    // For each beginning of `ours`, by its length less one: how long its longest own beginning is that is its end, too.
    let mut borders: Vec<usize> = Vec::with_capacity(ours.len());
    let follow = |borders: &[usize], mut length: usize, element: &V| loop {
        if ours.get(length) == Some(element) {
            return length + 1;
        }
        let Some(shorter) = length.checked_sub(1).and_then(|last| borders.get(last)) else {
            return 0;
        };
        length = *shorter;
    };
    for element in ours {
        let border = match borders.last() {
            Some(border) => follow(&borders, *border, element),
            None => 0,
        };
        borders.push(border);
    }
    base.iter()
        .fold(0, |length, element| follow(&borders, length, element))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_either_added_at_the_end_stays() {
        for (what, base, ours, theirs, expected) in [
            ("nothing", "", "", "", ""),
            ("both added", "ab", "abc", "abd", "abdc"),
            ("both added the same", "a", "ab", "ab", "abb"),
            ("to nothing", "", "a", "b", "ba"),
            ("we cut the front", "ab", "bc", "abd", "bdc"),
            ("both cut the front", "abc", "bcd", "bce", "bced"),
            ("we cut, and they cut less", "abc", "cd", "bce", "bced"),
            ("we emptied it", "ab", "", "abc", "c"),
            ("they emptied it", "ab", "abc", "", "c"),
            ("we began anew", "ab", "xy", "abc", "cxy"),
            (
                "the end is twice in it",
                "xabab",
                "ababc",
                "xababd",
                "ababdc",
            ),
            ("more than there was", "a", "aaa", "a", "aaa"),
        ] {
            let merged = append(base.to_owned(), ours.to_owned(), theirs.to_owned());
            assert_eq!(merged, expected, "{what}");
            let list = |text: &str| text.chars().collect::<VecDeque<_>>();
            assert_eq!(
                append(list(base), list(ours), list(theirs)),
                list(expected),
                "{what}"
            );
        }
    }

    #[test]
    fn a_million_equal_elements_are_appended_in_linear_time() {
        let base = vec![0_u8; 1_000_000];
        let mut ours = base.clone();
        ours.push(1);
        let mut theirs = base.clone();
        theirs.push(2);
        let merged = append(base, ours, theirs);
        assert_eq!((merged.len(), merged.last()), (1_000_002, Some(&1)));
    }
}
