use serde::Serialize as _;
use serde_cbor::Serializer;

use crate::data::{Item, Schema, head};

/// Whether two values that fields of `T` are stored as are the same.
///
/// A `HashMap` is written in another order each time it is decoded. In a type that may hold one, a map is the same in whatever order its
/// entries stand. Elements of an array are not: it may be a list.
pub(super) fn are_same<T: Schema>(one: &[u8], other: &[u8]) -> bool {
    if one == other {
        return true;
    }
    // A dynamic map's values are of any type.
    if T::ORDERED && !T::DYNAMIC {
        return false;
    }
    canonical(one).is_some_and(|one| canonical(other).is_some_and(|other| one == other))
}

/// A value with the entries of its maps in one order; `None` if it is nothing that an [`Item`] holds.
fn canonical(value: &[u8]) -> Option<Vec<u8>> {
    let item: Item = serde_cbor::from_slice(value).ok()?;
    let mut out = Vec::with_capacity(value.len());
    write(&item, &mut out)?;
    Some(out)
}

/// Appends an item. It goes as deep as the decoder went, which has its own limit.
fn write(item: &Item, out: &mut Vec<u8>) -> Option<()> {
    match item {
        Item::Array(items) => {
            head::write_array(items.len(), out);
            items.iter().try_for_each(|item| write(item, out))
        }
        Item::Map(entries) => {
            // Each key is written once, not once for each comparison.
            let mut sorted: Vec<(Vec<u8>, &Item)> = Vec::with_capacity(entries.len());
            for (key, value) in entries {
                let mut encoded = Vec::new();
                write(key, &mut encoded)?;
                sorted.push((encoded, value));
            }
            sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
            head::write_map(sorted.len(), out);
            sorted.iter().try_for_each(|(key, value)| {
                out.extend_from_slice(key);
                write(value, out)
            })
        }
        scalar => scalar.serialize(&mut Serializer::new(out)).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_the_same_in_any_order_and_arrays_are_not() {
        for (one, other, same) in [
            // {1: {3: 0, 2: 0}, 0: 0} and {0: 0, 1: {2: 0, 3: 0}}
            (
                &b"\xa2\x01\xa2\x03\0\x02\0\0\0"[..],
                &b"\xa2\0\0\x01\xa2\x02\0\x03\0"[..],
                true,
            ),
            // {{0: 0, 1: 0}: 0} and {{1: 0, 0: 0}: 0}: also where the map is a key.
            (b"\xa1\xa2\0\0\x01\0\0", b"\xa1\xa2\x01\0\0\0\0", true),
            (b"\xa2\0\0\x01\0", b"\xa2\x01\0\0\x01", false),
            (b"\xa1\0\0", b"\xa2\0\0\0\0", false),
            (b"\x82\0\x01", b"\x82\x01\0", false),
            (b"\x82\xa0\x01", b"\x82\xa0\x01", true),
            (b"\xf9\x3e\0", b"\xfb\x3f\xf8\0\0\0\0\0\0", true),
        ] {
            assert_eq!(canonical(one) == canonical(other), same, "{one:?}");
        }
    }

    #[test]
    fn what_is_no_item_is_not_compared() {
        assert_eq!(canonical(&[0x81].repeat(10_000)), None);
        assert_eq!(canonical(b"\xa2\0"), None);
    }
}
