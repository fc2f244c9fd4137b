use std::{
    any::TypeId,
    borrow::Cow,
    cell::{Cell, RefCell},
    rc::Rc,
};

use futures_util::{
    FutureExt as _,
    future::{LocalBoxFuture, Shared},
};
use smallvec::SmallVec;

use crate::{
    cookie::SetCookie,
    error::{MultiError, SessionError, SessionErrorKind},
    manager::{Departure, Desk, DeviceAddress, Entering, Visit, settle, settle_saves},
    session::{OpenSession, SessionData, Slot},
};

use super::Layer;

/// The sessions that a request has open.
pub(crate) struct OpenSessions {
    outermost: Rc<Layer>,
    /// The middlewares that the request passed since, innermost last.
    nested: RefCell<Vec<Rc<Layer>>>,
    /// Most requests have one.
    entries: RefCell<SmallVec<[Entry; 1]>>,
    /// The handler was told what a session of the visitor's holds that is not among the entries.
    read_beside: Cell<bool>,
    head_left: Cell<bool>,
}

struct Entry {
    type_id: TypeId,
    /// The middleware that answered for it.
    layer: Rc<Layer>,
    desk: Rc<Desk>,
    session: Opened,
}

/// A session of a request, or why there is none.
enum Opened {
    Ready(Result<Rc<dyn OpenSession>, SessionError>),
    /// Its store was asked: once, whoever waits for the answer.
    Pending {
        session: Shared<LocalBoxFuture<'static, Result<Rc<dyn OpenSession>, SessionError>>>,
        /// Whether the head of the response has left meanwhile.
        head_left: Rc<Cell<bool>>,
    },
}

impl Opened {
    /// The session or the error, if that is known.
    fn known(&self) -> Option<&Result<Rc<dyn OpenSession>, SessionError>> {
        match self {
            Self::Ready(session) => Some(session),
            Self::Pending { session, .. } => session.peek(),
        }
    }

    fn note_head_left(&self) {
        if let Self::Pending { head_left, .. } = self {
            head_left.set(true);
        }
        if let Some(Ok(session)) = self.known() {
            session.core().note_head_left();
        }
    }
}

/// What a response takes along.
#[derive(Debug)]
pub(crate) struct Departures {
    pub(crate) cookies: Vec<SetCookie>,
    pub(crate) result: Result<(), MultiError>,
}

impl Departures {
    /// Nothing, and nothing went wrong.
    const NONE: Self = Self {
        cookies: Vec::new(),
        result: Ok(()),
    };

    /// Of a task that came to no end: what became of the sessions is not known.
    pub(crate) fn lost() -> Self {
        let error = SessionError::new(SessionErrorKind::StoreUnavailable, "*");
        Self {
            cookies: Vec::new(),
            result: MultiError::check(vec![error]),
        }
    }
}

/// The sessions of a request on their way out.
pub(crate) struct Leaving {
    departures: Vec<Departure>,
}

impl Leaving {
    /// Whether nothing is left to do at any store.
    pub(crate) fn is_done(&self) -> bool {
        self.departures.iter().all(Departure::is_done)
    }

    /// Does what is left to do.
    pub(crate) async fn run(mut self) -> Departures {
        settle(&mut self.departures).await;
        self.finish()
    }

    pub(crate) fn finish(self) -> Departures {
        // Most requests change nothing.
        if self.departures.is_empty() {
            return Departures::NONE;
        }
        let mut cookies = Vec::with_capacity(self.departures.len());
        let mut committed = Vec::new();
        let mut errors = Vec::new();
        for departure in self.departures {
            let left = departure.into_left();
            errors.extend(left.error);
            if let Some(done) = &left.committed {
                committed.push(done.clone());
                committed.extend(left.foreign_removal.clone());
            }
            if let Some(cookie) = left.pending.or(left.committed) {
                cookies.push(cookie);
                cookies.extend(left.foreign_removal);
            }
        }
        // All or no cookie: half of a change is worse than none.
        let result = MultiError::check(errors);
        // curl brings a cookie back that was removed before another one was set.
        cookies.sort_by_key(SetCookie::removes);
        committed.sort_by_key(SetCookie::removes);
        Departures {
            cookies: if result.is_ok() { cookies } else { committed },
            result,
        }
    }
}

impl OpenSessions {
    #[inline]
    pub(crate) fn new(outermost: Rc<Layer>) -> Self {
        Self {
            outermost,
            nested: RefCell::default(),
            entries: RefCell::default(),
            read_beside: Cell::new(false),
            head_left: Cell::new(false),
        }
    }

    /// A middleware inside another one: it answers first.
    pub(crate) fn enter_layer(&self, layer: Rc<Layer>) {
        self.nested.borrow_mut().push(layer);
    }

    pub(crate) fn leave_layer(&self) {
        self.nested.borrow_mut().pop();
    }

    /// Whether no handler asked for a session.
    pub(crate) fn is_untouched(&self) -> bool {
        self.entries.borrow().is_empty() && !self.read_beside.get()
    }

    /// How those middlewares around the request that keep where its visitors come from are told.
    pub(crate) fn devices(&self) -> Vec<DeviceAddress> {
        let mut devices = Vec::new();
        for layer in self.nested.borrow().iter().chain([&self.outermost]) {
            for address in layer.devices() {
                if !devices.contains(address) {
                    devices.push(*address);
                }
            }
        }
        devices
    }

    /// The session of this type and name; opened now unless it is.
    ///
    /// Refuses a name that is another type's, options against a rule, and a session that is open with the options of another middleware.
    pub(crate) fn open<T: SessionData>(
        &self,
        name: Cow<'static, str>,
        visit: &Visit<'_>,
    ) -> Entering<T> {
        match self.find_or_enter(name, visit) {
            Ok(entering) => entering,
            Err(error) => Entering::Ready(Err(error)),
        }
    }

    /// What the visitor's cookie leads to now, beside what the request has open: a session of nobody's, which is never saved.
    pub(crate) fn open_beside<T: SessionData>(
        &self,
        name: Cow<'static, str>,
        visit: &Visit<'_>,
    ) -> Result<Entering<T>, SessionError> {
        let layer = self.answer_for::<T>(&name);
        self.read_beside.set(true);
        // What another application left is not stored here.
        Ok(self.desk::<T>(&layer, name)?.enter_by_own_cookie(visit))
    }

    fn find_or_enter<T: SessionData>(
        &self,
        name: Cow<'static, str>,
        visit: &Visit<'_>,
    ) -> Result<Entering<T>, SessionError> {
        let layer = self.answer_for::<T>(&name);
        if let Some(open) = self.already_open::<T>(&name, &layer) {
            return open.map_err(|kind| SessionError::new(kind, name));
        }
        let desk = self.desk::<T>(&layer, name)?;
        let (entering, session) = match desk.enter::<T>(visit) {
            Entering::Ready(slot) => {
                let session = slot.as_ref().map(Slot::to_open).map_err(Clone::clone);
                (Entering::Ready(slot), Opened::Ready(session))
            }
            Entering::Pending(slot) => {
                let head_left = Rc::new(Cell::new(false));
                let has_left = Rc::clone(&head_left);
                let session = slot.map(move |slot| {
                    let session = slot?.to_open();
                    if has_left.get() {
                        session.core().note_head_left();
                    }
                    Ok(session)
                });
                let session = session.boxed_local().shared();
                let entering = entering(&desk, session.clone());
                (entering, Opened::Pending { session, head_left })
            }
        };
        if self.head_left.get() {
            session.note_head_left();
        }
        self.entries.borrow_mut().push(Entry {
            type_id: TypeId::of::<T>(),
            layer,
            desk,
            session,
        });
        Ok(entering)
    }

    /// The innermost middleware that answers for a type; the outermost has to, or there is no [`desk`](Self::desk).
    fn answer_for<T: SessionData>(&self, name: &str) -> Rc<Layer> {
        let nested = self.nested.borrow();
        let mut innermost_first = nested.iter().rev();
        let layer = innermost_first.find(|layer| layer.answers::<T>(name));
        Rc::clone(layer.unwrap_or(&self.outermost))
    }

    fn desk<T: SessionData>(
        &self,
        layer: &Rc<Layer>,
        name: Cow<'static, str>,
    ) -> Result<Rc<Desk>, SessionError> {
        let desk = layer.desk::<T>(name)?;
        let nested = self.nested.borrow();
        let mut others = nested
            .iter()
            .chain([&self.outermost])
            .filter(|other| !Rc::ptr_eq(other, layer));
        if others.any(|other| other.is_foreign::<T>(&desk)) {
            return Err(SessionError::new(
                SessionErrorKind::NameTaken,
                desk.name.clone(),
            ));
        }
        Ok(desk)
    }

    fn already_open<T: SessionData>(
        &self,
        name: &str,
        layer: &Rc<Layer>,
    ) -> Option<Result<Entering<T>, SessionErrorKind>> {
        let entries = self.entries.borrow();
        let entry = entries.iter().find(|entry| entry.desk.name == name)?;
        if entry.type_id != TypeId::of::<T>() {
            return Some(Err(SessionErrorKind::NameTaken));
        }
        // What was opened outside has the outer options; to go on with it would ignore those of the route.
        let same = Rc::ptr_eq(&entry.layer, layer) || self.head_left.get();
        if !same {
            return Some(Err(SessionErrorKind::OptionsDiffer));
        }
        Some(Ok(match (&entry.session, entry.session.known()) {
            (_, Some(known)) => Entering::Ready(typed(&entry.desk, known.clone())),
            (Opened::Pending { session, .. }, None) => entering(&entry.desk, session.clone()),
            (Opened::Ready(known), None) => Entering::Ready(typed(&entry.desk, known.clone())),
        }))
    }

    /// Saves what is to be saved now, and reports.
    pub(crate) async fn save_all(&self) -> Result<(), MultiError> {
        MultiError::check(
            settle_saves(self.known(|desk, session| {
                Some(Departure::saving(Rc::clone(desk), Rc::clone(session)))
            }))
            .await,
        )
    }

    /// Notes that the response's head leaves: what needs a cookie can no longer be saved.
    pub(crate) fn note_head_left(&self) {
        self.head_left.set(true);
        for entry in self.entries.borrow().iter() {
            entry.session.note_head_left();
        }
    }

    /// Begins to settle every session: the response's head is about to leave.
    pub(crate) fn leave(&self, server_error: bool) -> Leaving {
        Leaving {
            departures: self.known(|desk, session| Departure::leaving(desk, session, server_error)),
        }
    }

    /// Begins with each session that is there; what could not be opened, or is still being asked for, is nobody's.
    fn known(
        &self,
        begin: impl Fn(&Rc<Desk>, &Rc<dyn OpenSession>) -> Option<Departure>,
    ) -> Vec<Departure> {
        let entries = self.entries.borrow();
        let mut departures = Vec::new();
        for (place, entry) in entries.iter().enumerate() {
            let Some(Ok(session)) = entry.session.known() else {
                continue;
            };
            if let Some(departure) = begin(&entry.desk, session) {
                // A departure is large.
                departures.reserve_exact(entries.len() - place);
                departures.push(departure);
            }
        }
        departures
    }
}

/// Waits for the one answer.
fn entering<T: SessionData>(
    desk: &Rc<Desk>,
    shared: Shared<LocalBoxFuture<'static, Result<Rc<dyn OpenSession>, SessionError>>>,
) -> Entering<T> {
    let desk = Rc::clone(desk);
    Entering::Pending(shared.map(move |known| typed(&desk, known)).boxed_local())
}

/// The session with its type again, which is the one it was opened as.
fn typed<T: SessionData>(
    desk: &Desk,
    known: Result<Rc<dyn OpenSession>, SessionError>,
) -> Result<Slot<T>, SessionError> {
    Slot::from_open(known?)
        .ok_or_else(|| SessionError::new(SessionErrorKind::NameTaken, desk.name.clone()))
}
