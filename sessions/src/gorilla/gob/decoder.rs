use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use crate::gorilla::{
    DecodeError, DecodeErrorKind, Opaque, Struct, Value,
    structure::{Shape, ShapeField},
};

use super::{
    definition::{Definition, Encoder, StructDefinition, TypeId},
    segment::Segment,
    time,
};

/// Reads the one value of a stream.
pub(in crate::gorilla) fn decode(stream: &[u8]) -> Result<Value, DecodeError> {
    let mut decoder = Decoder {
        segment: Segment::new(stream),
        definitions: HashMap::new(),
        depth: 0,
    };
    let value = decoder.stream()?;
    // Go's encoder was given one value; it has not written what follows.
    decoder.segment.ended()?;
    Ok(value)
}

struct Decoder<'a> {
    segment: Segment<'a>,
    definitions: HashMap<TypeId, Definition<'a>>,
    depth: u32,
}

impl<'a> Decoder<'a> {
    fn stream(&mut self) -> Result<Value, DecodeError> {
        let before = self.segment.enter()?;
        let id = self.type_of_next()?;
        let value = self.announced(id, None)?;
        self.segment.leave(before)?;
        Ok(value)
    }

    /// Reads definitions, each of which ends a part, and then the type of the value behind them.
    fn type_of_next(&mut self) -> Result<TypeId, DecodeError> {
        loop {
            let id = self.segment.signed()?;
            if id >= 0 {
                return Ok(TypeId(id));
            }
            let id = TypeId(id.checked_neg().ok_or(MALFORMED)?);
            let definition = Definition::read(&mut self.segment)?;
            match self.definitions.entry(id) {
                Entry::Vacant(entry) if id.is_definable() => entry.insert(definition),
                _ => return Err(MALFORMED),
            };
            self.segment.next_part()?;
        }
    }

    /// Reads a value that stands alone, as in a stream or an interface: behind a zero, unless it is a struct.
    fn announced(&mut self, id: TypeId, registered: Option<&'a str>) -> Result<Value, DecodeError> {
        let is_struct = matches!(self.definitions.get(&id), Some(Definition::Struct(_)));
        if !is_struct && self.segment.unsigned()? != 0 {
            return Err(MALFORMED);
        }
        self.value(id, registered)
    }

    fn value(&mut self, id: TypeId, registered: Option<&'a str>) -> Result<Value, DecodeError> {
        // A type may contain itself, and costs a byte a turn: without this, a cookie could exhaust the stack.
        if self.depth == MAX_DEPTH {
            return Err(DecodeErrorKind::TooDeep.into());
        }
        self.depth += 1;
        let value = match id {
            TypeId::BOOL => match self.segment.unsigned()? {
                0 => Value::Bool(false),
                1 => Value::Bool(true),
                _ => return Err(MALFORMED),
            },
            TypeId::INT => Value::Int(self.segment.signed()?),
            TypeId::UINT => Value::Uint(self.segment.unsigned()?),
            TypeId::FLOAT => Value::Float(self.segment.float()?),
            TypeId::BYTES => Value::Bytes(self.segment.bytes()?.to_vec()),
            TypeId::STRING => text(self.segment.bytes()?),
            TypeId::COMPLEX => Value::Complex {
                re: self.segment.float()?,
                im: self.segment.float()?,
            },
            TypeId::INTERFACE => self.interface()?,
            _ => self.defined(id, registered)?,
        };
        self.depth -= 1;
        Ok(value)
    }

    fn interface(&mut self) -> Result<Value, DecodeError> {
        let name = self.segment.name()?;
        if name.is_empty() {
            return Ok(Value::Nil);
        }
        let id = self.type_of_next()?;
        let before = self.segment.enter()?;
        let value = self.announced(id, Some(name))?;
        self.segment.leave(before)?;
        Ok(value)
    }

    fn defined(&mut self, id: TypeId, registered: Option<&'a str>) -> Result<Value, DecodeError> {
        match self.definitions.get(&id).ok_or(MALFORMED)?.clone() {
            Definition::Array { element, length } => {
                let count = self.segment.length()?;
                if count as u64 != length {
                    return Err(MALFORMED);
                }
                self.list(element, count)
            }
            Definition::Slice { element } => {
                let count = self.segment.length()?;
                self.list(element, count)
            }
            Definition::Map { key, element } => {
                let mut entries = Vec::new();
                for _ in 0..self.segment.length()? {
                    entries.push((self.value(key, None)?, self.value(element, None)?));
                }
                Ok(Value::Map(entries))
            }
            Definition::Struct(definition) => self.structure(&definition, registered),
            Definition::Marshaler { name, encoder } => {
                let bytes = self.segment.bytes()?;
                if is_time(&name, encoder, registered)
                    && let Some(time) = time::decode(bytes)
                {
                    return Ok(Value::Time(time));
                }
                let name = registered.map_or(name, Arc::from);
                Ok(Value::Opaque(Opaque::new(name, bytes)))
            }
        }
    }

    /// The count reserves nothing: nested lists could each claim all that is left.
    fn list(&mut self, element: TypeId, count: usize) -> Result<Value, DecodeError> {
        let mut list = Vec::new();
        for _ in 0..count {
            list.push(self.value(element, None)?);
        }
        Ok(Value::List(list))
    }

    fn structure(
        &mut self,
        definition: &StructDefinition<'a>,
        registered: Option<&'a str>,
    ) -> Result<Value, DecodeError> {
        let shape = Arc::clone(definition.shape.get_or_init(|| self.shape(definition)));
        let mut present = Vec::new();
        let mut next = 0_usize;
        loop {
            let delta = usize::try_from(self.segment.unsigned()?).map_err(|_| MALFORMED)?;
            if delta == 0 {
                return Ok(Value::Struct(Struct::new(registered, shape, present)));
            }
            let number = next.checked_add(delta - 1).ok_or(MALFORMED)?;
            let (_, id) = definition.fields.get(number).ok_or(MALFORMED)?;
            present.push((number, self.value(*id, None)?));
            next = number + 1;
        }
    }

    fn shape(&self, definition: &StructDefinition<'a>) -> Arc<Shape> {
        let fields = definition.fields.iter();
        let fields = fields.map(|(name, id)| ShapeField {
            name: (*name).into(),
            zero: self.zero(*id),
        });
        Arc::new(Shape {
            name: definition.name.into(),
            fields: fields.collect(),
        })
    }

    /// What a field holds that was not sent, because it held its type's zero.
    fn zero(&self, id: TypeId) -> &'static Value {
        static BOOL: Value = Value::Bool(false);
        static INT: Value = Value::Int(0);
        static UINT: Value = Value::Uint(0);
        static FLOAT: Value = Value::Float(0.0);
        static COMPLEX: Value = Value::Complex { re: 0.0, im: 0.0 };
        static BYTES: Value = Value::Bytes(Vec::new());
        static STR: Value = Value::Str(String::new());
        static LIST: Value = Value::List(Vec::new());
        static MAP: Value = Value::Map(Vec::new());
        static NIL: Value = Value::Nil;

        match id {
            TypeId::BOOL => &BOOL,
            TypeId::INT => &INT,
            TypeId::UINT => &UINT,
            TypeId::FLOAT => &FLOAT,
            TypeId::COMPLEX => &COMPLEX,
            TypeId::BYTES => &BYTES,
            TypeId::STRING => &STR,
            _ => match self.definitions.get(&id) {
                Some(Definition::Slice { .. } | Definition::Array { .. }) => &LIST,
                Some(Definition::Map { .. }) => &MAP,
                // A struct is always sent, so one that is absent is a nil pointer.
                Some(Definition::Struct(_) | Definition::Marshaler { .. }) | None => &NIL,
            },
        }
    }
}

/// A string of Go's may hold any bytes; those that are no text stay bytes.
fn text(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::Str(text.to_owned()),
        Err(_) => Value::Bytes(bytes.to_vec()),
    }
}

/// Whether a type that encodes itself is, or may be, a `time.Time`. Behind a pointer it has no name, but by its encoder it is told from a UUID.
fn is_time(name: &str, encoder: Encoder, registered: Option<&str>) -> bool {
    match registered {
        Some(registered) => registered.trim_start_matches('*') == "time.Time",
        None => encoder == Encoder::Gob && matches!(name, "Time" | ""),
    }
}

const MALFORMED: DecodeError = DecodeError::new(DecodeErrorKind::Malformed);

/// In steps, of which a map in an interface is two. Go's own values are a handful deep.
const MAX_DEPTH: u32 = 128;
