use std::mem;

use crate::{
    clock::Timestamp,
    crypto::{AtRest, Key, SealError},
    store::{Meta, Payload, Persistence, Principal, Record, Rejection, StoreKey, Token},
};

use super::principal_key;

/// Turns a session of one name into a record's body and back.
///
/// ```text
/// body      = 1 · content                            as it is
///           | 2 · nonce 24 · sealed content · tag 16    sealed; associated data: 2 · store key 32
/// content   = persistence 1 · authenticated 5 · absolute 5 · payload
///           persistence     0 as configured, 1 remembered, 2 forgotten on close
///           authenticated   seconds since the Unix epoch; 0 for never
///           absolute        the absolute deadline, in seconds since the Unix epoch
/// ```
///
/// Numbers are unsigned, big-endian. The idle deadline is the record's own, which a touch moves without the body.
#[derive(Debug)]
pub(crate) struct BodyCodec {
    name: Box<str>,
    at_rest: Option<AtRest>,
}

/// A body that was opened.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) meta: Meta,
    pub(crate) payload: Payload,
}

const PLAIN: u8 = 1;
const SEALED: u8 = 2;
const HEAD: usize = 1 + 5 + 5;

impl BodyCodec {
    pub(crate) fn new(name: &str, key: Option<&Key>) -> Self {
        Self {
            name: name.into(),
            at_rest: key.map(|key| AtRest::new(key, name)),
        }
    }

    /// How much longer a body is than its payload.
    pub(crate) fn overhead(&self) -> usize {
        let seal = AtRest::PREFIX_LENGTH + AtRest::SUFFIX_LENGTH;
        1 + HEAD + self.at_rest.as_ref().map_or(0, |_| seal)
    }

    pub(crate) fn write(
        &self,
        meta: &Meta,
        payload: &[u8],
        token: &Token,
        key: &StoreKey,
    ) -> Result<Vec<u8>, SealError> {
        let mut body = Vec::with_capacity(self.overhead() + payload.len());
        let Some(at_rest) = &self.at_rest else {
            body.push(PLAIN);
            body.extend_from_slice(&head_of(meta));
            body.extend_from_slice(payload);
            return Ok(body);
        };
        body.push(SEALED);
        body.resize(1 + AtRest::PREFIX_LENGTH, 0);
        body.extend_from_slice(&head_of(meta));
        body.extend_from_slice(payload);
        at_rest.seal(token.as_bytes(), &place(key), &mut body, 1)?;
        Ok(body)
    }

    /// Opens a record's body, which it takes; refuses what was kept as it is where bodies are sealed, and the other way round.
    pub(crate) fn read(
        &self,
        record: &mut Record,
        token: &Token,
        key: &StoreKey,
    ) -> Result<Body, Rejection> {
        let mut body = mem::take(&mut record.body);
        let content = match (&self.at_rest, body.split_first_mut()) {
            (None, Some((&mut PLAIN, _))) => 1..body.len(),
            (Some(at_rest), Some((&mut SEALED, message))) => {
                at_rest.open(token.as_bytes(), &place(key), message)?;
                1 + AtRest::PREFIX_LENGTH..body.len() - AtRest::SUFFIX_LENGTH
            }
            (_, Some((&mut (PLAIN | SEALED), _))) => return Err(Rejection::Unauthentic),
            _ => return Err(Rejection::Undecodable),
        };
        let head = body
            .get(content.clone())
            .and_then(|content| content.first_chunk::<HEAD>())
            .ok_or(Rejection::Undecodable)?;
        let (persistence, authenticated, absolute_deadline) =
            parts_of(head).ok_or(Rejection::Undecodable)?;
        Ok(Body {
            meta: Meta {
                handle: record.handle,
                created: record.created,
                authenticated,
                idle_deadline: record.deadline.min(absolute_deadline),
                absolute_deadline,
                persistence,
            },
            payload: Payload::new(body, content.start + HEAD..content.end),
        })
    }

    /// Whom a session belongs to, for the store's index.
    pub(crate) fn principal(&self, principal: &str) -> Principal {
        principal_key(&self.name, self.at_rest.as_ref(), principal)
    }
}

/// Binds a body to its record.
fn place(key: &StoreKey) -> [u8; 1 + StoreKey::LEN] {
    let mut place = [SEALED; 1 + StoreKey::LEN];
    if let Some((_, rest)) = place.split_first_mut() {
        rest.copy_from_slice(key.as_bytes());
    }
    place
}

fn head_of(meta: &Meta) -> [u8; HEAD] {
    let [a, b, c, d, e] = seconds(meta.authenticated.map_or(0, Timestamp::as_seconds));
    let [f, g, h, i, j] = seconds(meta.absolute_deadline.as_seconds());
    [meta.persistence.to_byte(), a, b, c, d, e, f, g, h, i, j]
}

/// Forty bits reach for 34,000 years; what lies beyond ends there.
fn seconds(time: u64) -> [u8; 5] {
    let [_, _, _, bytes @ ..] = time.min((1 << 40) - 1).to_be_bytes();
    bytes
}

/// `None` for a persistence that was never written.
fn parts_of(head: &[u8; HEAD]) -> Option<(Persistence, Option<Timestamp>, Timestamp)> {
    let [persistence, a, b, c, d, e, f, g, h, i, j] = *head;
    let persistence = Persistence::from_byte(persistence)?;
    let time = |[a, b, c, d, e]: [u8; 5]| {
        Timestamp::from_seconds(u64::from_be_bytes([0, 0, 0, a, b, c, d, e]))
    };
    let authenticated = time([a, b, c, d, e]);
    let authenticated = (authenticated.as_seconds() > 0).then_some(authenticated);
    Some((persistence, authenticated, time([f, g, h, i, j])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Handle, WriteId};

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn meta() -> Meta {
        Meta {
            handle: Handle::from_bytes([7; 16]),
            created: at(1_700_000_000),
            authenticated: Some(at(1_700_000_100)),
            idle_deadline: at(1_700_000_200),
            absolute_deadline: at(1_700_000_300),
            persistence: Persistence::Remembered,
        }
    }

    fn record(meta: &Meta, body: Vec<u8>) -> Record {
        Record {
            handle: meta.handle,
            write_id: WriteId::from_bytes([1; 16]),
            created: meta.created,
            last_seen: meta.created,
            deadline: meta.idle_deadline,
            principal: None,
            device: None,
            body,
        }
    }

    fn token() -> (Token, StoreKey) {
        let token = Token::parse(&[b'A'; 43]).unwrap();
        let key = token.store_key("cart");
        (token, key)
    }

    #[test]
    fn a_body_has_fixed_bytes() {
        let (token, key) = token();
        let body = BodyCodec::new("cart", None).write(&meta(), b"data", &token, &key);
        let mut expected = vec![1, 1];
        expected.extend([0, 0x65, 0x53, 0xf1, 0x64]);
        expected.extend([0, 0x65, 0x53, 0xf2, 0x2c]);
        expected.extend(b"data");
        assert_eq!(body.unwrap(), expected);
    }

    #[test]
    fn a_body_reads_back_as_it_was_written() {
        let (token, key) = token();
        let secret = Key::of_seed(1);
        for codec in [
            BodyCodec::new("cart", None),
            BodyCodec::new("cart", Some(&secret)),
        ] {
            for persistence in [
                Persistence::Configured,
                Persistence::Remembered,
                Persistence::ForgottenOnClose,
            ] {
                for authenticated in [None, Some(at(1_700_000_100))] {
                    let meta = Meta {
                        persistence,
                        authenticated,
                        ..meta()
                    };
                    let body = codec.write(&meta, b"data", &token, &key).unwrap();
                    assert_eq!(body.len(), codec.overhead() + 4);
                    let read = codec.read(&mut record(&meta, body), &token, &key).unwrap();
                    assert_eq!((read.meta, read.payload.as_bytes()), (meta, &b"data"[..]));
                }
            }
        }
    }

    #[test]
    fn the_idle_deadline_is_the_records_and_never_behind_the_absolute_one() {
        let (token, key) = token();
        let codec = BodyCodec::new("cart", None);
        let body = codec.write(&meta(), b"", &token, &key).unwrap();
        let read = |deadline| {
            let mut record = Record {
                deadline: at(deadline),
                ..record(&meta(), body.clone())
            };
            codec
                .read(&mut record, &token, &key)
                .unwrap()
                .meta
                .idle_deadline
        };
        assert_eq!(read(1_700_000_250), at(1_700_000_250));
        assert_eq!(read(1_700_000_999), at(1_700_000_300));
    }

    #[test]
    fn what_is_no_body_is_refused() {
        let (token, key) = token();
        let plain = BodyCodec::new("cart", None);
        let sealed = BodyCodec::new("cart", Some(&Key::of_seed(1)));
        let bodies = [
            (vec![], Rejection::Undecodable),
            (vec![0; 30], Rejection::Undecodable),
            (vec![1; 11], Rejection::Undecodable),
            (vec![3; 60], Rejection::Undecodable),
            ([vec![1, 9], vec![0; 10]].concat(), Rejection::Undecodable),
        ];
        for (body, reason) in bodies {
            let refused = plain.read(&mut record(&meta(), body), &token, &key);
            assert_eq!(refused.unwrap_err(), reason);
        }
        // Neither kind is taken for the other: whoever can write to the store could choose it.
        for (written, read) in [(&plain, &sealed), (&sealed, &plain)] {
            let body = written.write(&meta(), b"data", &token, &key).unwrap();
            let refused = read.read(&mut record(&meta(), body), &token, &key);
            assert_eq!(refused.unwrap_err(), Rejection::Unauthentic);
        }
        for len in 0..sealed.overhead() - HEAD {
            let refused = sealed.read(&mut record(&meta(), vec![2; len]), &token, &key);
            assert!(refused.is_err(), "{len} bytes");
        }
    }

    #[test]
    fn a_principal_has_one_key_a_session_name() {
        let principal = |name: &str, key: Option<&Key>, principal: &str| {
            BodyCodec::new(name, key)
                .principal(principal)
                .as_bytes()
                .to_vec()
        };
        assert_eq!(principal("login", None, "ada"), b"login\0ada");
        let longest = "x".repeat(512 - "login\0".len());
        assert_eq!(principal("login", None, &longest).len(), 512);
        let longer = principal("login", None, &format!("{longest}x"));
        assert_eq!((longer.len(), &longer[..6]), (38, &b"login\x01"[..]));
        let secret = Key::of_seed(1);
        let sealed = principal("login", Some(&secret), "ada");
        assert_eq!((sealed.len(), &sealed[..6]), (38, &b"login\x02"[..]));
        assert_ne!(sealed[6..], principal("admin", Some(&secret), "ada")[6..]);
    }
}
