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

    /// Opens a record's body; refuses what was kept as it is where bodies are sealed, and the other way round.
    pub(crate) fn read(
        &self,
        record: Record,
        token: &Token,
        key: &StoreKey,
    ) -> Result<Body, Rejection> {
        let mut body = record.body;
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
    let persistence = match meta.persistence {
        Persistence::Configured => 0,
        Persistence::Remembered => 1,
        Persistence::ForgottenOnClose => 2,
    };
    let [a, b, c, d, e] = seconds(meta.authenticated.map_or(0, Timestamp::as_seconds));
    let [f, g, h, i, j] = seconds(meta.absolute_deadline.as_seconds());
    [persistence, a, b, c, d, e, f, g, h, i, j]
}

/// Forty bits reach for 34,000 years; what lies beyond ends there.
fn seconds(time: u64) -> [u8; 5] {
    let [_, _, _, bytes @ ..] = time.min((1 << 40) - 1).to_be_bytes();
    bytes
}

/// `None` for a persistence that was never written.
fn parts_of(head: &[u8; HEAD]) -> Option<(Persistence, Option<Timestamp>, Timestamp)> {
    let [persistence, a, b, c, d, e, f, g, h, i, j] = *head;
    let persistence = match persistence {
        0 => Persistence::Configured,
        1 => Persistence::Remembered,
        2 => Persistence::ForgottenOnClose,
        _ => return None,
    };
    let time = |[a, b, c, d, e]: [u8; 5]| {
        Timestamp::from_seconds(u64::from_be_bytes([0, 0, 0, a, b, c, d, e]))
    };
    let authenticated = time([a, b, c, d, e]);
    let authenticated = (authenticated.as_seconds() > 0).then_some(authenticated);
    Some((persistence, authenticated, time([f, g, h, i, j])))
}
