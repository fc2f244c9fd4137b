use std::time::UNIX_EPOCH;

use sessions::gorilla::{Value, Values};

/// Writes a session as `values.go` does.
pub(crate) fn shown(values: &Values) -> String {
    entries(values.iter())
}

fn value(value: &Value) -> String {
    match value {
        Value::Nil => "nil".into(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => format!("i:{number}"),
        Value::Uint(number) => format!("u:{number}"),
        Value::Float(float) => format!("f:{:016x}", float.to_bits()),
        Value::Complex { re, im } => format!("c:{:016x},{:016x}", re.to_bits(), im.to_bits()),
        Value::Str(text) => format!("\"{text}\""),
        Value::Bytes(bytes) => format!("b:{}", hex(bytes)),
        Value::List(list) => {
            let list: Vec<String> = list.iter().map(self::value).collect();
            format!("[{}]", list.join(", "))
        }
        Value::Map(map) => entries(map.iter().map(|(key, value)| (key, value))),
        Value::Struct(structure) => {
            let fields = structure.fields();
            let fields: Vec<String> = fields
                .map(|(name, field)| format!("{name}={}", self::value(field)))
                .collect();
            format!("{}{{{}}}", structure.name(), fields.join(", "))
        }
        Value::Time(time) => {
            let nanoseconds = match time.duration_since(UNIX_EPOCH) {
                Ok(since) => i128::try_from(since.as_nanos()).unwrap(),
                Err(before) => -i128::try_from(before.duration().as_nanos()).unwrap(),
            };
            let (seconds, rest) = (
                nanoseconds.div_euclid(SECOND),
                nanoseconds.rem_euclid(SECOND),
            );
            format!("t:{seconds}.{rest:09}")
        }
        // Whether gob sends the bare name of such a type depends on where it met it first.
        Value::Opaque(opaque) => {
            let name = Some(opaque.name()).filter(|name| name.contains('.'));
            format!("o:{}:{}", name.unwrap_or("?"), hex(opaque.bytes()))
        }
        other => panic!("{other:?} is new"),
    }
}

fn entries<'a>(entries: impl Iterator<Item = (&'a Value, &'a Value)>) -> String {
    let mut entries: Vec<String> = entries
        .map(|(key, entry)| format!("{}={}", value(key), value(entry)))
        .collect();
    entries.sort();
    format!("{{{}}}", entries.join(", "))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// In nanoseconds.
const SECOND: i128 = 1_000_000_000;
