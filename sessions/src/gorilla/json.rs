use super::{DecodeError, DecodeErrorKind, Value};

/// Reads one JSON value, which may have white space around it: Go's encoder ends a line.
///
/// The parser stops at a depth of 128, so that the walk over its result is bounded, too.
pub(super) fn decode(text: &[u8]) -> Result<Value, DecodeError> {
    let parsed = serde_json::from_slice(text).map_err(|error| {
        if error.is_eof() {
            DecodeErrorKind::Truncated
        } else {
            DecodeErrorKind::Malformed
        }
    })?;
    Ok(value(parsed))
}

fn value(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(truth) => Value::Bool(truth),
        serde_json::Value::Number(number) => self::number(&number),
        serde_json::Value::String(text) => Value::Str(text),
        serde_json::Value::Array(list) => Value::List(list.into_iter().map(value).collect()),
        serde_json::Value::Object(object) => Value::Map(
            object
                .into_iter()
                .map(|(key, json)| (Value::Str(key), value(json)))
                .collect(),
        ),
    }
}

fn number(number: &serde_json::Number) -> Value {
    if let Some(integer) = number.as_i64() {
        Value::Int(integer)
    } else if let Some(integer) = number.as_u64() {
        Value::Uint(integer)
    } else {
        // Only another crate that makes the parser keep numbers as texts can leave one that is no float.
        number.as_f64().map_or(Value::Nil, Value::Float)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_json_has_its_value() {
        let text = br#" {"a": [null, true, -1, 18446744073709551615, 0.5, "\u0026"]} "#;
        let list = vec![
            Value::Nil,
            Value::Bool(true),
            Value::Int(-1),
            Value::Uint(u64::MAX),
            Value::Float(0.5),
            Value::Str("&".into()),
        ];
        let expected = Value::Map(vec![(Value::Str("a".into()), Value::List(list))]);
        assert!(decode(text).unwrap() == expected);
    }

    #[test]
    fn text_that_is_no_json_is_refused() {
        for (text, kind) in [
            (&b""[..], DecodeErrorKind::Truncated),
            (b"{\"a\":", DecodeErrorKind::Truncated),
            (b"{} {}", DecodeErrorKind::Malformed),
            (b"{'a': 1}", DecodeErrorKind::Malformed),
            (b"\"\xff\"", DecodeErrorKind::Malformed),
            (&b"[".repeat(100_000), DecodeErrorKind::Malformed),
        ] {
            assert_eq!(decode(text).unwrap_err().kind(), kind);
        }
    }
}
