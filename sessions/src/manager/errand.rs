use std::{rc::Rc, time::Duration};

use futures_util::lock::OwnedMutexGuard;

use crate::{
    cookie::SetCookie,
    data::MergeError,
    error::{SessionError, SessionErrorKind},
    event::{Listeners, SessionEventKind},
    session::{
        Kept, Mark, OpenSession, Saved,
        lifecycle::{Facts, Plan, next_meta},
    },
    store::{
        Admission, Handle, Meta, Place, Principal, Record, Rejection, Revision, StoreError,
        StoreErrorKind, StoreKey, Token, Touched, WriteId,
    },
    vault::{Outcome, PrincipalSessions},
};

use super::{
    Desk,
    desk::{Backend, Decision, ServerSide},
};

/// What is to be done at a store about one session, in two steps: what adds, and what takes away. Only what makes way goes before both.
pub(super) struct Errand {
    /// Nobody else saves the session meanwhile; `None` while somebody does.
    turn: Option<OwnedMutexGuard<()>>,
    work: Option<Work>,
}

struct Work {
    plan: Plan,
    mark: Mark,
    /// What was written here, or what is stored where nothing was.
    payload: Vec<u8>,
    changed: bool,
    /// Where the session lay when it was decided on, and its name in public.
    old: Option<Rc<Place>>,
    handle: Option<Handle>,
    /// Whose the payload is. The handler may go on while a store is asked, and whom the session belongs to by then is for the next save.
    principal: Option<Principal>,
    /// What was to be written could not be, and is still to be saved.
    leaves_rest: bool,
    /// The key of a record that nobody was told of yet.
    created: Option<StoreKey>,
}

/// What a step came to.
pub(super) enum Done {
    Nothing,
    /// The cookie goes if every session of the request was saved.
    Pending(SetCookie),
    /// The cookie goes in any case: what the visitor had is no more.
    Committed(SetCookie),
    /// The session had ended.
    Gone,
}

/// How often a write is joined with what others wrote in the meantime: each time somebody's write was applied.
const ROUNDS: u32 = 64;

impl Errand {
    /// To be decided on when another save of the session is done.
    pub(super) fn waiting() -> Self {
        Self {
            turn: None,
            work: None,
        }
    }

    pub(super) fn in_turn(turn: OwnedMutexGuard<()>) -> Self {
        Self {
            turn: Some(turn),
            work: None,
        }
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.turn.is_none()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.work.is_none()
    }

    /// Decides what is to be done; nothing where it stays idle.
    pub(super) fn decide(
        &mut self,
        desk: &Desk,
        session: &dyn OpenSession,
        failed: bool,
    ) -> Result<(), SessionError> {
        let core = session.core();
        let (mark, old) = (core.mark(), core.place());
        self.work = Some(Work {
            plan: Plan::Destroy,
            mark,
            payload: Vec::new(),
            changed: false,
            old,
            handle: core.stored().map(|stored| stored.handle),
            principal: None,
            leaves_rest: false,
            created: None,
        });
        let Decision { plan, written } = desk.decide(session, failed)?;
        let changed = written.is_some();
        let (payload, principal) = match plan {
            Plan::Keep => {
                self.work = None;
                return Ok(());
            }
            Plan::Touch(_) | Plan::Destroy => (Vec::new(), None),
            Plan::Create(_) | Plan::Update(_) | Plan::Renew(_) | Plan::Replace(_) => {
                (desk.payload(session, written)?, desk.owner(session)?)
            }
        };
        if let Some(work) = &mut self.work {
            work.plan = plan;
            work.payload = payload;
            work.changed = changed;
            work.principal = principal;
        }
        Ok(())
    }

    /// Only what is there is ended: what was to be written cannot be.
    pub(super) fn only_end(&mut self) {
        if let Some(work) = &mut self.work {
            work.plan = Plan::Destroy;
            work.leaves_rest = true;
        }
    }

    /// Whether it comes to nothing unless a cookie can be set.
    pub(super) fn needs_cookie(&self, session: &dyn OpenSession) -> bool {
        self.work.as_ref().is_some_and(|work| match work.plan {
            Plan::Create(_) | Plan::Renew(_) | Plan::Replace(_) => true,
            Plan::Update(_) => session.core().intent().lifetime.is_some(),
            // What is dead on the server needs no cookie to be dead.
            Plan::Keep | Plan::Touch(_) | Plan::Destroy => false,
        })
    }

    /// Before anything else: ends what another session is to take the place of.
    ///
    /// It ends in any case, and first, so that its principal is not counted twice, and no successor begins beside what could not be ended.
    pub(super) async fn make_way(
        &mut self,
        desk: &Desk,
        session: &dyn OpenSession,
    ) -> Result<Done, SessionError> {
        let Some((counter, work)) = self.at_counter(desk, session) else {
            return Ok(Done::Nothing);
        };
        let Plan::Replace(_) = work.plan else {
            return Ok(Done::Nothing);
        };
        let done = counter.end(work).await?;
        session.core().note_ended();
        Ok(done)
    }

    /// The first step: creates, updates, touches.
    pub(super) async fn write(
        &mut self,
        desk: &Desk,
        session: &dyn OpenSession,
    ) -> Result<Done, SessionError> {
        let Some((counter, work)) = self.at_counter(desk, session) else {
            return Ok(Done::Nothing);
        };
        match work.plan {
            Plan::Create(meta) | Plan::Replace(meta) => counter.create(work, meta).await,
            Plan::Update(meta) => counter.update(work, meta).await,
            Plan::Touch(meta) => Ok(counter.touch(work, meta).await),
            Plan::Keep | Plan::Renew(_) | Plan::Destroy => Ok(Done::Nothing),
        }
    }

    /// The second step: renewals, unless something failed, and what ends, in any case.
    pub(super) async fn finish(
        &mut self,
        desk: &Desk,
        session: &dyn OpenSession,
        failed: bool,
    ) -> Result<Done, SessionError> {
        let Some((counter, work)) = self.at_counter(desk, session) else {
            return Ok(Done::Nothing);
        };
        match work.plan {
            Plan::Renew(meta) if !failed => counter.renew(work, meta).await,
            Plan::Destroy => {
                let done = counter.end(work).await?;
                if work.leaves_rest {
                    session.core().note_ended();
                } else {
                    counter.note_saved(work, None, None, Kept::Unknown);
                }
                Ok(done)
            }
            Plan::Keep
            | Plan::Create(_)
            | Plan::Update(_)
            | Plan::Touch(_)
            | Plan::Renew(_)
            | Plan::Replace(_) => Ok(Done::Nothing),
        }
    }

    /// Deletes what was created: its cookie is withheld.
    pub(super) async fn withdraw(&mut self, desk: &Desk, session: &dyn OpenSession) {
        if let Some((counter, work)) = self.at_counter(desk, session)
            && let Some(key) = work.created.take()
        {
            if let Err(error) = counter.server.vault.delete(&key).await {
                // It lies there until its deadline.
                tracing::warn!(session = &*desk.name, %error, "a session that nobody was told of was not deleted");
            }
            session.core().note_gone();
        }
    }

    /// The work, and where it is done; `None` where there is none.
    fn at_counter<'a>(
        &'a mut self,
        desk: &'a Desk,
        session: &'a dyn OpenSession,
    ) -> Option<(Counter<'a>, &'a mut Work)> {
        let Backend::ServerSide(server) = &desk.backend else {
            return None;
        };
        let counter = Counter {
            desk,
            server,
            session,
        };
        Some((counter, self.work.as_mut()?))
    }
}

/// Where one session is served by its store.
struct Counter<'a> {
    desk: &'a Desk,
    server: &'a ServerSide,
    session: &'a dyn OpenSession,
}

impl Counter<'_> {
    async fn create(&self, work: &mut Work, meta: Meta) -> Result<Done, SessionError> {
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
                let place = Place {
                    token: Rc::new(token),
                    key,
                    revision,
                    principal: record.principal,
                };
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

    async fn update(&self, work: &mut Work, meta: Meta) -> Result<Done, SessionError> {
        let Some(place) = work.old.clone() else {
            return Ok(self.gone());
        };
        let mut draft = Draft::new(meta, place.revision);
        for round in 0..ROUNDS {
            let payload = draft.payload(work);
            let record = self.record(work, &draft.meta, payload, &place.token, &place.key)?;
            let updated = self
                .server
                .vault
                .update(&place.key, &record, draft.revision)
                .await;
            let updated = updated.map_err(|error| {
                self.note_doubt(work, record.write_id, &error);
                self.of_store(error)
            });
            match updated? {
                Outcome::Applied { revision, .. } => {
                    self.desk.report(Plan::Update(draft.meta), None);
                    let cookie = match work.mark.intent.lifetime {
                        Some(_) => {
                            Done::Pending(self.desk.token_cookie(&draft.meta, &place.token)?)
                        }
                        None => Done::Nothing,
                    };
                    let place = Place {
                        revision,
                        ..Place::clone(&place)
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

    async fn renew(&self, work: &mut Work, meta: Meta) -> Result<Done, SessionError> {
        let Some(place) = work.old.clone() else {
            return Ok(self.gone());
        };
        let (token, key) = self.token()?;
        let mut draft = Draft::new(meta, place.revision);
        for round in 0..ROUNDS {
            let cookie = self.desk.token_cookie(&draft.meta, &token)?;
            let record = self.record(work, &draft.meta, draft.payload(work), &token, &key)?;
            // Only who comes new to a principal is counted.
            let admission = self
                .admission(&record)
                .filter(|_| work.mark.intent.authenticated);
            let from = (&place.key, draft.revision);
            let renewed = self
                .server
                .vault
                .rename(from, &key, &record, admission)
                .await;
            match renewed.map_err(|error| self.of_store(error))? {
                Outcome::Applied { revision, evicted } => {
                    self.report_evicted(&evicted);
                    self.desk.tell(SessionEventKind::Renewed, draft.meta.handle);
                    let place = Place {
                        token: Rc::new(token),
                        key,
                        revision,
                        principal: record.principal,
                    };
                    self.note_drafted(work, draft, place);
                    return Ok(Done::Committed(cookie));
                }
                Outcome::Conflict => {
                    back_off(round).await;
                    if !self.join(work, &mut draft, &place).await? {
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
    async fn touch(&self, work: &Work, meta: Meta) -> Done {
        let Some(place) = &work.old else {
            return Done::Nothing;
        };
        match self
            .server
            .vault
            .touch(&place.key, meta.idle_deadline)
            .await
        {
            Ok(Touched::Applied) => {
                self.desk.report(Plan::Touch(meta), None);
                self.note_saved(work, Some(meta), Some(Place::clone(place)), Kept::AsBefore);
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
    async fn end(&self, work: &Work) -> Result<Done, SessionError> {
        let own = work.old.iter().map(|place| &place.key);
        for key in own.chain(self.session.core().strays()) {
            let deleted = self.server.vault.delete(key).await;
            deleted.map_err(|error| self.of_store(error))?;
        }
        self.end_renewed(work).await?;
        if let Some(handle) = work.handle {
            self.desk.tell(SessionEventKind::Destroyed, handle);
        }
        Ok(Done::Committed(self.desk.cookie.removal()))
    }

    /// Ends what another request renewed before the old key was deleted: its visitor's other tab must not stay logged in.
    async fn end_renewed(&self, work: &Work) -> Result<(), SessionError> {
        let vault = &self.server.vault;
        let principal = work.old.as_ref().and_then(|old| old.principal.clone());
        let (Some(principal), Some(handle)) = (principal, work.handle) else {
            return Ok(());
        };
        if vault.store().principals().is_none() {
            return Ok(());
        }
        // It is told of as the session that was ended, which it is.
        let untold = Listeners::default();
        let name = self.desk.name.clone();
        PrincipalSessions::new(vault.clone(), name, Some(principal), None, untold)?
            .end(handle)
            .await?;
        Ok(())
    }

    /// Joins what is to be written with what somebody else stored; `false` if the session has ended.
    async fn join(
        &self,
        work: &Work,
        draft: &mut Draft,
        place: &Place,
    ) -> Result<bool, SessionError> {
        let newest = self.server.vault.load(&place.key).await;
        let Some(newest) = newest.map_err(|error| self.of_store(error))? else {
            return Ok(false);
        };
        let revision = newest.revision;
        // To join ours with what holds ours already would count a sum twice.
        if !self.session.core().settle_doubt(newest.record.write_id) {
            return Err(self.of_store(StoreError::new(StoreErrorKind::TimedOut)));
        }
        let body = self
            .server
            .codec
            .read(newest.record, &place.token, &place.key)
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
        let codec = &self.server.codec;
        let length = codec.overhead() + payload.len();
        if length > self.server.max_length {
            let source = LengthError {
                length,
                limit: self.server.max_length,
            };
            return Err(self.desk.error(SessionErrorKind::TooLarge).because(source));
        }
        let body = codec.write(meta, payload, token, key);
        let body =
            body.map_err(|error| self.desk.error(SessionErrorKind::Unwritable).because(error))?;
        Ok(Record {
            handle: meta.handle,
            write_id: WriteId::generate(),
            created: meta.created,
            last_seen: self.desk.clock.now(),
            deadline: meta.idle_deadline,
            principal: work.principal.clone(),
            device: self.session.core().device().cloned(),
            body,
        })
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

    fn note_saved(&self, work: &Work, stored: Option<Meta>, place: Option<Place>, kept: Kept) {
        let saved = Saved {
            stored,
            place: place.map(Rc::new),
            kept,
        };
        let now = self.desk.clock.now();
        self.session.core().note_saved(saved, &work.mark, now);
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
        self.desk.error(SessionErrorKind::Conflict)
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
