use std::rc::Rc;

use futures_util::FutureExt as _;

use crate::{
    data,
    error::SessionError,
    session::{Begun, SessionData, Slot},
    store::{
        Loaded, Meta, Origin, Payload, Place, Rejection, StoreError, StoreErrorKind, StoreKey,
        Token,
    },
};

use super::{
    Desk, Visit,
    desk::{Backend, Entering, ServerSide},
};

/// Looks for a visitor's session in its store, under each token that the cookies hold.
pub(super) struct Search {
    desk: Rc<Desk>,
    visit: Rc<Visit>,
    /// How many cookies of the name were looked at, and how many of them a store was asked for.
    seen: usize,
    asked: usize,
    rejection: Option<Rejection>,
    /// Where the tokens led to no session that is accepted.
    strays: Vec<StoreKey>,
}

/// How many tokens of one request a store is asked for: a browser sends more than one only where paths or domains overlap.
const TOKENS: usize = 4;

impl Search {
    pub(super) fn new(desk: Rc<Desk>, visit: Rc<Visit>) -> Self {
        Self {
            desk,
            visit,
            seen: 0,
            asked: 0,
            rejection: None,
            strays: Vec::new(),
        }
    }

    /// Begins to ask; there is an answer at once where no cookie holds a token, or the store does not let anybody wait.
    pub(super) fn begin<T: SessionData>(mut self) -> Entering<T> {
        let Some(token) = self.next_token() else {
            return Entering::Ready(self.seat_anew());
        };
        let mut searching = self.run(token).boxed_local();
        match (&mut searching).now_or_never() {
            Some(slot) => Entering::Ready(slot),
            None => Entering::Pending(searching),
        }
    }

    async fn run<T: SessionData>(mut self, first: Token) -> Result<Slot<T>, SessionError> {
        let mut next = Some(first);
        while let Some(token) = next {
            let key = token.store_key(&self.desk.name);
            if self.strays.contains(&key) {
                next = self.next_token();
                continue;
            }
            let loaded = match &self.desk.backend {
                Backend::ServerSide(server) => server.vault.load(&key).await,
                Backend::ClientSide(_) => Ok(None),
            };
            if let Some(slot) = self.try_seat(token, key, loaded)? {
                return Ok(slot);
            }
            next = self.next_token();
        }
        self.seat_anew()
    }

    /// The next cookie that has the form of a token.
    fn next_token(&mut self) -> Option<Token> {
        if self.asked == TOKENS {
            return None;
        }
        let values = self.desk.cookie.values(&self.visit.cookies);
        for value in values.skip(self.seen) {
            self.seen += 1;
            if let Some(token) = Token::parse(value) {
                self.asked += 1;
                return Some(token);
            }
        }
        None
    }

    /// Seats what was found under a token; nothing where that is no session.
    fn try_seat<T: SessionData>(
        &mut self,
        token: Token,
        key: StoreKey,
        loaded: Result<Option<Loaded>, StoreError>,
    ) -> Result<Option<Slot<T>>, SessionError> {
        let reason = match loaded {
            Ok(Some(loaded)) => match self.read::<T>(loaded, token, key) {
                Ok((place, meta, decoded, payload)) => {
                    let begun = Begun {
                        place: Some(Rc::new(place)),
                        ..self.desk.begun(&self.visit, Origin::Loaded, true, meta)
                    };
                    return Ok(Some(Slot::loaded(begun, decoded, payload)));
                }
                Err(reason) => {
                    self.strays.push(key);
                    reason
                }
            },
            // Perhaps it was renewed a moment ago: whoever ends it here means that one.
            Ok(None) => {
                self.strays.push(key);
                Rejection::Unknown
            }
            // What lies there is no session: as little as a cookie that does not open.
            Err(error) if error.kind() == StoreErrorKind::Corrupt => {
                self.strays.push(key);
                Rejection::Undecodable
            }
            Err(error) => return Err(SessionError::of_store(self.desk.name.clone(), error)),
        };
        self.rejection = Some(self.desk.graver(self.rejection, reason));
        Ok(None)
    }

    fn read<T: SessionData>(
        &self,
        loaded: Loaded,
        token: Token,
        key: StoreKey,
    ) -> Result<(Place, Meta, data::Decoded<T>, Payload), Rejection> {
        let Backend::ServerSide(ServerSide { codec, .. }) = &self.desk.backend else {
            return Err(Rejection::Unknown);
        };
        let Loaded { record, revision } = loaded;
        let body = codec.read(record, &token, &key)?;
        if body.meta.is_expired(self.desk.clock.now()) {
            return Err(Rejection::Expired);
        }
        let decoded = data::decode(body.payload.as_bytes())?;
        let place = Place {
            token: Rc::new(token),
            key,
            revision,
        };
        Ok((place, body.meta, decoded, body.payload))
    }

    /// Seats a new session: no cookie led to one.
    fn seat_anew<T: SessionData>(self) -> Result<Slot<T>, SessionError> {
        let cookie_held = self.seen > 0;
        let malformed = (cookie_held && self.asked == 0).then_some(Rejection::Malformed);
        let now = self.desk.clock.now();
        let rejection = self.rejection.or(malformed);
        let begun = self
            .desk
            .begun_anew(&self.visit, rejection, cookie_held, now)?;
        Ok(Slot::fresh(Begun {
            strays: self.strays,
            ..begun
        }))
    }
}
