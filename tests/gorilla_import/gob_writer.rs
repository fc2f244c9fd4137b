/// Writes gob, also such as no Go program would.
#[derive(Clone, Default)]
pub(crate) struct Gob(pub(crate) Vec<u8>);

impl Gob {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn unsigned(mut self, number: u64) -> Self {
        if number < 0x80 {
            self.0.push(number as u8);
        } else {
            let bytes = number.to_be_bytes();
            let skipped = number.leading_zeros() as usize / 8;
            self.0.push(((8 - skipped) as u8).wrapping_neg());
            self.0.extend(&bytes[skipped..]);
        }
        self
    }

    pub(crate) fn signed(self, number: i64) -> Self {
        let bits = (number << 1) ^ (number >> 63);
        self.unsigned(bits.cast_unsigned())
    }

    pub(crate) fn text(self, text: &str) -> Self {
        self.unsigned(text.len() as u64).raw(text.as_bytes())
    }

    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    /// Adds a message, or whatever else stands behind its length.
    pub(crate) fn message(self, content: &Self) -> Self {
        self.unsigned(content.0.len() as u64).raw(&content.0)
    }

    /// A message that defines a slice.
    pub(crate) fn slice(self, id: i64, element: i64) -> Self {
        let definition = Self::new().signed(-id).raw(b"\x02\x01\x02");
        let definition = definition.signed(id).raw(b"\x00\x01").signed(element);
        self.message(&definition.raw(b"\x00\x00"))
    }

    /// A message that defines a map.
    pub(crate) fn map(self, id: i64, key: i64, element: i64) -> Self {
        let definition = Self::new().signed(-id).raw(b"\x04\x01\x02").signed(id);
        let definition = definition.raw(b"\x00\x01").signed(key).raw(b"\x01");
        self.message(&definition.signed(element).raw(b"\x00\x00"))
    }

    /// A message that defines an array.
    pub(crate) fn array(self, id: i64, element: i64, length: i64) -> Self {
        let definition = Self::new().signed(-id).raw(b"\x01\x01\x02").signed(id);
        let definition = definition.raw(b"\x00\x01").signed(element).raw(b"\x01");
        self.message(&definition.signed(length).raw(b"\x00\x00"))
    }

    /// A message that defines a struct.
    pub(crate) fn structure(self, id: i64, name: &str, fields: &[(&str, i64)]) -> Self {
        let definition = Self::new().signed(-id).raw(b"\x03\x01\x01").text(name);
        let definition = definition.raw(b"\x01").signed(id).raw(b"\x00\x01");
        let mut definition = definition.unsigned(fields.len() as u64);
        for (name, id) in fields {
            definition = definition.raw(b"\x01").text(name);
            definition = definition.raw(b"\x01").signed(*id).raw(b"\x00");
        }
        self.message(&definition.raw(b"\x00\x00"))
    }

    /// A message that defines a type with an encoding of its own.
    pub(crate) fn encoder(self, id: i64, name: &str) -> Self {
        let definition = Self::new().signed(-id).raw(b"\x05\x01\x01").text(name);
        let definition = definition.raw(b"\x01").signed(id);
        self.message(&definition.raw(b"\x00\x00\x00"))
    }
}
