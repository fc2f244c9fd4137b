use std::rc::Rc;

use actix_web::rt::{self, System};
use futures_util::{FutureExt as _, future::join_all};

use crate::{
    cookie::SetCookie,
    error::{Chain, SessionError, SessionErrorKind},
    session::{Kept, OpenSession, Saved, lifecycle::Plan},
    stores::CookieCodec,
};

use super::{
    Desk,
    desk::{Backend, Decision},
    errand::Errand,
    gate::Gate,
    work::Done,
};

/// What is done about a session when its request ends, or its handler says so.
///
/// What needs no store is done when it is made; the rest is an errand, which [`settle`] runs.
pub(crate) struct Departure {
    desk: Rc<Desk>,
    session: Rc<dyn OpenSession>,
    occasion: Occasion,
    errand: Option<Errand>,
    /// Goes in any case: the session it is about has ended or was renewed, or was saved by the handler.
    committed: Option<SetCookie>,
    /// Goes in its place if every session of the request was saved.
    pending: Option<SetCookie>,
    error: Option<SessionError>,
}

/// What a session leaves with.
pub(crate) struct Left {
    /// Goes in any case.
    pub(crate) committed: Option<SetCookie>,
    /// Goes in its place if all went well.
    pub(crate) pending: Option<SetCookie>,
    /// Goes with either: the cookie of another application ends with the session, or is not needed any more.
    pub(crate) foreign_removal: Option<SetCookie>,
    pub(crate) error: Option<SessionError>,
}

/// Why a session is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Occasion {
    /// The response's head is about to leave: all or no cookie.
    Leaving {
        /// What is not saved is dropped.
        failed: bool,
    },
    /// The handler wants to know now.
    Saving,
}

/// Runs what is left to do about several sessions: creates and updates first, then, unless one failed, renewals, and what ends in any case.
/// Before all that, what ends so that another may begin.
pub(crate) async fn settle(departures: &mut [Departure]) {
    take_turns(departures).await;
    each(departures, Departure::make_way).await;
    each(departures, Departure::write).await;
    let failed = fails(departures);
    each(departures, async |one| one.finish(failed).await).await;
    if fails(departures) {
        each(departures, Departure::withdraw).await;
    }
}

/// Takes a step with all of them at once.
async fn each(departures: &mut [Departure], step: impl AsyncFn(&mut Departure)) {
    match departures {
        [one] => step(one).await,
        several => {
            let step = &step;
            join_all(several.iter_mut().map(|one| async move { step(one).await })).await;
        }
    }
}

/// Settles what a handler saves at once, and answers what went wrong.
///
/// What is at the store is not dropped with the wait for it, where a visitor hangs up or a handler loses its patience: a logout would be
/// lost, a renewal's token told to nobody, and a write not known to have happened.
pub(crate) async fn settle_saves(mut departures: Vec<Departure>) -> Vec<SessionError> {
    let mut saves = async move {
        settle(&mut departures).await;
        let errors = departures.into_iter().filter_map(Departure::into_saved);
        errors.collect()
    }
    .boxed_local();
    // What needs no waiting needs no task either.
    if let Some(errors) = (&mut saves).now_or_never() {
        return errors;
    }
    if !System::is_registered() {
        return saves.await;
    }
    let lost = |_| vec![SessionError::new(SessionErrorKind::StoreUnavailable, "*")];
    rt::spawn(saves).await.unwrap_or_else(lost)
}

/// Waits for every session's turn, in the order in which the request opened them.
///
/// If some hold one session and wait for another, and others the other way round, all of them wait forever.
async fn take_turns(departures: &mut [Departure]) {
    let from_first = departures.iter_mut().skip_while(|one| !one.is_waiting());
    from_first.for_each(Departure::give_up_turn);
    for one in departures {
        one.wait().await;
    }
}

/// Whether sessions that leave together must not.
fn fails(departures: &[Departure]) -> bool {
    departures
        .iter()
        .any(|one| one.error.is_some() && one.occasion != Occasion::Saving)
}

impl Departure {
    /// The response's head is about to leave; `server_error` is its status being 500 or more. Nothing where nothing is to be done.
    pub(crate) fn leaving(
        desk: &Rc<Desk>,
        session: &Rc<dyn OpenSession>,
        server_error: bool,
    ) -> Option<Self> {
        session.core().note_settled();
        if desk.leaves_alone(session.core()) {
            return None;
        }
        let failed = server_error && !desk.save_on_server_error;
        let occasion = Occasion::Leaving { failed };
        Some(Self::begin(Rc::clone(desk), Rc::clone(session), occasion))
    }

    /// The handler saves at once.
    pub(crate) fn saving(desk: Rc<Desk>, session: Rc<dyn OpenSession>) -> Self {
        session.core().note_save();
        Self::begin(desk, session, Occasion::Saving)
    }

    /// Whether nothing is left to [`settle`].
    pub(crate) fn is_done(&self) -> bool {
        self.errand.is_none()
    }

    /// What the response takes along.
    pub(crate) fn into_left(self) -> Left {
        let core = self.session.core();
        let gate = self.desk.gate.as_ref().filter(|_| core.sheds_foreign());
        Left {
            committed: self.committed.or_else(|| core.take_outbox()),
            pending: self.pending,
            foreign_removal: gate.map(Gate::removal),
            error: self.error,
        }
    }

    /// Leaves the cookie for the response, and says what went wrong.
    pub(crate) fn into_saved(self) -> Option<SessionError> {
        if let Some(error) = &self.error {
            // A handler that passes it on with `?` tells no log. Visitors can bring about that one is too large, and a handler may tell them.
            let session = &*self.desk.name;
            match error.kind() {
                SessionErrorKind::TooLarge => {
                    tracing::warn!(session, error = %Chain(error), "session not saved");
                }
                _ => tracing::error!(session, error = %Chain(error), "session not saved"),
            }
        }
        if let Some(cookie) = self.pending.or(self.committed) {
            self.session.core().put_in_outbox(cookie);
        }
        self.session.core().note_save_ended();
        self.error
    }

    fn begin(desk: Rc<Desk>, session: Rc<dyn OpenSession>, occasion: Occasion) -> Self {
        let mut departure = Self {
            desk,
            session,
            occasion,
            errand: None,
            committed: None,
            pending: None,
            error: None,
        };
        let desk = Rc::clone(&departure.desk);
        match &desk.backend {
            Backend::ClientSide(codec) => departure.settle_cookie(codec),
            Backend::ServerSide(_) => match departure.session.core().try_turn() {
                Some(turn) => departure.decide(Errand::in_turn(turn)),
                None => departure.errand = Some(Errand::waiting()),
            },
        }
        departure
    }

    fn failed(&self) -> bool {
        self.occasion == Occasion::Leaving { failed: true }
    }

    /// Settles a session whose data travels in the cookie.
    fn settle_cookie(&mut self, codec: &CookieCodec) {
        let core = self.session.core();
        if self.occasion == Occasion::Saving && core.head_left() {
            self.error = Some(self.desk.error(SessionErrorKind::TooLate));
            return;
        }
        // An end is an end whatever else goes wrong, also where a new session was to take the old one's place.
        let ended = core.intent().destroyed && core.cookie_held();
        if ended && self.occasion != Occasion::Saving {
            self.committed = Some(self.desk.cookie.removal());
        }
        match self.cookie(codec) {
            Ok(cookie) => self.pending = cookie,
            Err(error) => self.fail(error),
        }
    }

    fn cookie(&self, codec: &CookieCodec) -> Result<Option<SetCookie>, SessionError> {
        let core = self.session.core();
        let mark = core.mark();
        let now = self.desk.clock.now();
        let Decision { plan, written } = self.desk.decide(&*self.session, self.failed(), now)?;
        let before = core.stored();
        let (stored, cookie) = match plan {
            Plan::Keep => return Ok(None),
            Plan::Destroy => (None, self.desk.cookie.removal()),
            Plan::Create(meta)
            | Plan::Update(meta)
            | Plan::Touch(meta)
            | Plan::Renew(meta)
            | Plan::Replace(meta) => {
                let buffer = self.desk.payload(&*self.session, written)?;
                let cookie = self.desk.sealed_cookie(codec, &meta, now, buffer)?;
                (Some(meta), cookie)
            }
        };
        self.desk.report(plan, before);
        if let Plan::Create(meta) = plan {
            self.desk.tell_import(core, meta.handle);
        }
        if self.occasion == Occasion::Saving {
            let saved = Saved {
                stored,
                place: None,
                kept: Kept::Unknown,
            };
            core.note_saved(saved, &mark, &self.desk.clock);
        }
        Ok(Some(cookie))
    }

    /// Decides what is to be done at the store.
    fn decide(&mut self, mut errand: Errand) {
        let core = self.session.core();
        if core.is_gone() && !core.intent().destroyed {
            if self.occasion == Occasion::Saving {
                self.error = Some(self.desk.error(SessionErrorKind::Gone));
            }
            return;
        }
        let decided = errand.decide(&self.desk, &*self.session, self.failed());
        let late = self.occasion == Occasion::Saving && core.head_left();
        let refused = match decided {
            Ok(()) if late && errand.needs_cookie(&*self.session) => {
                Some(self.desk.error(SessionErrorKind::TooLate))
            }
            Ok(()) => None,
            Err(error) => Some(error),
        };
        if let Some(error) = refused {
            // An end needs neither a cookie nor data that can be written.
            if !(core.intent().destroyed && core.cookie_held()) {
                return self.fail(error);
            }
            errand.only_end();
            self.error = Some(error);
        }
        if !errand.is_idle() {
            self.errand = Some(errand);
        }
    }

    fn is_waiting(&self) -> bool {
        self.errand.as_ref().is_some_and(Errand::is_waiting)
    }

    /// Lets others go first; what was decided is decided again.
    fn give_up_turn(&mut self) {
        if self.errand.take().is_some() {
            self.error = None;
            self.errand = Some(Errand::waiting());
        }
    }

    /// Waits for its turn where another save of the session is under way.
    async fn wait(&mut self) {
        if self.is_waiting() {
            let turn = self.session.core().turn().lock_owned().await;
            self.errand = None;
            self.decide(Errand::in_turn(turn));
        }
    }

    async fn make_way(&mut self) {
        if let Some(errand) = &mut self.errand {
            let done = errand.make_way(&self.desk, &*self.session).await;
            if done.is_err() {
                self.errand = None;
            }
            self.note(done);
        }
    }

    async fn write(&mut self) {
        if let Some(errand) = &mut self.errand {
            let done = errand.write(&self.desk, &*self.session).await;
            self.note(done);
        }
    }

    async fn finish(&mut self, failed: bool) {
        if let Some(errand) = &mut self.errand {
            let failed = failed || self.error.is_some();
            let done = errand.finish(&self.desk, &*self.session, failed).await;
            self.note(done);
        }
    }

    /// Takes back what was created and will not be told to anybody.
    async fn withdraw(&mut self) {
        self.pending = None;
        if let Some(errand) = &mut self.errand {
            errand.withdraw(&self.desk, &*self.session).await;
        }
    }

    fn note(&mut self, done: Result<Done, SessionError>) {
        match done {
            Ok(Done::Nothing) => {}
            Ok(Done::Pending(cookie)) => self.pending = Some(cookie),
            Ok(Done::Committed(cookie)) => self.committed = Some(cookie),
            Ok(Done::Gone) => {
                if self.occasion == Occasion::Saving {
                    self.error = Some(self.desk.error(SessionErrorKind::Gone));
                }
            }
            Err(error) => self.fail(error),
        }
    }

    /// Fails with the first error; but no page fails that only read what another application kept, because it cannot be kept here.
    fn fail(&mut self, error: SessionError) {
        let is_lasting = matches!(
            error.kind(),
            SessionErrorKind::TooLarge | SessionErrorKind::Unwritable
        );
        if self.occasion != Occasion::Saving && is_lasting && self.session.core().is_import_alone()
        {
            tracing::warn!(
                session = &*self.desk.name,
                %error,
                "an imported session cannot be kept, and is imported anew with each request; choose another store for it, or import less"
            );
            return;
        }
        self.error = self.error.take().or(Some(error));
    }
}
