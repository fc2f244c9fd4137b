use std::{
    borrow::Cow,
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
};

use crate::{
    cookie::SetCookie,
    error::{BuildError, MultiError, SessionError, SessionErrorKind},
    manager::{Desk, Visit},
    session::{Keeper as _, OpenSession, SessionData, Slot},
};

use super::Layer;

/// The sessions that a request has open.
pub(crate) struct OpenSessions {
    outermost: Rc<Layer>,
    /// The middlewares that the request passed since, innermost last.
    nested: RefCell<Vec<Rc<Layer>>>,
    visit: OnceCell<Visit>,
    entries: RefCell<Vec<Entry>>,
    head_left: Cell<bool>,
}

struct Entry {
    desk: Rc<Desk>,
    session: Rc<dyn OpenSession>,
}

/// What a response takes along.
#[derive(Debug)]
pub(crate) struct Departures {
    pub(crate) cookies: Vec<SetCookie>,
    pub(crate) result: Result<(), MultiError>,
}

impl OpenSessions {
    pub(crate) fn new(outermost: Rc<Layer>) -> Self {
        Self {
            outermost,
            nested: RefCell::default(),
            visit: OnceCell::new(),
            entries: RefCell::default(),
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
        self.entries.borrow().is_empty()
    }

    /// Notes what the request says about itself, if that is not known yet.
    pub(crate) fn note_visit(&self, visit: impl FnOnce() -> Visit) {
        self.visit.get_or_init(visit);
    }

    /// The session of this type and name; opened now unless it is.
    ///
    /// Refuses a name that is open as another type, and a type whose options are against a rule.
    pub(crate) fn open<T: SessionData>(
        &self,
        name: Cow<'static, str>,
    ) -> Result<Slot<T>, SessionError> {
        let open = self
            .entries
            .borrow()
            .iter()
            .find(|entry| entry.desk.name == name)
            .map(|entry| Rc::clone(&entry.session));
        if let Some(open) = open {
            return Slot::from_open(open)
                .ok_or_else(|| SessionError::new(SessionErrorKind::NameTaken, name));
        }
        let missing = |name| SessionError::new(SessionErrorKind::MiddlewareMissing, name);
        let Some(visit) = self.visit.get() else {
            return Err(missing(name));
        };
        let Some(desk) = self.desk::<T>(&name) else {
            return Err(missing(name));
        };
        let desk = desk.map_err(|rule| {
            SessionError::new(SessionErrorKind::Misconfigured, name).because(rule)
        })?;
        let slot = desk.enter(visit);
        let session = slot.to_open();
        if self.head_left.get() {
            session.core().note_head_left();
        }
        self.entries.borrow_mut().push(Entry { desk, session });
        Ok(slot)
    }

    /// Saves what is to be saved now, and reports.
    pub(crate) fn save_all(&self) -> Result<(), MultiError> {
        let entries = self.entries.borrow();
        MultiError::check(
            entries
                .iter()
                .filter_map(|entry| entry.desk.save(&*entry.session).err())
                .collect(),
        )
    }

    /// Notes that the response's head leaves: a session that is opened from here on can be read and no longer saved.
    pub(crate) fn note_head_left(&self) {
        self.head_left.set(true);
    }

    /// Settles every session: the response's head is about to leave.
    pub(crate) fn leave(&self, server_error: bool) -> Departures {
        let mut cookies = Vec::new();
        let mut committed = Vec::new();
        let mut errors = Vec::new();
        for entry in &*self.entries.borrow() {
            let departure = entry.desk.leave(&*entry.session, server_error);
            errors.extend(departure.error);
            committed.extend(departure.committed.clone());
            cookies.extend(departure.pending.or(departure.committed));
        }
        // All or no cookie: half of a change is worse than none.
        let result = MultiError::check(errors);
        Departures {
            cookies: if result.is_ok() { cookies } else { committed },
            result,
        }
    }

    #[expect(
        clippy::ptr_arg,
        reason = "a name from a constant is kept without a copy"
    )]
    fn desk<T: SessionData>(
        &self,
        name: &Cow<'static, str>,
    ) -> Option<Result<Rc<Desk>, BuildError>> {
        let nested = self.nested.borrow();
        nested
            .iter()
            .rev()
            .find_map(|layer| layer.desk::<T>(name))
            .or_else(|| self.outermost.desk::<T>(name))
    }
}
