use redis::Value;

use crate::store::{Handle, Principal, StoreKey};

use super::{
    error::{RedisError, RedisErrorKind},
    failure::Failure,
};

/// What a script answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Applied {
        /// Whose the record was that is replaced or deleted.
        former: Option<Principal>,
        evicted: Vec<Handle>,
    },
    Conflict,
    Missing,
    Refused,
    /// The record belongs to somebody, whose index has to be seen to.
    Owner(Principal),
    /// The principal has these sessions, too.
    Undeclared(Vec<StoreKey>),
}

impl Reply {
    /// A reply that no script of ours gives is a refusal of a server that does not run it as it should.
    pub(super) fn parse(answer: Value) -> Result<Self, Failure> {
        let Value::Array(parts) = answer else {
            return Err(strange());
        };
        let mut parts = parts.into_iter();
        let word = parts.next().and_then(bytes).ok_or_else(strange)?;
        match &*word {
            b"applied" => Ok(Self::Applied {
                former: parts.next().and_then(bytes).map(Principal::from_bytes),
                evicted: list(parts.next(), |bytes| {
                    bytes.try_into().ok().map(Handle::from_bytes)
                })?,
            }),
            b"conflict" => Ok(Self::Conflict),
            b"missing" => Ok(Self::Missing),
            b"refused" => Ok(Self::Refused),
            b"corrupt" => Err(Failure::Foreign),
            b"owner" => {
                let owner = parts.next().and_then(bytes).ok_or_else(strange)?;
                Ok(Self::Owner(Principal::from_bytes(owner)))
            }
            b"undeclared" => {
                let keys = list(parts.next(), |bytes| {
                    bytes.try_into().ok().map(StoreKey::from_bytes)
                })?;
                Ok(Self::Undeclared(keys))
            }
            _ => Err(strange()),
        }
    }
}

fn strange() -> Failure {
    Failure::NotDone(RedisError::new(RedisErrorKind::Refused))
}

fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.into_bytes()),
        _ => None,
    }
}

fn list<T>(values: Option<Value>, item: impl Fn(Vec<u8>) -> Option<T>) -> Result<Vec<T>, Failure> {
    let values = match values {
        Some(Value::Array(values)) => values,
        Some(Value::Nil) | None => return Ok(Vec::new()),
        Some(_) => return Err(strange()),
    };
    values
        .into_iter()
        .map(|value| bytes(value).and_then(&item).ok_or_else(strange))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Value {
        Value::BulkString(bytes.to_vec())
    }

    #[test]
    fn what_the_scripts_answer_is_understood() {
        let handles = Value::Array(vec![text(&[7; 16])]);
        let applied = Value::Array(vec![text(b"applied"), text(b"anna"), handles]);
        assert_eq!(
            Reply::parse(applied).unwrap(),
            Reply::Applied {
                former: Some(Principal::from_bytes(*b"anna")),
                evicted: vec![Handle::from_bytes([7; 16])],
            }
        );
        let bare = Value::Array(vec![text(b"applied"), Value::Nil]);
        let former = None;
        let evicted = Vec::new();
        assert_eq!(
            Reply::parse(bare).unwrap(),
            Reply::Applied { former, evicted }
        );
    }

    #[test]
    fn what_no_script_of_ours_answers_is_refused() {
        for answer in [
            Value::Nil,
            Value::Int(1),
            Value::Array(Vec::new()),
            Value::Array(vec![text(b"done")]),
            Value::Array(vec![text(b"owner")]),
            Value::Array(vec![
                text(b"undeclared"),
                Value::Array(vec![text(b"short")]),
            ]),
            Value::Array(vec![text(b"applied"), Value::Nil, Value::Int(1)]),
        ] {
            let failure = Reply::parse(answer).unwrap_err();
            assert!(matches!(failure, Failure::NotDone(_)), "{failure:?}");
        }
    }
}
