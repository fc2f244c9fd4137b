use std::{error::Error as _, iter, rc::Rc, sync::Arc};

use futures_util::FutureExt as _;

use crate::{
    clock::Timestamp,
    error::SessionError,
    event::SessionEvent,
    import::{Foreign, Import, ImportRefusal, Refusal},
    session::{Begun, Imported, SessionData, Slot, new_meta},
    store::{Meta, Origin},
};

use super::{Desk, Visit, desk::Entering};

/// A visitor who holds the cookie of another application, and none of ours.
pub(super) struct Arrival<T> {
    desk: Rc<Desk>,
    visit: Visit<'static>,
    import: Arc<Import<T>>,
}

/// How many cookies of the foreign name are opened: a browser sends more than one only where paths or domains overlap.
const COOKIES: usize = 4;

impl<T: SessionData> Arrival<T> {
    /// Begins to look at what the visitor brings; `None` where that is nothing foreign, or something of ours.
    #[inline]
    pub(super) fn begin(desk: &Rc<Desk>, visit: &Visit<'_>) -> Option<Entering<T>> {
        // Most sessions have no gate.
        desk.gate.as_ref()?;
        Self::new(desk, visit).map(Self::enter)
    }

    fn new(desk: &Rc<Desk>, visit: &Visit<'_>) -> Option<Self> {
        let gate = desk.gate.as_ref()?;
        // Not even where ours does not open: what was refused in one format is not tried in another.
        let has_own = desk.cookie.values(&visit.cookies).next().is_some();
        if has_own || !gate.is_sought(&visit.cookies, desk.clock.now()) {
            return None;
        }
        Some(Self {
            import: gate.import()?,
            desk: Rc::clone(desk),
            visit: visit.kept(),
        })
    }

    fn enter(self) -> Entering<T> {
        let mut arriving = self.run().boxed_local();
        match (&mut arriving).now_or_never() {
            Some(slot) => Entering::Ready(slot),
            None => Entering::Pending(arriving),
        }
    }

    async fn run(self) -> Result<Slot<T>, SessionError> {
        let Self {
            desk,
            visit,
            import,
        } = &self;
        let now = desk.clock.now();
        let mut refusal = None;
        if let Some(gate) = &desk.gate {
            for value in gate.values(&visit.cookies).take(COOKIES) {
                let opened = import.open(value, now, gate.patience()).await;
                // An outage is no reason to let a visitor begin anew.
                let opened =
                    opened.map_err(|error| SessionError::of_store(desk.name.clone(), error))?;
                match opened.and_then(|foreign| self.accept(foreign, now)) {
                    Ok((data, written)) => {
                        let imported = Imported {
                            written,
                            removes_foreign: gate.removes_foreign(),
                        };
                        return Ok(self.seat(data, imported, now));
                    }
                    // The one that came furthest says most.
                    Err(other) => {
                        let reason = refusal.as_ref().map(Refusal::reason);
                        if reason < Some(other.reason()) {
                            refusal = Some(other);
                        }
                    }
                }
            }
        }
        if let Some(refusal) = refusal {
            self.report(&refusal);
        }
        desk.enter_by_own_cookie(visit).slot().await
    }

    /// Refuses what is too old to live here for a moment.
    fn accept(
        &self,
        foreign: Foreign<T>,
        now: Timestamp,
    ) -> Result<(T, Option<Timestamp>), Refusal> {
        let (data, written) = foreign.into_parts();
        let end = written.map(|written| written.saturating_add(self.desk.lifetime.absolute));
        if end.is_some_and(|end| end <= now) {
            return Err(ImportRefusal::Expired.into());
        }
        Ok((data, written))
    }

    fn seat(&self, data: T, imported: Imported, now: Timestamp) -> Slot<T> {
        // Nobody proved who they are to us: they did so over there, at that time or before.
        let authenticated = imported.written.map(|written| written.min(now));
        let meta = Meta {
            authenticated: authenticated.filter(|_| data.principal().is_some()),
            ..new_meta(now)
        };
        let begun: Begun = self.desk.begun(&self.visit, Origin::Imported, false, meta);
        Slot::imported(begun, data, imported)
    }

    fn report(&self, refusal: &Refusal) {
        let desk = &self.desk;
        let (session, cookie) = (&*desk.name, self.import.cookie().name());
        let causes = iter::successors(refusal.source(), |error| (*error).source());
        let causes: Vec<String> = causes.map(ToString::to_string).collect();
        let error = causes.join(": ");
        match refusal.reason() {
            // The keys are right, so somebody's session is lost by how the import is configured. Not so where the function failed: most often there
            // is nobody logged in, and its words may be about a person.
            ImportRefusal::Undecodable => {
                tracing::warn!(session, cookie, error, "{refusal}");
            }
            _ => tracing::debug!(session, cookie, error, "{refusal}"),
        }
        desk.listeners
            .tell(&SessionEvent::not_imported(refusal.reason(), session));
    }
}
