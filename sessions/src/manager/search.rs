use std::rc::Rc;

use futures_util::{FutureExt as _, future::LocalBoxFuture};

use crate::{
    clock::Timestamp,
    data,
    error::SessionError,
    session::{SessionData, Slot},
    store::{Loaded, Origin, Place, Rejection, StoreError, StoreErrorKind, StoreKey, Token},
};

use super::{
    Desk, Visit,
    desk::{Backend, Entering, ServerSide},
};

/// Looks for a visitor's session in its store, under each token that the cookies hold.
pub(super) struct Search {
    desk: Rc<Desk>,
    /// How many cookies of the name were looked at, and how many of them a store was asked for.
    seen: usize,
    asked: usize,
    rejection: Option<Rejection>,
    /// Where the tokens led to no session that is accepted.
    strays: Vec<StoreKey>,
}

/// What a store has under a key.
type Found = Result<Option<Loaded>, StoreError>;

/// How many tokens of one request a store is asked for: a browser sends more than one only where paths or domains overlap.
const TOKENS: usize = 4;

impl Search {
    pub(super) fn new(desk: Rc<Desk>) -> Self {
        Self {
            desk,
            seen: 0,
            asked: 0,
            rejection: None,
            strays: Vec::new(),
        }
    }

    /// Asks for one token after the other; there is an answer at once where no cookie holds one, or the store does not let anybody wait.
    pub(super) fn begin<T: SessionData>(mut self, visit: &Visit<'_>) -> Entering<T> {
        let now = self.desk.clock.now();
        while let Some(token) = self.next_token(visit) {
            let key = token.store_key(&self.desk.name);
            if self.strays.contains(&key) {
                continue;
            }
            let mut asking = self.ask(key, now);
            let Some(found) = (&mut asking).now_or_never() else {
                let waiting = self.wait(visit.kept(), (token, key), asking);
                return Entering::Pending(waiting.boxed_local());
            };
            if let Some(slot) = self.try_seat(visit, (token, key), found, now).transpose() {
                return Entering::Ready(slot);
            }
        }
        Entering::Ready(self.seat_anew(visit, now))
    }

    /// A future that is small: most that is asked for is moved about no further.
    fn ask(&self, key: StoreKey, now: Timestamp) -> LocalBoxFuture<'static, Found> {
        let desk = Rc::clone(&self.desk);
        Box::pin(async move {
            match &desk.backend {
                Backend::ServerSide(server) => server.vault.load_at(&key, now).await,
                Backend::ClientSide(_) => Ok(None),
            }
        })
    }

    async fn wait<T: SessionData>(
        mut self,
        visit: Visit<'static>,
        at: (Token, StoreKey),
        asking: LocalBoxFuture<'static, Found>,
    ) -> Result<Slot<T>, SessionError> {
        let found = asking.await;
        // It may have taken long.
        let now = self.desk.clock.now();
        match self.try_seat(&visit, at, found, now).transpose() {
            Some(slot) => slot,
            None => self.begin(&visit).slot().await,
        }
    }

    /// The next cookie that has the form of a token.
    fn next_token(&mut self, visit: &Visit<'_>) -> Option<Token> {
        if self.asked == TOKENS {
            return None;
        }
        let values = self.desk.cookie.values(&visit.cookies);
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
        visit: &Visit<'_>,
        (token, key): (Token, StoreKey),
        mut found: Found,
        now: Timestamp,
    ) -> Result<Option<Slot<T>>, SessionError> {
        let reason = match found {
            Ok(Some(ref mut loaded)) => match self.seat(visit, (token, key), loaded, now) {
                Ok(slot) => return Ok(Some(slot)),
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

    fn seat<T: SessionData>(
        &self,
        visit: &Visit<'_>,
        (token, key): (Token, StoreKey),
        loaded: &mut Loaded,
        now: Timestamp,
    ) -> Result<Slot<T>, Rejection> {
        let Backend::ServerSide(ServerSide { codec, .. }) = &self.desk.backend else {
            return Err(Rejection::Unknown);
        };
        let body = codec.read(&mut loaded.record, &token, &key)?;
        if body.meta.is_expired(now) {
            return Err(Rejection::Expired);
        }
        let decoded = data::decode(body.payload.as_bytes())?;
        let mut begun = self.desk.begun(visit, Origin::Loaded, true, body.meta);
        begun.place = Some(Place::new(token, key, loaded.revision));
        Ok(Slot::loaded(begun, decoded, body.payload))
    }

    /// Seats a new session: no cookie led to one.
    fn seat_anew<T: SessionData>(
        self,
        visit: &Visit<'_>,
        now: Timestamp,
    ) -> Result<Slot<T>, SessionError> {
        let cookie_held = self.seen > 0;
        let malformed = (cookie_held && self.asked == 0).then_some(Rejection::Malformed);
        let rejection = self.rejection.or(malformed);
        let mut begun = self.desk.begun_anew(visit, rejection, cookie_held, now)?;
        begun.strays = self.strays;
        Ok(Slot::fresh(begun))
    }
}
