use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    marker::PhantomData,
};

use serde::ser::Error as _;

use crate::data::{DecodeError, EncodeError, FieldRule, Schema, Unknown, decode, encode, head};

use super::{MergeError, OnConflict, canonical::are_same, entries::Entries, flash};

/// Makes one payload of two.
///
/// `base` is the data before our first writer, as this code encodes it, and `ours` the data now. Without a base every field of ours counts
/// as changed, and no `merge` function is asked: it could not tell what is new. `theirs` is what the store holds, of whatever version.
///
/// A field that only one side changed is that side's. Where both did, its function or its flash rule decides, else `rule`. Unknown fields
/// are theirs, unless we emptied the session.
///
/// Where we gave the session from one owner to another, the result is ours alone: nothing of the first owner may be seen by the second.
///
/// # Errors
///
/// [`Conflict`](MergeError::Conflict) also, whatever the rule, where they changed the owner: what we wrote was meant for another's session.
pub(crate) fn merge<T: Schema>(
    base: Option<&[u8]>,
    ours: &[u8],
    theirs: &[u8],
    rule: OnConflict,
) -> Result<Vec<u8>, MergeError> {
    let mut theirs = decode::<T>(theirs).map_err(MergeError::Unreadable)?;
    // Written anew, an older version, an absent field and an alias are what they are in ours.
    let mut rewritten = Vec::new();
    encode(&theirs.data, &theirs.unknown, &mut rewritten)?;
    let sides = Sides::<T>::of(base, ours, &rewritten, rule)?;
    if sides.owner_is_changed(&theirs.data)? {
        return Ok(ours.to_vec());
    }

    let mut fields = Vec::with_capacity(T::KEYS.len());
    let mut by_function = Vec::new();
    for (index, field) in sides.fields().enumerate() {
        let value = match field.verdict::<T>() {
            Verdict::Ours => Cow::Borrowed(field.ours),
            Verdict::Theirs => Cow::Borrowed(field.theirs),
            Verdict::Both if field.rule == FieldRule::Function && field.base.is_some() => {
                by_function.push(index);
                Cow::Borrowed(field.ours)
            }
            Verdict::Both => field.decided::<T>(rule)?,
        };
        fields.push(value);
    }
    if let Some(merged) = sides.by_function(&by_function, &mut theirs.data)? {
        let merged = Entries::of::<T>(&merged).map_err(unwritable)?;
        for index in by_function {
            if let (Some(field), Some(value)) = (fields.get_mut(index), merged.fields.get(index)) {
                *field = Cow::Owned(value.to_vec());
            }
        }
    }
    let merged = write::<T>(&fields, &sides.others()?);
    if T::DYNAMIC {
        return in_own_order::<T>(&merged);
    }
    Ok(merged)
}

/// What is said of a key that is only known at run time.
const ANY_KEY: &str = "*";

/// The three payloads, cut into their entries.
struct Sides<'a, T> {
    base: Option<Side<'a>>,
    ours: Side<'a>,
    theirs: Entries<'a>,
    rule: OnConflict,
    data: PhantomData<fn() -> T>,
}

struct Side<'a> {
    payload: &'a [u8],
    entries: Entries<'a>,
}

/// One known field on the three sides.
struct Field<'a> {
    key: &'static str,
    rule: FieldRule,
    base: Option<&'a [u8]>,
    ours: &'a [u8],
    theirs: &'a [u8],
}

/// Whose value an entry has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Ours,
    Theirs,
    /// Both changed it.
    Both,
}

impl<'a, T: Schema> Sides<'a, T> {
    fn of(
        base: Option<&'a [u8]>,
        ours: &'a [u8],
        theirs: &'a [u8],
        rule: OnConflict,
    ) -> Result<Self, MergeError> {
        let side = |payload| {
            let entries = Entries::of::<T>(payload)?;
            Ok(Side { payload, entries })
        };
        Ok(Self {
            base: base.and_then(|payload| side(payload).ok()),
            ours: side(ours).map_err(unwritable)?,
            theirs: Entries::of::<T>(theirs).map_err(unwritable)?,
            rule,
            data: PhantomData,
        })
    }

    fn fields(&self) -> impl Iterator<Item = Field<'a>> {
        let values = self.ours.entries.fields.iter().zip(&self.theirs.fields);
        T::KEYS
            .iter()
            .zip(values)
            .enumerate()
            .map(|(index, (keys, (ours, theirs)))| {
                let base = self.base.as_ref();
                Field {
                    key: keys.key(),
                    rule: keys.rule(),
                    base: base.and_then(|base| base.entries.fields.get(index).copied()),
                    ours,
                    theirs,
                }
            })
    }

    /// Whether we gave the session from one owner to another.
    fn owner_is_changed(&self, theirs: &T) -> Result<bool, MergeError> {
        let is_owner = |field: &Field<'_>| field.rule == FieldRule::Principal;
        let Some(owner) = self.fields().find(is_owner) else {
            return Ok(false);
        };
        let base = owner.base.unwrap_or(owner.theirs);
        if owner.ours != base {
            // How nobody is written is the field's own business.
            let from_nobody = match &self.base {
                Some(base) => {
                    decode::<T>(base.payload).is_ok_and(|base| base.data.principal().is_none())
                }
                None => theirs.principal().is_none(),
            };
            if !from_nobody {
                return Ok(true);
            }
        }
        if owner.theirs != base && owner.theirs != owner.ours {
            return Err(MergeError::Conflict(owner.key));
        }
        Ok(false)
    }

    /// The payload of data in which these fields were merged by their functions.
    ///
    /// `None` if there are none.
    fn by_function(
        &self,
        indices: &[usize],
        theirs: &mut T,
    ) -> Result<Option<Vec<u8>>, MergeError> {
        let (Some(base), false) = (&self.base, indices.is_empty()) else {
            return Ok(None);
        };
        let mut base = decode::<T>(base.payload).map_err(unwritable)?;
        let mut ours = decode::<T>(self.ours.payload).map_err(unwritable)?;
        for index in indices {
            T::merge_field(*index, &mut base.data, &mut ours.data, theirs);
        }
        let mut merged = Vec::new();
        encode(&ours.data, &Unknown::default(), &mut merged)?;
        Ok(Some(merged))
    }

    /// What stands under keys that are not among the schema's.
    fn others(&self) -> Result<BTreeMap<&'a [u8], &'a [u8]>, MergeError> {
        let base = self.base.as_ref().map(|base| &base.entries.others);
        let (ours, theirs) = (&self.ours.entries.others, &self.theirs.others);
        if base.is_none() && !T::DYNAMIC {
            return Ok(theirs.clone());
        }
        let sides = [base, Some(ours), Some(theirs)];
        let keys: BTreeSet<&'a [u8]> = sides
            .into_iter()
            .flatten()
            .flat_map(BTreeMap::keys)
            .copied()
            .collect();
        let mut others = BTreeMap::new();
        for key in keys {
            let (ours, theirs) = (ours.get(key).copied(), theirs.get(key).copied());
            let verdict = match base {
                Some(base) => verdict::<T>(base.get(key).copied(), ours, theirs),
                // Nobody knows whether we removed it or they added it.
                None if ours.is_none() => Verdict::Theirs,
                None => verdict::<T>(None, ours, theirs),
            };
            let value = match verdict {
                Verdict::Theirs => theirs,
                Verdict::Ours => ours,
                Verdict::Both if are_both_same::<T>(ours, theirs) => ours,
                Verdict::Both => match self.rule {
                    OnConflict::Merge => ours,
                    OnConflict::Reject => return Err(MergeError::Conflict(ANY_KEY)),
                },
            };
            others.extend(value.map(|value| (key, value)));
        }
        Ok(others)
    }
}

impl<'a> Field<'a> {
    fn verdict<T: Schema>(&self) -> Verdict {
        match self.base {
            Some(_) => verdict::<T>(self.base, Some(self.ours), Some(self.theirs)),
            None => Verdict::Both,
        }
    }

    /// What becomes of a field that both changed and no function decides.
    fn decided<T: Schema>(&self, rule: OnConflict) -> Result<Cow<'a, [u8]>, MergeError> {
        match self.rule {
            // We read it, and they left another.
            FieldRule::FlashOne if self.ours == NULL => Ok(self.theirs.into()),
            FieldRule::FlashOne | FieldRule::FlashOpaque => Ok(self.ours.into()),
            FieldRule::FlashMany => {
                let merged = flash::merge_many(self.base, self.ours, self.theirs, are_same::<T>);
                Ok(merged.map_or(self.ours.into(), Cow::Owned))
            }
            FieldRule::Plain | FieldRule::Function | FieldRule::Principal => {
                if rule == OnConflict::Merge || are_same::<T>(self.ours, self.theirs) {
                    return Ok(self.ours.into());
                }
                Err(MergeError::Conflict(self.key))
            }
        }
    }
}

/// How an absent message is written: `null` (RFC 8949, section 3.3).
const NULL: &[u8] = &[0xf6];

/// Compares what stands under one key; `None` is a key that is absent.
fn verdict<T: Schema>(base: Option<&[u8]>, ours: Option<&[u8]>, theirs: Option<&[u8]>) -> Verdict {
    if are_both_same::<T>(base, ours) {
        // The same entries in an order of the user's own, as an `IndexMap` has one, are ours where that costs them nothing.
        if base != ours && are_both_same::<T>(base, theirs) {
            Verdict::Ours
        } else {
            Verdict::Theirs
        }
    } else if are_both_same::<T>(base, theirs) {
        Verdict::Ours
    } else {
        Verdict::Both
    }
}

fn are_both_same<T: Schema>(one: Option<&[u8]>, other: Option<&[u8]>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => are_same::<T>(one, other),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn write<T: Schema>(fields: &[Cow<'_, [u8]>], others: &BTreeMap<&[u8], &[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    head::write_unsigned(T::VERSION.into(), &mut out);
    head::write_map(fields.len() + others.len(), &mut out);
    for (keys, value) in T::KEYS.iter().zip(fields) {
        head::write_text(keys.key(), &mut out);
        out.extend_from_slice(value);
    }
    for (key, value) in others {
        out.extend_from_slice(key);
        out.extend_from_slice(value);
    }
    out
}

/// The payload as the type itself would write it: it has an order of keys of its own.
fn in_own_order<T: Schema>(payload: &[u8]) -> Result<Vec<u8>, MergeError> {
    let decoded = decode::<T>(payload).map_err(unwritable)?;
    let mut out = Vec::with_capacity(payload.len());
    encode(&decoded.data, &decoded.unknown, &mut out)?;
    Ok(out)
}

/// What this code wrote and cannot read, as a value nested too deeply: it should never have been written.
fn unwritable(error: DecodeError) -> MergeError {
    EncodeError::from(serde_cbor::Error::custom(error)).into()
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, error::Error as _};

    use proptest::prelude::*;
    use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap as _};
    use sessions_derive::SessionData;

    use crate::{
        clock::Clock,
        data::DecodeErrorKind,
        merge::{append, sum},
    };

    use super::*;

    #[derive(SessionData, Debug, PartialEq, Clone)]
    #[session(crate = crate, name = "cart")]
    struct Cart {
        count: u32,
        name: String,
        bytes: Vec<u8>,
        #[session(merge = sum)]
        points: u32,
        #[session(merge = append, with = joined)]
        pages: Vec<String>,
        map: HashMap<String, u8>,
        #[session(flash)]
        notices: Vec<String>,
        #[session(flash)]
        error: Option<String>,
        #[session(flash, with = joined)]
        hints: Vec<String>,
        #[session(skip)]
        seen: bool,
    }

    mod joined {
        use serde::{Deserialize as _, Deserializer, Serializer};

        pub(super) fn serialize<S: Serializer>(
            words: &[String],
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(&words.join(" "))
        }

        pub(super) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Vec<String>, D::Error> {
            let text = String::deserialize(deserializer)?;
            Ok(text.split_whitespace().map(str::to_owned).collect())
        }
    }

    fn cart() -> Cart {
        Cart {
            count: 1,
            name: "tea".to_owned(),
            bytes: vec![1],
            points: 10,
            pages: vec!["/".to_owned()],
            map: (0..20).map(|number| (number.to_string(), number)).collect(),
            notices: vec!["before".to_owned()],
            error: None,
            hints: Vec::new(),
            seen: false,
        }
    }

    fn encoded<T: Schema>(data: &T) -> Vec<u8> {
        let mut payload = Vec::new();
        encode(data, &Unknown::default(), &mut payload).unwrap();
        payload
    }

    fn changed<T: Clone>(data: &T, edit: impl FnOnce(&mut T)) -> T {
        let mut changed = data.clone();
        edit(&mut changed);
        changed
    }

    /// Merges as two requests do: each decodes the base for itself.
    fn merged(
        ours: impl FnOnce(&mut Cart),
        theirs: impl FnOnce(&mut Cart),
        rule: OnConflict,
    ) -> Result<Cart, MergeError> {
        let stored = encoded(&cart());
        let [base, other] = [(); 2].map(|()| decode::<Cart>(&stored).unwrap().data);
        let merged = merge::<Cart>(
            Some(&encoded(&base)),
            &encoded(&changed(&base, ours)),
            &encoded(&changed(&other, theirs)),
            rule,
        )?;
        Ok(decode::<Cart>(&merged).unwrap().data)
    }

    fn conflict<V>(merged: &Result<V, MergeError>) -> Option<&'static str> {
        match merged {
            Err(MergeError::Conflict(key)) => Some(key),
            Err(MergeError::Unreadable(_) | MergeError::Unwritable(_)) | Ok(_) => None,
        }
    }

    type Edit = fn(&mut Cart);

    #[test]
    fn a_field_is_that_of_who_changed_it_and_of_both_by_its_rule() {
        let table: &[(&str, Edit, Edit, Edit)] = &[
            ("neither", |_| {}, |_| {}, |_| {}),
            ("we", |cart| cart.count = 2, |_| {}, |cart| cart.count = 2),
            ("they", |_| {}, |cart| cart.count = 3, |cart| cart.count = 3),
            (
                "each another",
                |cart| cart.count = 2,
                |cart| cart.name.clear(),
                |cart| {
                    cart.count = 2;
                    cart.name.clear();
                },
            ),
            (
                "both the same field",
                |cart| cart.bytes = vec![2],
                |cart| cart.bytes = vec![3],
                |cart| cart.bytes = vec![2],
            ),
            (
                "both added",
                |cart| cart.points += 5,
                |cart| cart.points -= 3,
                |cart| cart.points = 12,
            ),
            (
                "both added as much",
                |cart| cart.points += 5,
                |cart| cart.points += 5,
                |cart| cart.points = 20,
            ),
            (
                "only we added",
                |cart| cart.points += 5,
                |_| {},
                |cart| cart.points = 15,
            ),
            (
                "both appended, through a module",
                |cart| cart.pages.push("/a".to_owned()),
                |cart| cart.pages.push("/b".to_owned()),
                |cart| cart.pages.extend(["/b".to_owned(), "/a".to_owned()]),
            ),
            (
                "a map in another order is no change",
                |cart| _ = cart.map.insert("0".to_owned(), 9),
                |cart| cart.count = 2,
                |cart| {
                    cart.map.insert("0".to_owned(), 9);
                    cart.count = 2;
                },
            ),
            (
                "both pushed a flash",
                |cart| cart.notices.push("ours".to_owned()),
                |cart| cart.notices.push("theirs".to_owned()),
                |cart| {
                    cart.notices
                        .extend(["theirs".to_owned(), "ours".to_owned()])
                },
            ),
            (
                "we drained, they pushed",
                |cart| cart.notices.clear(),
                |cart| cart.notices.push("theirs".to_owned()),
                |cart| cart.notices = vec!["theirs".to_owned()],
            ),
            (
                "both set the one flash",
                |cart| cart.error = Some("ours".to_owned()),
                |cart| cart.error = Some("theirs".to_owned()),
                |cart| cart.error = Some("ours".to_owned()),
            ),
            (
                "both pushed a flash with a module of its own",
                |cart| cart.hints.push("ours".to_owned()),
                |cart| cart.hints.push("theirs".to_owned()),
                |cart| cart.hints.push("ours".to_owned()),
            ),
        ];
        for (what, ours, theirs, expected) in table {
            let merged = merged(ours, theirs, OnConflict::Merge).unwrap();
            assert_eq!(merged, changed(&cart(), expected), "{what}");
        }
    }

    #[test]
    fn a_flash_of_one_message_that_we_read_is_theirs_if_they_left_another() {
        let base = changed(&cart(), |cart| cart.error = Some("old".to_owned()));
        let read = changed(&base, |cart| cart.error = None);
        let other = changed(&base, |cart| cart.error = Some("new".to_owned()));
        for (theirs, expected) in [(&base, None), (&other, Some("new")), (&read, None)] {
            let merged = merge::<Cart>(
                Some(&encoded(&base)),
                &encoded(&read),
                &encoded(theirs),
                OnConflict::Reject,
            );
            let merged = decode::<Cart>(&merged.unwrap()).unwrap().data;
            assert_eq!(merged.error.as_deref(), expected);
        }
    }

    #[test]
    fn a_refused_conflict_names_the_field_and_is_only_one_where_nothing_else_decides() {
        let table: &[(Edit, Edit, Option<&str>)] = &[
            (|cart| cart.count = 2, |cart| cart.count = 3, Some("count")),
            (|cart| cart.count = 2, |cart| cart.count = 2, None),
            (|cart| cart.count = 2, |cart| cart.name.clear(), None),
            (|cart| cart.points = 2, |cart| cart.points = 3, None),
            (
                |cart| _ = cart.map.insert("0".to_owned(), 9),
                |cart| cart.count = 2,
                None,
            ),
            (
                |cart| _ = cart.map.remove("0"),
                |cart| _ = cart.map.remove("1"),
                Some("map"),
            ),
            (
                |cart| cart.notices.clear(),
                |cart| cart.notices.push("theirs".to_owned()),
                None,
            ),
            (
                |cart| cart.error = Some("ours".to_owned()),
                |cart| cart.error = Some("theirs".to_owned()),
                None,
            ),
            (
                |cart| cart.hints.push("ours".to_owned()),
                |cart| cart.hints.push("theirs".to_owned()),
                None,
            ),
        ];
        for (row, (ours, theirs, expected)) in table.iter().enumerate() {
            let merged = merged(ours, theirs, OnConflict::Reject);
            assert_eq!(conflict(&merged), *expected, "row {row}");
        }
    }

    #[test]
    fn without_a_base_every_field_of_ours_counts_as_changed() {
        let ours = changed(&cart(), |cart| {
            cart.points = 11;
            cart.notices.push("ours".to_owned());
        });
        let theirs = changed(&cart(), |cart| {
            cart.points = 12;
            cart.count = 7;
            cart.notices.push("theirs".to_owned());
        });
        let merged = |rule| merge::<Cart>(None, &encoded(&ours), &encoded(&theirs), rule);
        let kept = decode::<Cart>(&merged(OnConflict::Merge).unwrap()).unwrap();
        assert_eq!((kept.data.points, kept.data.count), (11, 1));
        assert_eq!(kept.data.notices, ["before", "theirs", "ours"]);
        assert_eq!(conflict(&merged(OnConflict::Reject)), Some("count"));
        // Bytes that are no payload of ours are no base either.
        for base in [&b""[..], b"\x01\xa0", b"\x02\xa0"] {
            let merged = merge::<Cart>(
                Some(base),
                &encoded(&ours),
                &encoded(&ours),
                OnConflict::Reject,
            );
            assert!(merged.is_ok());
        }
    }

    #[derive(SessionData, Debug, PartialEq, Clone, Default)]
    #[session(crate = crate, name = "basket")]
    struct BasketV1 {
        text: String,
    }

    #[derive(SessionData, Debug, PartialEq, Clone, Default)]
    #[session(crate = crate, name = "basket", version = 2, previous = BasketV1)]
    struct Basket {
        #[session(key = "w", alias = "words")]
        words: Vec<String>,
        #[session(default = 20)]
        size: u8,
    }

    impl From<BasketV1> for Basket {
        fn from(old: BasketV1) -> Self {
            let words = old.text.split(' ').map(str::to_owned).collect();
            Self { words, size: 20 }
        }
    }

    /// A payload of version 2 with a base whose words are `a` and whose size is ours to change.
    fn baskets() -> (Vec<u8>, Vec<u8>) {
        let base = Basket {
            words: vec!["a".to_owned()],
            size: 20,
        };
        let ours = changed(&base, |basket| basket.size = 30);
        (encoded(&base), encoded(&ours))
    }

    #[test]
    fn theirs_may_be_of_an_older_version_or_lack_fields_or_use_an_alias() {
        let (base, ours) = baskets();
        for (theirs, expected) in [
            (&b"\x01\xa1\x64text\x63a b"[..], &["a", "b"][..]),
            (b"\x02\xa1\x61w\x81\x61b", &["b"]),
            (b"\x02\xa1\x65words\x81\x61b", &["b"]),
            (b"\x02\xa1\x64size\x14", &[]),
            (b"\x02\xa2\x64size\x14\x61w\x81\x61a", &["a"]),
        ] {
            let merged = merge::<Basket>(Some(&base), &ours, theirs, OnConflict::Reject).unwrap();
            let merged = decode::<Basket>(&merged).unwrap();
            assert_eq!(
                (&merged.data.words[..], merged.data.size),
                (
                    &expected
                        .iter()
                        .map(|&word| word.to_owned())
                        .collect::<Vec<_>>()[..],
                    30
                )
            );
            assert!(merged.exact);
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_merged() {
        let (base, ours) = baskets();
        for (theirs, expected) in [
            (&b"\x03\xa0"[..], DecodeErrorKind::NewerVersion),
            (b"\x00\xa0", DecodeErrorKind::UnknownVersion),
            (b"\x02\xa1\x61w\x07", DecodeErrorKind::Malformed),
            (b"\x02\xa0\0", DecodeErrorKind::Malformed),
            (b"", DecodeErrorKind::Malformed),
        ] {
            match merge::<Basket>(Some(&base), &ours, theirs, OnConflict::Merge) {
                Err(MergeError::Unreadable(error)) => assert_eq!(error.kind(), expected),
                other => panic!("{other:?}"),
            }
        }
        match merge::<Basket>(Some(&base), b"\x02", &base, OnConflict::Merge) {
            Err(MergeError::Unwritable(error)) => assert!(error.source().is_some()),
            other => panic!("{other:?}"),
        }
    }

    /// The payload of a basket with entries of another release behind it.
    fn with_unknown(basket: &Basket, unknown: &[(&str, u8)]) -> Vec<u8> {
        let mut payload = vec![2];
        head::write_map(basket.field_count() + unknown.len(), &mut payload);
        let mut fields = crate::data::FieldWriter::new(&mut payload);
        basket.encode_fields(&mut fields).unwrap();
        for (key, value) in unknown {
            fields.field(key, value).unwrap();
        }
        payload
    }

    #[test]
    fn unknown_fields_are_theirs_unless_we_emptied_the_session() {
        let before = Basket::default();
        let after = changed(&before, |basket| basket.size = 1);
        let base = with_unknown(&before, &[("y", 1), ("z", 1)]);
        let theirs = with_unknown(&before, &[("x", 2), ("y", 2)]);
        let merged = |base: Option<&[u8]>, ours: &[(&str, u8)], rule| {
            merge::<Basket>(base, &with_unknown(&after, ours), &theirs, rule)
        };
        let kept = &[("y", 1), ("z", 1)][..];
        let expected = with_unknown(&after, &[("x", 2), ("y", 2)]);
        assert_eq!(
            merged(Some(&base), kept, OnConflict::Reject).unwrap(),
            expected
        );
        assert_eq!(merged(None, kept, OnConflict::Merge).unwrap(), expected);

        let emptied = merged(Some(&base), &[], OnConflict::Merge).unwrap();
        assert_eq!(emptied, with_unknown(&after, &[("x", 2)]));
        assert_eq!(
            conflict(&merged(Some(&base), &[], OnConflict::Reject)),
            Some("*")
        );
    }

    #[derive(SessionData, Debug, PartialEq, Clone, Default)]
    #[session(crate = crate)]
    struct Login {
        #[session(principal)]
        user: Option<String>,
        #[session(flash)]
        notices: Vec<String>,
        address: String,
        theme: String,
    }

    #[test]
    fn nothing_of_one_owner_is_merged_into_the_session_of_another() {
        let login = |user: &str, address: &str, theme: &str| Login {
            user: (!user.is_empty()).then(|| user.to_owned()),
            notices: vec![user.to_owned()],
            address: address.to_owned(),
            theme: theme.to_owned(),
        };
        let merged = |base: Option<&Login>, ours: &Login, theirs: &Login| {
            let base = base.map(encoded);
            let rule = OnConflict::Merge;
            let merged = merge::<Login>(base.as_deref(), &encoded(ours), &encoded(theirs), rule);
            merged.map(|merged| decode::<Login>(&merged).unwrap().data)
        };
        let nobody = login("", "", "light");
        let ada = login("ada", "", "light");
        let bob = login("bob", "", "light");
        // From ada to bob; meanwhile ada gave her address.
        let theirs = login("ada", "1 Main Street", "light");
        assert_eq!(merged(Some(&ada), &bob, &theirs).unwrap(), bob);
        assert_eq!(merged(None, &bob, &theirs).unwrap(), bob);
        // From nobody to bob, the data stays.
        let theirs = login("", "1 Main Street", "light");
        assert_eq!(
            merged(
                Some(&nobody),
                &changed(&nobody, |login| login.user = Some("bob".to_owned())),
                &theirs
            )
            .unwrap(),
            changed(&theirs, |login| login.user = Some("bob".to_owned()))
        );
        // They changed the owner while we wrote for the first.
        for theirs in [&bob, &nobody] {
            let ours = login("ada", "1 Main Street", "light");
            assert_eq!(conflict(&merged(Some(&ada), &ours, theirs)), Some("user"));
        }
        let ours = login("", "1 Main Street", "light");
        assert_eq!(conflict(&merged(Some(&nobody), &ours, &bob)), Some("user"));
    }

    /// A map whose order is the user's, as an `IndexMap` is.
    #[derive(Debug, Default, PartialEq, Clone)]
    struct Ranking(Vec<(String, u8)>);

    impl Serialize for Ranking {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(self.0.len()))?;
            for (key, value) in &self.0 {
                map.serialize_entry(key, value)?;
            }
            map.end()
        }
    }

    impl<'de> Deserialize<'de> for Ranking {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Entries;
            impl<'de> serde::de::Visitor<'de> for Entries {
                type Value = Ranking;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a map")
                }

                fn visit_map<A: serde::de::MapAccess<'de>>(
                    self,
                    mut map: A,
                ) -> Result<Ranking, A::Error> {
                    let mut entries = Vec::new();
                    while let Some(entry) = map.next_entry()? {
                        entries.push(entry);
                    }
                    Ok(Ranking(entries))
                }
            }
            deserializer.deserialize_map(Entries)
        }
    }

    #[derive(SessionData, Debug, Default, PartialEq, Clone)]
    #[session(crate = crate)]
    struct Ranked {
        ranking: Ranking,
        count: u8,
    }

    #[test]
    fn an_order_of_the_user_s_own_is_not_lost() {
        let base = Ranked {
            ranking: Ranking(vec![("a".to_owned(), 1), ("b".to_owned(), 2)]),
            count: 0,
        };
        let ours = changed(&base, |ranked| ranked.ranking.0.reverse());
        let theirs = changed(&base, |ranked| ranked.count = 1);
        for (ours, theirs) in [(&ours, &theirs), (&theirs, &ours)] {
            let merged = merge::<Ranked>(
                Some(&encoded(&base)),
                &encoded(ours),
                &encoded(theirs),
                OnConflict::Reject,
            );
            let merged = decode::<Ranked>(&merged.unwrap()).unwrap().data;
            assert_eq!(merged.ranking.0[0].0, "b");
            assert_eq!(merged.count, 1);
        }
    }

    #[test]
    fn the_payload_stays_one_that_this_code_would_write() {
        let base = Login::default();
        let ours = changed(&base, |login| login.theme = "dark".to_owned());
        let theirs = changed(&base, |login| login.notices.push("hello".to_owned()));
        let merged = merge::<Login>(
            Some(&encoded(&base)),
            &encoded(&ours),
            &encoded(&theirs),
            OnConflict::Reject,
        );
        let both = changed(&theirs, |login| login.theme = "dark".to_owned());
        assert_eq!(merged.unwrap(), encoded(&both));
    }

    #[test]
    fn large_data_is_merged_in_bounded_time() {
        #[derive(SessionData, Clone, Default)]
        #[session(crate = crate)]
        struct Large {
            map: HashMap<u32, u32>,
            #[session(flash)]
            notices: Vec<u32>,
        }
        let base = Large {
            map: (0..20_000).map(|number| (number, number)).collect(),
            notices: (0..50_000).collect(),
        };
        let ours = changed(&base, |large| {
            large.map.insert(0, 1);
            large.notices.push(1);
        });
        let theirs = changed(&base, |large| {
            large.map.insert(1, 2);
            large.notices.push(2);
        });
        let clock = Clock::system();
        let before = clock.now();
        let merged = merge::<Large>(
            Some(&encoded(&base)),
            &encoded(&ours),
            &encoded(&theirs),
            OnConflict::Merge,
        );
        assert_eq!(
            decode::<Large>(&merged.unwrap())
                .unwrap()
                .data
                .notices
                .len(),
            50_002
        );
        // It takes a fraction of a second; anything of quadratic time would take minutes.
        assert!(clock.now().seconds_since(before) < 10);
    }

    /// Changes one field to a value it surely did not have.
    fn touch(cart: &mut Cart, field: usize, value: u8) {
        match field {
            0 => cart.count = 100 + u32::from(value),
            1 => cart.name = format!("name {value}"),
            2 => cart.bytes = vec![value; 3],
            3 => cart.points += 100 + u32::from(value),
            4 => cart.pages.push(format!("/{value}")),
            5 => _ = cart.map.insert(format!("key {value}"), value),
            6 => cart.notices.push(value.to_string()),
            7 => cart.error = Some(format!("error {value}")),
            _ => cart.hints.push(value.to_string()),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn two_changes_of_different_fields_are_both_kept_in_either_order(
            start in prop::collection::vec(any::<u8>(), 9),
            whose in prop::collection::vec(0_u8..3, 9),
            value in any::<u8>(),
        ) {
            let base = changed(&cart(), |cart| {
                for (field, value) in start.iter().enumerate().filter(|(_, value)| **value < 128) {
                    touch(cart, field, *value);
                }
            });
            let edited = |by: &[u8]| changed(&base, |cart| {
                for (field, _) in whose.iter().enumerate().filter(|(_, who)| by.contains(who)) {
                    touch(cart, field, value);
                }
            });
            let (one, other, both) = (edited(&[1]), edited(&[2]), edited(&[1, 2]));
            for (ours, theirs) in [(&one, &other), (&other, &one)] {
                let merged = merge::<Cart>(Some(&encoded(&base)), &encoded(ours), &encoded(theirs), OnConflict::Reject);
                prop_assert_eq!(&decode::<Cart>(&merged.unwrap()).unwrap().data, &both);
            }
        }

        #[test]
        fn two_releases_side_by_side_lose_no_field(order in prop::collection::vec(any::<bool>(), 1..8)) {
            // The one knows `size`, the other does not: it keeps it as unknown.
            #[derive(SessionData, Debug, PartialEq, Clone, Default)]
            #[session(crate = crate, name = "basket", version = 2)]
            struct Narrow {
                #[session(key = "w")]
                words: Vec<String>,
            }
            fn request<T: Schema>(stored: &[u8], edit: impl FnOnce(&mut T)) -> (Vec<u8>, Vec<u8>) {
                let mut decoded = decode::<T>(stored).unwrap();
                let (mut base, mut ours) = (Vec::new(), Vec::new());
                encode(&decoded.data, &decoded.unknown, &mut base).unwrap();
                edit(&mut decoded.data);
                encode(&decoded.data, &decoded.unknown, &mut ours).unwrap();
                (base, ours)
            }
            let mut stored = with_unknown(&Basket { words: Vec::new(), size: 7 }, &[("z", 1)]);
            for narrow_is_first in &order {
                // Both loaded the same, and the one that saves last finds what the other saved.
                let (narrow_base, narrow) = request::<Narrow>(&stored, |basket| basket.words.push("a".to_owned()));
                let (base, wide) = request::<Basket>(&stored, |basket| basket.size += 1);
                stored = if *narrow_is_first {
                    merge::<Basket>(Some(&base), &wide, &narrow, OnConflict::Reject).unwrap()
                } else {
                    merge::<Narrow>(Some(&narrow_base), &narrow, &wide, OnConflict::Reject).unwrap()
                };
            }
            let last = decode::<Basket>(&stored).unwrap();
            prop_assert_eq!((last.data.words.len(), last.unknown.len()), (order.len(), 1));
            prop_assert_eq!(usize::from(last.data.size), 7 + order.len());
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..100), begin in 0_u8..4) {
            let begin = match begin {
                0 => &b""[..],
                1 => b"\x01\xa1\x67notices",
                2 => b"\x01\xa1\x63map",
                _ => b"\x01\xa2\x61z",
            };
            let theirs = [begin, &bytes].concat();
            let base = encoded(&cart());
            let ours = encoded(&changed(&cart(), |cart| (0..9).for_each(|field| touch(cart, field, 1))));
            if let Ok(merged) = merge::<Cart>(Some(&base), &ours, &theirs, OnConflict::Merge) {
                prop_assert!(decode::<Cart>(&merged).is_ok());
            }
            // As base or ours they are no better.
            _ = merge::<Cart>(Some(&theirs), &ours, &base, OnConflict::Merge);
            _ = merge::<Cart>(Some(&base), &theirs, &base, OnConflict::Merge);
        }

        #[test]
        fn mutated_data_never_panics(edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
            let base = encoded(&cart());
            let ours = encoded(&changed(&cart(), |cart| (0..9).for_each(|field| touch(cart, field, 1))));
            let mut theirs = base.clone();
            for (place, byte) in edits {
                let place = place.index(theirs.len());
                theirs[place] = byte;
            }
            for (base, ours, theirs) in [(&base, &ours, &theirs), (&theirs, &ours, &base), (&base, &theirs, &ours)] {
                _ = merge::<Cart>(Some(base), ours, theirs, OnConflict::Merge);
            }
        }
    }
}
