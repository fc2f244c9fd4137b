use crate::data::{Item, head};

/// Merges a flash of several messages: what others left undrained, then what we pushed.
///
/// Without a `base`, what stands at the beginning of both was there before. `None` if one of the three is not an array.
pub(super) fn merge_many(
    base: Option<&[u8]>,
    ours: &[u8],
    theirs: &[u8],
    are_same: impl Fn(&[u8], &[u8]) -> bool,
) -> Option<Vec<u8>> {
    let ours = elements(ours)?;
    let theirs = elements(theirs)?;
    let common = |one: &[&[u8]], other: &[&[u8]]| {
        let pairs = one.iter().zip(other);
        pairs
            .take_while(|(one, other)| are_same(one, other))
            .count()
    };
    let base = match base {
        Some(base) => elements(base)?,
        None => ours.iter().take(common(&ours, &theirs)).copied().collect(),
    };
    let (drained, kept) = if common(&base, &ours) == base.len() {
        (0, base.len())
    } else {
        // A message is taken with all before it. Those that were shown to us go, and what was pushed later waits for its reader.
        (common(&base, &theirs), 0)
    };
    let merged: Vec<&[u8]> = [theirs.get(drained..)?, ours.get(kept..)?].concat();
    let mut out = Vec::new();
    head::write_array(merged.len(), &mut out);
    out.extend(merged.into_iter().flatten());
    Some(out)
}

/// An array's elements, as they are encoded.
fn elements(array: &[u8]) -> Option<Vec<&[u8]>> {
    let (count, mut rest) = head::read_array(array).ok()?;
    let mut elements = Vec::new();
    for _ in 0..count {
        let (element, behind) = Item::split(rest).ok()?;
        elements.push(element);
        rest = behind;
    }
    rest.is_empty().then_some(elements)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_wait_stay_in_front_of_those_that_were_pushed() {
        for (what, base, ours, theirs, expected) in [
            ("both pushed", Some("a"), "ab", "ac", "acb"),
            ("both pushed the same", Some(""), "a", "a", "aa"),
            ("we pushed, they drained", Some("a"), "ab", "", "b"),
            (
                "we pushed, they drained and pushed",
                Some("a"),
                "ab",
                "c",
                "cb",
            ),
            ("we drained, they pushed", Some("ab"), "", "abc", "c"),
            (
                "we drained and pushed, they pushed",
                Some("a"),
                "b",
                "ac",
                "cb",
            ),
            ("both drained", Some("a"), "", "", ""),
            ("both drained and pushed", Some("a"), "b", "c", "cb"),
            ("nobody knows what was before", None, "ab", "ac", "acb"),
        ] {
            let array = |text: &str| {
                let letters: Vec<char> = text.chars().collect();
                serde_cbor::to_vec(&letters).unwrap()
            };
            let base = base.map(array);
            let merged = merge_many(base.as_deref(), &array(ours), &array(theirs), |a, b| a == b);
            assert_eq!(merged, Some(array(expected)), "{what}");
        }
    }

    #[test]
    fn what_is_not_an_array_is_not_merged() {
        for value in [
            &b""[..],
            b"\xf6",
            b"\x41\0",
            b"\x81",
            b"\x80\0",
            b"\x9f\xff",
        ] {
            assert_eq!(merge_many(None, b"\x80", value, |_, _| true), None);
        }
        let endless = b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff\0";
        assert_eq!(merge_many(None, b"\x80", endless, |_, _| true), None);
    }
}
