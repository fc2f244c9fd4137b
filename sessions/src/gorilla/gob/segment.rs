use crate::gorilla::{DecodeError, DecodeErrorKind};

/// Reads the numbers and texts of which everything in gob is made, and never beyond the end of the value they belong to.
pub(super) struct Segment<'a> {
    input: &'a [u8],
    position: usize,
    bounds: Bounds,
}

/// Where the current part of the current value ends, and where that of the surrounding value does.
///
/// `position <= end <= surrounding <= input.len()` at any time.
#[must_use]
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    end: usize,
    surrounding: usize,
}

impl<'a> Segment<'a> {
    pub(super) fn new(input: &'a [u8]) -> Self {
        Self {
            input,
            position: 0,
            bounds: Bounds {
                end: input.len(),
                surrounding: input.len(),
            },
        }
    }

    /// Reads a length and stays within so many bytes from here, until what is returned is given to [`leave`](Self::leave).
    pub(super) fn enter(&mut self) -> Result<Bounds, DecodeError> {
        let length = self.length()?;
        let before = self.bounds;
        self.bounds = Bounds {
            end: self.position.saturating_add(length),
            surrounding: before.end,
        };
        Ok(before)
    }

    /// Goes on in the next part of the current value, when the current part has ended.
    pub(super) fn next_part(&mut self) -> Result<(), DecodeError> {
        self.ended()?;
        self.bounds.end = self.bounds.surrounding;
        let length = self.length()?;
        self.bounds.end = self.position.saturating_add(length);
        Ok(())
    }

    /// Goes back to the surrounding value, when this one has ended.
    pub(super) fn leave(&mut self, before: Bounds) -> Result<(), DecodeError> {
        self.ended()?;
        self.bounds = before;
        Ok(())
    }

    /// Refuses what is left.
    pub(super) fn ended(&self) -> Result<(), DecodeError> {
        if self.position == self.bounds.end {
            Ok(())
        } else {
            Err(DecodeErrorKind::Malformed.into())
        }
    }

    /// One byte up to 127 is the number; any other, negated, says how many bytes of it follow, the highest first.
    pub(super) fn unsigned(&mut self) -> Result<u64, DecodeError> {
        let [first] = self.array()?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        let length = usize::from(first.wrapping_neg());
        if length > size_of::<u64>() {
            return Err(DecodeErrorKind::Malformed.into());
        }
        let bytes = self.take(length)?;
        Ok(bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// The lowest bit says whether the rest is to be complemented.
    pub(super) fn signed(&mut self) -> Result<i64, DecodeError> {
        let bits = self.unsigned()?;
        let rest = (bits >> 1).cast_signed();
        Ok(if bits & 1 == 0 { rest } else { !rest })
    }

    /// The bytes of a float in the order that makes round numbers short.
    pub(super) fn float(&mut self) -> Result<f64, DecodeError> {
        Ok(f64::from_bits(self.unsigned()?.swap_bytes()))
    }

    /// A number of bytes, or of values of a byte at least, that are still to come.
    pub(super) fn length(&mut self) -> Result<usize, DecodeError> {
        let length = usize::try_from(self.unsigned()?).unwrap_or(usize::MAX);
        if length > self.bounds.end.saturating_sub(self.position) {
            return Err(DecodeErrorKind::Truncated.into());
        }
        Ok(length)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.length()?;
        self.take(length)
    }

    /// The name of a type or a field. Go's source is UTF-8, and so are they.
    pub(super) fn name(&mut self) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| DecodeErrorKind::Malformed.into())
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let end = self.position.saturating_add(length);
        if end > self.bounds.end {
            return Err(DecodeErrorKind::Truncated.into());
        }
        let taken = self.input.get(self.position..end);
        self.position = end;
        taken.ok_or(DecodeError::new(DecodeErrorKind::Truncated))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let taken = self.take(N)?;
        taken
            .try_into()
            .map_err(|_| DecodeErrorKind::Truncated.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsigned(input: &[u8]) -> Result<u64, DecodeErrorKind> {
        Segment::new(input).unsigned().map_err(|error| error.kind())
    }

    #[test]
    fn a_number_is_one_byte_or_says_how_many_follow() {
        assert_eq!(unsigned(b"\x00"), Ok(0));
        assert_eq!(unsigned(b"\x7f"), Ok(127));
        assert_eq!(unsigned(b"\xff\x80"), Ok(128));
        assert_eq!(unsigned(b"\xfe\x01\x00"), Ok(256));
        assert_eq!(unsigned(&[&[0xf8][..], &[0xff; 8]].concat()), Ok(u64::MAX));
        for (input, kind) in [
            (&b""[..], DecodeErrorKind::Truncated),
            (b"\xff", DecodeErrorKind::Truncated),
            (b"\xfe\x01", DecodeErrorKind::Truncated),
            (b"\x80", DecodeErrorKind::Malformed),
            (b"\xf7\0\0\0\0\0\0\0\0\x01", DecodeErrorKind::Malformed),
        ] {
            assert_eq!(unsigned(input), Err(kind), "{input:?}");
        }
    }

    #[test]
    fn a_sign_stands_in_the_lowest_bit() {
        for (input, number) in [
            (&b"\x00"[..], 0),
            (b"\x01", -1),
            (b"\x02", 1),
            (b"\xff\x81", -65),
            (b"\xff\x82", 65),
            (b"\xf8\xff\xff\xff\xff\xff\xff\xff\xff", i64::MIN),
            (b"\xf8\xff\xff\xff\xff\xff\xff\xff\xfe", i64::MAX),
        ] {
            assert_eq!(Segment::new(input).signed().unwrap(), number);
        }
    }

    #[test]
    fn a_round_float_is_short() {
        assert!((Segment::new(b"\xfe\x31\x40").float().unwrap() - 17.0).abs() < f64::EPSILON);
    }

    #[test]
    fn no_length_reaches_beyond_the_value_it_stands_in() {
        // A value of two bytes, in which a text of two would reach into the next.
        let mut segment = Segment::new(b"\x02\x02ab");
        let before = segment.enter().unwrap();
        assert_eq!(
            segment.bytes().unwrap_err().kind(),
            DecodeErrorKind::Truncated
        );
        assert!(segment.leave(before).is_err());
        assert!(
            Segment::new(b"\xf8\xff\xff\xff\xff\xff\xff\xff\xff")
                .bytes()
                .is_err()
        );
    }
}
