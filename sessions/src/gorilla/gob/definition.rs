use std::{cell::OnceCell, rc::Rc, sync::Arc};

use crate::gorilla::{DecodeError, DecodeErrorKind, structure::Shape};

use super::segment::Segment;

/// A type that a stream defines: what the bytes of its values are.
#[derive(Clone)]
pub(super) enum Definition<'a> {
    Array {
        element: TypeId,
        length: u64,
    },
    Slice {
        element: TypeId,
    },
    Map {
        key: TypeId,
        element: TypeId,
    },
    Struct(Rc<StructDefinition<'a>>),
    /// A type with an encoding of its own. The name is empty where Go met a pointer to it first.
    Marshaler {
        name: Arc<str>,
        encoder: Encoder,
    },
}

/// By which of Go's interfaces a type encodes itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoder {
    Gob,
    BinaryOrText,
}

/// The fields of a struct, in the order of their numbers.
pub(super) struct StructDefinition<'a> {
    pub(super) name: &'a str,
    pub(super) fields: Vec<(&'a str, TypeId)>,
    /// Made when the first value is met, since only then every field's type has been defined.
    pub(super) shape: OnceCell<Arc<Shape>>,
}

/// What a value, a field or an element refers to its type by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TypeId(pub(super) i64);

impl TypeId {
    pub(super) const BOOL: Self = Self(1);
    pub(super) const INT: Self = Self(2);
    pub(super) const UINT: Self = Self(3);
    pub(super) const FLOAT: Self = Self(4);
    pub(super) const BYTES: Self = Self(5);
    pub(super) const STRING: Self = Self(6);
    pub(super) const COMPLEX: Self = Self(7);
    pub(super) const INTERFACE: Self = Self(8);

    /// Whether a stream may define it: those below are gob's own.
    pub(super) fn is_definable(self) -> bool {
        self.0 >= 64
    }
}

impl<'a> Definition<'a> {
    /// Reads a `wireType`: a struct of pointers, of which one is not nil.
    ///
    /// ```text
    /// wireType   = 1 arrayType | 2 sliceType | 3 structType | 4 mapType | 5, 6 or 7 encoderType     then 0
    /// arrayType  = { common, element id, length }
    /// sliceType  = { common, element id }
    /// structType = { common, count · { name, id }… }
    /// mapType    = { common, key id, element id }
    /// encoderType = { common }         GobEncoder, BinaryMarshaler, TextMarshaler
    /// common     = { name, id }
    /// ```
    pub(super) fn read(segment: &mut Segment<'a>) -> Result<Self, DecodeError> {
        let definition = match segment.unsigned()? {
            1 => {
                let [element, length] = numbers(segment)?;
                Self::Array {
                    element: TypeId(element),
                    length: u64::try_from(length)
                        .map_err(|_| DecodeError::new(DecodeErrorKind::Malformed))?,
                }
            }
            2 => {
                let [element] = numbers(segment)?.map(TypeId);
                Self::Slice { element }
            }
            3 => Self::structure(segment)?,
            4 => {
                let [key, element] = numbers(segment)?.map(TypeId);
                Self::Map { key, element }
            }
            5 => Self::marshaler(segment, Encoder::Gob)?,
            6 | 7 => Self::marshaler(segment, Encoder::BinaryOrText)?,
            _ => return Err(DecodeErrorKind::Malformed.into()),
        };
        if segment.unsigned()? != 0 {
            return Err(DecodeErrorKind::Malformed.into());
        }
        Ok(definition)
    }

    fn structure(segment: &mut Segment<'a>) -> Result<Self, DecodeError> {
        let (mut name, mut members) = ("", Vec::new());
        fields(segment, |segment, number| {
            match number {
                0 => name = common(segment)?,
                1 => {
                    for _ in 0..segment.length()? {
                        members.push(member(segment)?);
                    }
                }
                _ => return Err(DecodeErrorKind::Malformed.into()),
            }
            Ok(())
        })?;
        Ok(Self::Struct(Rc::new(StructDefinition {
            name,
            fields: members,
            shape: OnceCell::new(),
        })))
    }

    fn marshaler(segment: &mut Segment<'a>, encoder: Encoder) -> Result<Self, DecodeError> {
        let mut name = "";
        fields(segment, |segment, number| {
            match number {
                0 => name = common(segment)?,
                _ => return Err(DecodeErrorKind::Malformed.into()),
            }
            Ok(())
        })?;
        Ok(Self::Marshaler {
            name: name.into(),
            encoder,
        })
    }
}

/// Reads a struct of common and so many numbers.
fn numbers<const N: usize>(segment: &mut Segment<'_>) -> Result<[i64; N], DecodeError> {
    let mut numbers = [0; N];
    fields(segment, |segment, number| {
        let Some(index) = number.checked_sub(1) else {
            return common(segment).map(drop);
        };
        let slot = usize::try_from(index)
            .ok()
            .and_then(|index| numbers.get_mut(index));
        *slot.ok_or(DecodeError::new(DecodeErrorKind::Malformed))? = segment.signed()?;
        Ok(())
    })?;
    Ok(numbers)
}

/// Reads what stands first in every definition, of which the name is all there is to know.
fn common<'a>(segment: &mut Segment<'a>) -> Result<&'a str, DecodeError> {
    let mut name = "";
    fields(segment, |segment, number| {
        match number {
            0 => name = segment.name()?,
            // The ID again, which stands before the definition.
            1 => _ = segment.signed()?,
            _ => return Err(DecodeErrorKind::Malformed.into()),
        }
        Ok(())
    })?;
    Ok(name)
}

fn member<'a>(segment: &mut Segment<'a>) -> Result<(&'a str, TypeId), DecodeError> {
    let (mut name, mut id) = ("", TypeId(0));
    fields(segment, |segment, number| {
        match number {
            0 => name = segment.name()?,
            1 => id = TypeId(segment.signed()?),
            _ => return Err(DecodeErrorKind::Malformed.into()),
        }
        Ok(())
    })?;
    Ok((name, id))
}

/// Walks over the fields of a struct: each is announced by how far its number lies behind the one before, and zero is the end.
///
/// Numbers only grow, so that no field comes twice.
fn fields<'a>(
    segment: &mut Segment<'a>,
    mut field: impl FnMut(&mut Segment<'a>, u64) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let mut next = 0_u64;
    loop {
        let delta = segment.unsigned()?;
        if delta == 0 {
            return Ok(());
        }
        let number = next
            .checked_add(delta - 1)
            .ok_or(DecodeError::new(DecodeErrorKind::Malformed))?;
        next = number.saturating_add(1);
        field(segment, number)?;
    }
}
