use std::{error::Error as _, time::Duration};

use crate::{
    data::MergeError,
    error::{SessionError, SessionErrorKind},
    event::SessionEventKind,
    session::{
        Kept, Mark, OpenSession, Saved,
        lifecycle::{Facts, Plan, next_meta},
    },
    store::{
        Admission, Handle, Meta, Place, Record, Rejection, Revision, StoreError, StoreErrorKind,
        StoreKey, Token, Touched, WriteId,
    },
    vault::Outcome,
};

use super::{
    Desk,
    desk::ServerSide,
    work::{Done, Work},
};

/// How often a write is joined with what others wrote in the meantime: each time somebody's write was applied.
const ROUNDS: u32 = 64;

/// Does for one session what its store is to do.
pub(super) struct Clerk<'a> {
    pub(super) desk: &'a Desk,
    pub(super) server: &'a ServerSide,
    pub(super) session: &'a dyn OpenSession,
}

impl Clerk<'_> {
    pub(super) async fn create(&self, work: &mut Work, meta: Meta) -> Result<Done, SessionError> {
        let (token, key) = self.token()?;
        // A cookie that cannot be written must not cost a record.
        let cookie = self.desk.token_cookie(&meta, &token)?;
        let record = self.record(work, &meta, &work.payload, &token, &key)?;
        let admission = self.admission(&record);
        let created = self.server.vault.create(&key, &record, admission).await;
        match created.map_err(|error| self.of_store(error))? {
            Outcome::Applied { revision, evicted } => {
                work.created = Some(key);
                self.report_evicted(&evicted);
                self.desk.tell(SessionEventKind::Created, meta.handle);
                self.desk.tell_import(self.session.core(), meta.handle);
                let place = Place::new(token, key, revision);
                let payload = std::mem::take(&mut work.payload);
                self.note_saved(work, Some(meta), Some(place), Kept::Exactly(payload));
                Ok(Done::Pending(cookie))
            }
            Outcome::Refused => Err(self.desk.error(SessionErrorKind::TooManySessions)),
            // Of a key that was drawn a moment ago.
            Outcome::Conflict | Outcome::Missing => {
                Err(self.of_store(StoreError::new(StoreErrorKind::Refused)))
            }
        }
    }

    pub(super) async fn update(&self, work: &mut Work, meta: Meta) -> Result<Done, SessionError> {
        let Some(place) = work.old.clone() else {
            return Ok(self.gone());
        };
        let mut draft = Draft::new(meta, place.revision);
        for round in 0..ROUNDS {
            let payload = draft.payload(work);
            let record = self.record(
                work,
                &draft.meta,
                payload,
                &place.address.token,
                &place.address.key,
            )?;
            let updated = self
                .server
                .vault
                .update(&place.address.key, &record, draft.revision)
                .await;
            let updated = updated.map_err(|error| {
                self.note_doubt(work, record.write_id, &error);
                self.of_store(error)
            });
            match updated? {
                Outcome::Applied { revision, .. } => {
                    self.desk.report(Plan::Update(draft.meta), None);
                    let cookie = match work.mark.intent.lifetime {
                        Some(_) => Done::Pending(
                            self.desk.token_cookie(&draft.meta, &place.address.token)?,
                        ),
                        None => Done::Nothing,
                    };
                    let place = Place {
                        revision,
                        ..place.clone()
                    };
                    self.note_drafted(work, draft, place);
                    return Ok(cookie);
                }
                Outcome::Conflict => {
                    back_off(round).await;
                    if !self.join(work, &mut draft, &place).await? {
                        return Ok(self.gone());
                    }
                }
                Outcome::Missing | Outcome::Refused => return Ok(self.gone()),
            }
        }
        Err(self.desk.error(SessionErrorKind::Conflict))
    }

    /// Draws the token of a renewal, and says where the session goes to whoever ends it under its old one.
    pub(super) async fn announce(&self, work: &mut Work) -> Result<Done, SessionError> {
        self.check_length(&work.payload)?;
        let (token, key) = self.token()?;
        // Of another owner, it is another session, and does not end with this one.
        if let (Some(place), Some(handle), false) = (&work.old, work.handle, work.mark.intent.reset)
        {
            let vault = &self.server.vault;
            let announced = vault
                .announce_renewal(&place.address.key, key, handle)
                .await;
            announced.map_err(|error| self.of_store(error))?;
        }
        work.successor = Some((token, key));
        Ok(Done::Nothing)
    }

    /// Moves the session to the token that was drawn when its renewal was announced.
    pub(super) async fn renew(&self, work: &mut Work, meta: Meta) -> Result<Done, SessionError> {
        let Some(place) = work.old.clone() else {
            return Ok(self.gone());
        };
        let Some((token, key)) = work.successor.take() else {
            return Ok(Done::Nothing);
        };
        let renewed = self.rename(work, meta, &place, (token, key)).await;
        if renewed.as_ref().is_err_and(|error| !is_in_doubt(error)) {
            self.retract(work, &key).await;
        }
        renewed
    }

    /// Leaves the session where it is although its renewal was announced.
    pub(super) async fn stay(&self, work: &mut Work) {
        if let Some((_, key)) = work.successor.take() {
            self.retract(work, &key).await;
        }
    }

    async fn retract(&self, work: &Work, key: &StoreKey) {
        if let (Some(place), false) = (&work.old, work.mark.intent.reset) {
            self.server
                .vault
                .retract_renewal(&place.address.key, key)
                .await;
        }
    }

    async fn rename(
        &self,
        work: &mut Work,
        meta: Meta,
        place: &Place,
        (token, key): (Token, StoreKey),
    ) -> Result<Done, SessionError> {
        let mut draft = Draft::new(meta, place.revision);
        for round in 0..ROUNDS {
            let cookie = self.desk.token_cookie(&draft.meta, &token)?;
            let record = self.record(work, &draft.meta, draft.payload(work), &token, &key)?;
            // Only who comes new to a principal is counted.
            let admission = self
                .admission(&record)
                .filter(|_| work.mark.intent.authenticated);
            let from = (&place.address.key, draft.revision);
            let renewed = self
                .server
                .vault
                .rename(from, &key, &record, admission)
                .await;
            match renewed.map_err(|error| self.of_store(error))? {
                Outcome::Applied { revision, evicted } => {
                    self.report_evicted(&evicted);
                    self.desk.tell(SessionEventKind::Renewed, draft.meta.handle);
                    let place = Place::new(token, key, revision);
                    self.note_drafted(work, draft, place);
                    return Ok(Done::Committed(cookie));
                }
                Outcome::Conflict => {
                    back_off(round).await;
                    if !self.join(work, &mut draft, place).await? {
                        return Ok(self.gone());
                    }
                }
                Outcome::Missing => return Ok(self.gone()),
                Outcome::Refused => {
                    return Err(self.desk.error(SessionErrorKind::TooManySessions));
                }
            }
        }
        Err(self.desk.error(SessionErrorKind::Conflict))
    }

    /// Moves the idle deadline. It is no save: where it fails, the next request does it.
    pub(super) async fn touch(&self, work: &Work, meta: Meta) -> Done {
        let Some(place) = &work.old else {
            return Done::Nothing;
        };
        match self
            .server
            .vault
            .touch(&place.address.key, meta.idle_deadline)
            .await
        {
            Ok(Touched::Applied) => {
                self.desk.report(Plan::Touch(meta), None);
                self.note_saved(work, Some(meta), Some(place.clone()), Kept::AsBefore);
                Done::Nothing
            }
            Ok(Touched::Missing) => self.gone(),
            Err(error) => {
                tracing::warn!(
                    session = &*self.desk.name,
                    handle = %meta.handle,
                    %error,
                    "session not touched; the next request tries again"
                );
                Done::Nothing
            }
        }
    }

    /// Deletes what the visitor had.
    pub(super) async fn end(&self, work: &Work) -> Result<Done, SessionError> {
        let vault = &self.server.vault;
        let old = work.old.as_ref().map(|place| place.address.key);
        if let Some(key) = old.or(self.session.core().left()) {
            let ended = vault.end(&key).await;
            ended.map_err(|error| self.of_store(error))?;
        }
        for stray in self.session.core().strays() {
            let ended = vault.end_stray(stray).await;
            ended.map_err(|error| self.of_store(error))?;
        }
        if let Some(handle) = work.handle {
            self.desk.tell(SessionEventKind::Destroyed, handle);
        }
        Ok(Done::Committed(self.desk.cookie.removal()))
    }

    /// Joins what is to be written with what somebody else stored; `false` if the session has ended.
    async fn join(
        &self,
        work: &mut Work,
        draft: &mut Draft,
        place: &Place,
    ) -> Result<bool, SessionError> {
        let newest = self.server.vault.load(&place.address.key).await;
        let Some(mut newest) = newest.map_err(|error| self.of_store(error))? else {
            return Ok(false);
        };
        // What others wrote in the meantime is not to be older than what is written over it.
        work.at = self.desk.clock.now();
        let revision = newest.revision;
        // To join ours with what holds ours already would count a sum twice.
        if !self.session.core().settle_doubt(newest.record.write_id) {
            return Err(self.of_store(StoreError::new(StoreErrorKind::TimedOut)));
        }
        let body = self
            .server
            .codec
            .read(&mut newest.record, &place.address.token, &place.address.key)
            .map_err(|reason| self.unreadable(reason))?;
        let theirs = body.payload.as_bytes();
        draft.joined = Some(if work.mark.intent.reset {
            // Another owner's: nothing of it goes on.
            work.payload.clone()
        } else if work.changed {
            let base = self.session.core().base();
            let rule = self.server.on_conflict;
            let merged = self
                .session
                .merge(base.as_deref(), &work.payload, theirs, rule);
            merged.map_err(|error| self.unmerged(error))?
        } else {
            theirs.to_vec()
        });
        draft.meta = self.meta_over(&work.mark, draft.meta, body.meta);
        draft.revision = revision;
        let handle = draft.meta.handle;
        self.desk.tell(SessionEventKind::Merged, handle);
        Ok(true)
    }

    /// The deadlines as they are now, unless they are what the handler changed.
    fn meta_over(&self, mark: &Mark, ours: Meta, theirs: Meta) -> Meta {
        let seen = Meta {
            handle: ours.handle,
            created: ours.created,
            authenticated: ours.authenticated,
            ..theirs
        };
        next_meta(&Facts {
            stored: Some(theirs),
            seen,
            intent: mark.intent,
            cookie_held: true,
            changed: true,
            imported_from: None,
            retired: false,
            failed: false,
            now: self.desk.clock.now(),
            lifetime: self.desk.lifetime,
        })
    }

    fn record(
        &self,
        work: &Work,
        meta: &Meta,
        payload: &[u8],
        token: &Token,
        key: &StoreKey,
    ) -> Result<Record, SessionError> {
        self.check_length(payload)?;
        let codec = &self.server.codec;
        let body = codec.write(meta, payload, token, key);
        let body =
            body.map_err(|error| self.desk.error(SessionErrorKind::Unwritable).because(error))?;
        Ok(Record {
            handle: meta.handle,
            write_id: WriteId::generate(),
            created: meta.created,
            last_seen: work.at,
            deadline: meta.idle_deadline,
            principal: work.principal.clone(),
            device: self.session.core().device().cloned(),
            body,
        })
    }

    fn check_length(&self, payload: &[u8]) -> Result<(), SessionError> {
        let length = self.server.codec.overhead() + payload.len();
        let limit = self.server.max_length;
        if length > limit {
            let source = LengthError { length, limit };
            return Err(self.desk.error(SessionErrorKind::TooLarge).because(source));
        }
        Ok(())
    }

    fn token(&self) -> Result<(Token, StoreKey), SessionError> {
        let token = Token::generate()
            .map_err(|error| self.desk.error(SessionErrorKind::Unwritable).because(error))?;
        let key = token.store_key(&self.desk.name);
        Ok((token, key))
    }

    fn admission(&self, record: &Record) -> Option<Admission> {
        self.server.admission.filter(|_| record.principal.is_some())
    }

    fn note_drafted(&self, work: &mut Work, draft: Draft, place: Place) {
        let ours = std::mem::take(&mut work.payload);
        let (place, kept) = match (draft.joined, work.changed) {
            (None, true) => (place, Kept::Exactly(ours)),
            (None, false) => (place, Kept::AsBefore),
            // This request goes on with what it saw and wrote; its next save is joined again, since it names a state that is past.
            (Some(_), changed) => (
                Place {
                    revision: draft.revision,
                    ..place
                },
                if changed {
                    Kept::Merged(ours)
                } else {
                    Kept::AsBefore
                },
            ),
        };
        self.note_saved(work, Some(draft.meta), Some(place), kept);
    }

    pub(super) fn note_saved(
        &self,
        work: &Work,
        stored: Option<Meta>,
        place: Option<Place>,
        kept: Kept,
    ) {
        let saved = Saved {
            stored,
            place,
            kept,
        };
        let core = self.session.core();
        core.note_saved(saved, &work.mark, &self.desk.clock);
    }

    /// Notes what may have been written: the next save of the request must not take it for somebody else's.
    fn note_doubt(&self, work: &mut Work, write: WriteId, error: &StoreError) {
        if error.kind() == StoreErrorKind::TimedOut {
            let ours = work.changed.then(|| std::mem::take(&mut work.payload));
            self.session.core().note_doubt(write, ours);
        }
    }

    fn gone(&self) -> Done {
        let core = self.session.core();
        self.desk.tell(SessionEventKind::Gone, core.seen().handle);
        core.note_gone();
        // Neither does a cookie of an earlier save lead anywhere now.
        core.take_outbox();
        Done::Gone
    }

    fn report_evicted(&self, evicted: &[Handle]) {
        for handle in evicted {
            self.desk.tell(SessionEventKind::Evicted, *handle);
        }
    }

    fn of_store(&self, error: StoreError) -> SessionError {
        SessionError::of_store(self.desk.name.clone(), error)
    }

    /// What somebody else stored cannot be read here, and is not overwritten.
    fn unreadable(&self, reason: Rejection) -> SessionError {
        tracing::warn!(
            session = &*self.desk.name,
            %reason,
            "what another request stored cannot be read, and is not overwritten; are two releases running?"
        );
        self.desk.error(if self.desk.refuses(reason) {
            SessionErrorKind::NewerVersion
        } else {
            SessionErrorKind::Conflict
        })
    }

    fn unmerged(&self, error: MergeError) -> SessionError {
        match error {
            MergeError::Conflict(field) => {
                tracing::info!(
                    session = &*self.desk.name,
                    field,
                    "two requests changed one field, and the later is refused; a `merge` function could join them"
                );
                self.desk.error(SessionErrorKind::Conflict)
            }
            MergeError::Unreadable(error) => self.unreadable(error.into()),
            MergeError::Unwritable(error) => {
                SessionError::unwritable(self.desk.name.clone(), error)
            }
        }
    }
}

/// What is about to be written, joined with what others wrote or not.
struct Draft {
    meta: Meta,
    joined: Option<Vec<u8>>,
    /// The state it was joined with.
    revision: Revision,
}

impl Draft {
    fn new(meta: Meta, revision: Revision) -> Self {
        Self {
            meta,
            joined: None,
            revision,
        }
    }

    fn payload<'a>(&'a self, work: &'a Work) -> &'a [u8] {
        self.joined.as_deref().unwrap_or(&work.payload)
    }
}

/// Whether what failed may have happened.
fn is_in_doubt(error: &SessionError) -> bool {
    let source = error
        .source()
        .and_then(|source| source.downcast_ref::<StoreError>());
    source.is_some_and(|source| source.kind() == StoreErrorKind::TimedOut)
}

/// Lets the others go first where many write to one session at once.
async fn back_off(round: u32) {
    if round > 2 {
        let most = u64::from(round.min(32)) * 2;
        let millis = rand::random_range(0..=most);
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
}

/// Reports that a record would be longer than the options allow.
#[derive(Debug)]
struct LengthError {
    length: usize,
    limit: usize,
}

impl std::fmt::Display for LengthError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { length, limit } = self;
        write!(
            f,
            "a record of {length} bytes is over the {limit} that `max_length` allows"
        )
    }
}

impl std::error::Error for LengthError {}
