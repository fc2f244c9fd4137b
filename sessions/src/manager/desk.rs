use std::{borrow::Cow, rc::Rc};

use futures_util::{FutureExt as _, future::LocalBoxFuture};

use crate::{
    clock::{Clock, Timestamp},
    cookie::{LineError, MaxAge, SessionCookie, SetCookie},
    data::{self, OnConflict},
    error::{SessionError, SessionErrorKind},
    event::{Listeners, SessionEvent, SessionEventKind},
    session::{
        Begun, FlashRule, Keeper, Lifetime, OpenSession, SessionData, Slot, SlotCore,
        lifecycle::{Facts, Plan, decide},
        new_meta,
    },
    store::{Admission, Handle, Meta, Origin, Persistence, Principal, Rejection, Token},
    stores::CookieCodec,
    vault::{BodyCodec, PrincipalSessions, Vault},
};

use super::{
    Audience, Departure, DeviceAddress, Visit, arrival::Arrival, gate::Gate, search::Search,
    settle_saves,
};

/// One session name as it was configured.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) name: Cow<'static, str>,
    pub(crate) cookie: SessionCookie,
    pub(crate) max_age: MaxAge,
    pub(crate) backend: Backend,
    pub(crate) lifetime: Lifetime,
    pub(crate) save_on_server_error: bool,
    pub(crate) flash_on_prefetch: bool,
    /// Data of a newer version is an error, not a new session.
    pub(crate) refuse_newer: bool,
    pub(crate) clock: Clock,
    pub(crate) listeners: Listeners,
    /// For visitors who hold a session of another application.
    pub(crate) gate: Option<Gate>,
}

/// Where the data stays.
#[derive(Debug)]
pub(crate) enum Backend {
    ClientSide(CookieCodec),
    ServerSide(ServerSide),
}

/// How sessions are kept in a store.
#[derive(Debug)]
pub(crate) struct ServerSide {
    pub(crate) vault: Vault,
    pub(crate) codec: BodyCodec,
    pub(crate) admission: Option<Admission>,
    pub(crate) on_conflict: OnConflict,
    /// Of a record's body, in bytes.
    pub(crate) max_length: usize,
    pub(crate) device: Option<DeviceAddress>,
}

/// A session that is there at once, or after its store was asked.
pub(crate) enum Entering<T: SessionData> {
    Ready(Result<Slot<T>, SessionError>),
    Pending(LocalBoxFuture<'static, Result<Slot<T>, SessionError>>),
}

impl<T: SessionData> Entering<T> {
    pub(crate) async fn slot(self) -> Result<Slot<T>, SessionError> {
        match self {
            Self::Ready(slot) => slot,
            Self::Pending(slot) => slot.await,
        }
    }
}

/// What becomes of a session, and the payload to be written.
pub(super) struct Decision {
    pub(super) plan: Plan,
    /// Behind what the cookie codec reserves; `None` where the data is not written anew.
    pub(super) written: Option<Vec<u8>>,
}

impl Desk {
    /// Seats the session that a request brought, or a new one.
    pub(crate) fn enter<T: SessionData>(self: &Rc<Self>, visit: &Visit<'_>) -> Entering<T> {
        match Arrival::begin(self, visit) {
            Some(entering) => entering,
            None => self.enter_by_own_cookie(visit),
        }
    }

    /// The same without a look at what other applications left.
    pub(crate) fn enter_by_own_cookie<T: SessionData>(
        self: &Rc<Self>,
        visit: &Visit<'_>,
    ) -> Entering<T> {
        match &self.backend {
            Backend::ClientSide(codec) => Entering::Ready(self.open(codec, visit)),
            Backend::ServerSide(_) => Search::new(Rc::clone(self)).begin(visit),
        }
    }

    /// Opens the cookie that holds the session.
    fn open<T: SessionData>(
        self: &Rc<Self>,
        codec: &CookieCodec,
        visit: &Visit<'_>,
    ) -> Result<Slot<T>, SessionError> {
        let now = self.clock.now();
        let mut cookie_held = false;
        let mut rejection = None;
        // A browser sends the cookies of several paths and domains under one name, in an order that says nothing (RFC 6265bis, section 5.8.3).
        for value in self.cookie.values(&visit.cookies) {
            cookie_held = true;
            match self.seat(codec, visit, value, now) {
                Ok(slot) => return Ok(slot),
                Err(reason) => rejection = Some(self.graver(rejection, reason)),
            }
        }
        let begun = self.begun_anew(visit, rejection, cookie_held, now)?;
        Ok(Slot::fresh(begun))
    }

    fn seat<T: SessionData>(
        self: &Rc<Self>,
        codec: &CookieCodec,
        visit: &Visit<'_>,
        value: &[u8],
        now: Timestamp,
    ) -> Result<Slot<T>, Rejection> {
        let opened = codec.open(value, now)?;
        let decoded = data::decode(opened.payload.as_bytes())?;
        let mut begun = self.begun(visit, Origin::Loaded, true, opened.meta);
        begun.retired = opened.retired;
        Ok(Slot::loaded(begun, decoded, opened.payload))
    }

    /// Of two reasons not to accept what a request brought, the one that is told: what came furthest says most.
    pub(super) fn graver(&self, one: Option<Rejection>, other: Rejection) -> Rejection {
        // An expired cookie beside it must not have a newer session begun anew.
        if one.is_some_and(|one| self.refuses(one)) || self.refuses(other) {
            return Rejection::NewerVersion;
        }
        one.map_or(other, |one| one.max(other))
    }

    /// Whether what was rejected is an error, so that nobody can write over it.
    pub(super) fn refuses(&self, reason: Rejection) -> bool {
        self.refuse_newer && reason == Rejection::NewerVersion
    }

    /// Begins a session for a visitor who brought none that is accepted, unless that one is to be waited for.
    pub(super) fn begun_anew(
        self: &Rc<Self>,
        visit: &Visit<'_>,
        rejection: Option<Rejection>,
        cookie_held: bool,
        now: Timestamp,
    ) -> Result<Begun, SessionError> {
        if let Some(reason) = rejection {
            self.listeners
                .tell(&SessionEvent::rejected(reason, &self.name));
            if self.refuses(reason) {
                return Err(self.error(SessionErrorKind::NewerVersion));
            }
        }
        let origin = rejection.map_or(Origin::New, Origin::Rejected);
        Ok(self.begun(visit, origin, cookie_held, new_meta(now)))
    }

    pub(super) fn begun(
        self: &Rc<Self>,
        visit: &Visit<'_>,
        origin: Origin,
        cookie_held: bool,
        meta: Meta,
    ) -> Begun {
        let read = match visit.audience {
            Audience::Somebody => true,
            Audience::Prefetch => self.flash_on_prefetch,
            Audience::Nobody => false,
        };
        let flash_rule = if read {
            FlashRule::Read
        } else {
            FlashRule::Leave
        };
        let gate = self.gate.as_ref();
        let import_open = gate.is_some_and(|gate| gate.is_open(self.clock.now()));
        let led_nowhere = matches!(origin, Origin::Rejected(_));
        let brings = |gate: &Gate| gate.is_sought(&visit.cookies, self.clock.now());
        let foreign_unread = cookie_held && led_nowhere && gate.is_some_and(brings);
        let device = match &self.backend {
            Backend::ClientSide(_) => None,
            Backend::ServerSide(server) => server.device,
        };
        Begun {
            keeper: Rc::clone(self) as _,
            origin,
            flash_rule,
            // Whoever ends the session ends what it could come back from, which a browser holds that does not send it here: its path is another,
            // or its `SameSite` is `Strict`.
            cookie_held: cookie_held || import_open,
            retired: false,
            meta,
            place: None,
            strays: Vec::new(),
            device: device.and_then(|address| visit.device(address).cloned()),
            import_open,
            foreign_unread,
        }
    }

    /// Whether a session that leaves needs nothing to be done about it: most are only read.
    pub(super) fn leaves_alone(&self, core: &SlotCore) -> bool {
        !core.is_asked()
            && !core.may_hold_cookie()
            && self.plan(core, false, false, self.clock.now()) == Plan::Keep
    }

    /// Decides what becomes of a session; `failed` drops what is not saved.
    pub(super) fn decide(
        &self,
        session: &dyn OpenSession,
        failed: bool,
        now: Timestamp,
    ) -> Result<Decision, SessionError> {
        let core = session.core();
        let mut written = None;
        if core.is_written() && !failed {
            let buffer = self.encode(session)?;
            if core.differs(buffer.get(self.payload_start()..).unwrap_or_default()) {
                written = Some(buffer);
            }
        }
        let plan = self.plan(core, written.is_some(), failed, now);
        Ok(Decision { plan, written })
    }

    fn plan(&self, core: &SlotCore, changed: bool, failed: bool, now: Timestamp) -> Plan {
        decide(&Facts {
            stored: core.stored(),
            seen: core.seen(),
            intent: core.intent(),
            cookie_held: core.cookie_held(),
            changed,
            imported_from: core.imported().and_then(|imported| imported.written),
            retired: core.is_retired(),
            failed,
            now,
            lifetime: self.lifetime,
        })
    }

    /// The payload of a session, behind what the cookie codec reserves.
    pub(super) fn payload(
        &self,
        session: &dyn OpenSession,
        written: Option<Vec<u8>>,
    ) -> Result<Vec<u8>, SessionError> {
        if let Some(buffer) = written {
            return Ok(buffer);
        }
        // Unchanged data goes on byte for byte: encoded anew it might be of a version that older code cannot read yet.
        if let Some(loaded) = session.core().loaded() {
            let mut buffer = self.buffer(loaded.as_bytes().len());
            buffer.extend_from_slice(loaded.as_bytes());
            return Ok(buffer);
        }
        self.encode(session)
    }

    /// Whom a session belongs to, as its store's index sees it.
    pub(super) fn owner(
        &self,
        session: &dyn OpenSession,
    ) -> Result<Option<Principal>, SessionError> {
        match &self.backend {
            Backend::ClientSide(_) => Ok(None),
            Backend::ServerSide(server) => {
                let principal = session.principal()?;
                Ok(principal.map(|principal| server.codec.principal(&principal)))
            }
        }
    }

    fn encode(&self, session: &dyn OpenSession) -> Result<Vec<u8>, SessionError> {
        let expected = session
            .core()
            .loaded()
            .map_or(256, |loaded| loaded.as_bytes().len() + 64);
        let mut buffer = self.buffer(expected);
        session.encode(&mut buffer)?;
        Ok(buffer)
    }

    fn buffer(&self, payload_len: usize) -> Vec<u8> {
        match &self.backend {
            Backend::ClientSide(codec) => codec.buffer(payload_len),
            Backend::ServerSide(_) => Vec::with_capacity(payload_len),
        }
    }

    fn payload_start(&self) -> usize {
        match &self.backend {
            Backend::ClientSide(codec) => codec.payload_start(),
            Backend::ServerSide(_) => 0,
        }
    }

    /// The cookie that holds a session.
    pub(super) fn sealed_cookie(
        &self,
        codec: &CookieCodec,
        meta: &Meta,
        now: Timestamp,
        mut buffer: Vec<u8>,
    ) -> Result<SetCookie, SessionError> {
        let mut sealed = Ok(());
        let line = self.line(meta, now, codec.value_len(&buffer), |value| {
            sealed = codec.seal(meta, now, &mut buffer);
            CookieCodec::write_value(&buffer, value);
        });
        sealed.map_err(|refused| self.error(SessionErrorKind::Unwritable).because(refused))?;
        line
    }

    /// The cookie that leads to a session.
    pub(super) fn token_cookie(
        &self,
        meta: &Meta,
        token: &Token,
    ) -> Result<SetCookie, SessionError> {
        self.line(meta, self.clock.now(), Token::ENCODED_LEN, |value| {
            token.write_value(value);
        })
    }

    fn line(
        &self,
        meta: &Meta,
        now: Timestamp,
        value_len: usize,
        write_value: impl FnOnce(&mut Vec<u8>),
    ) -> Result<SetCookie, SessionError> {
        let max_age = match meta.persistence {
            Persistence::ForgottenOnClose => None,
            Persistence::Configured => self.max_age.seconds(meta.time_left(now)),
            Persistence::Remembered => MaxAge::UntilDeadline.seconds(meta.time_left(now)),
        };
        let line = self.cookie.line(value_len, max_age, write_value);
        line.map_err(|refused| match refused {
            LineError::TooLarge(sizes) => self.error(SessionErrorKind::TooLarge).because(sizes),
            LineError::Malformed => self.error(SessionErrorKind::Unwritable).because(refused),
        })
    }

    pub(super) fn error(&self, kind: SessionErrorKind) -> SessionError {
        SessionError::new(kind, self.name.clone())
    }

    pub(super) fn tell(&self, kind: SessionEventKind, handle: Handle) {
        self.listeners
            .tell(&SessionEvent::of(kind, &self.name, handle));
    }

    /// Tells that a session which was just created had been another application's.
    pub(super) fn tell_import(&self, core: &SlotCore, handle: Handle) {
        if core.imported().is_some() {
            self.tell(SessionEventKind::Imported, handle);
        }
    }

    /// Tells what was done about a session.
    pub(super) fn report(&self, plan: Plan, before: Option<Meta>) {
        match plan {
            Plan::Keep => {}
            Plan::Update(meta) => {
                tracing::debug!(session = &*self.name, handle = %meta.handle, "session updated");
            }
            Plan::Touch(meta) => {
                tracing::debug!(session = &*self.name, handle = %meta.handle, "session touched");
            }
            Plan::Create(meta) => self.tell(SessionEventKind::Created, meta.handle),
            Plan::Renew(meta) => self.tell(SessionEventKind::Renewed, meta.handle),
            Plan::Destroy => self.report_end(before),
            Plan::Replace(meta) => {
                self.report_end(before);
                self.tell(SessionEventKind::Created, meta.handle);
            }
        }
    }

    /// Of what was not accepted there is nothing to tell: nobody knows what it was.
    fn report_end(&self, before: Option<Meta>) {
        if let Some(before) = before {
            self.tell(SessionEventKind::Destroyed, before.handle);
        }
    }
}

impl Keeper for Desk {
    fn name(&self) -> &str {
        &self.name
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn is_client_side(&self) -> bool {
        match self.backend {
            Backend::ClientSide(_) => true,
            Backend::ServerSide(_) => false,
        }
    }

    fn save(
        self: Rc<Self>,
        session: Rc<dyn OpenSession>,
    ) -> LocalBoxFuture<'static, Result<(), SessionError>> {
        async move {
            let departures = vec![Departure::saving(self, session)];
            let errors = settle_saves(departures).await;
            errors.into_iter().next().map_or(Ok(()), Err)
        }
        .boxed_local()
    }

    fn of_principal(
        &self,
        principal: Option<&str>,
        current: Option<Handle>,
    ) -> Result<PrincipalSessions, SessionError> {
        let Backend::ServerSide(server) = &self.backend else {
            return Err(self.error(SessionErrorKind::NoPrincipalIndex));
        };
        PrincipalSessions::new(
            server.vault.clone(),
            self.name.clone(),
            principal.map(|principal| server.codec.principal(principal)),
            current,
            self.listeners.clone(),
        )
    }
}

impl From<data::DecodeError> for Rejection {
    fn from(error: data::DecodeError) -> Self {
        match error.kind() {
            data::DecodeErrorKind::NewerVersion => Self::NewerVersion,
            data::DecodeErrorKind::UnknownVersion => Self::UnknownVersion,
            data::DecodeErrorKind::Malformed => Self::Undecodable,
        }
    }
}
