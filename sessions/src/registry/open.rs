use std::{
    borrow::Cow,
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
};

use crate::{
    cookie::SetCookie,
    error::{MultiError, SessionError, SessionErrorKind},
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
    /// The middleware that answered for it.
    layer: Rc<Layer>,
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
    /// Refuses a name that is another type's, options against a rule, and a session that is open with the options of another middleware.
    pub(crate) fn open<T: SessionData>(
        &self,
        name: Cow<'static, str>,
    ) -> Result<Slot<T>, SessionError> {
        let (Some(visit), Some(layer)) = (self.visit.get(), self.answering::<T>(&name)) else {
            return Err(SessionError::new(SessionErrorKind::MiddlewareMissing, name));
        };
        if let Some(open) = self.already_open::<T>(&name, &layer) {
            return open.map_err(|kind| SessionError::new(kind, name));
        }
        let desk = layer.desk::<T>(name)?;
        let mut others = self.layers().filter(|other| !Rc::ptr_eq(other, &layer));
        if others.any(|other| other.is_foreign::<T>(&desk)) {
            return Err(SessionError::new(
                SessionErrorKind::NameTaken,
                desk.name.clone(),
            ));
        }
        let slot = desk.enter(visit);
        let session = slot.to_open();
        if self.head_left.get() {
            session.core().note_head_left();
        }
        self.entries.borrow_mut().push(Entry {
            layer,
            desk,
            session,
        });
        Ok(slot)
    }

    fn already_open<T: SessionData>(
        &self,
        name: &str,
        layer: &Rc<Layer>,
    ) -> Option<Result<Slot<T>, SessionErrorKind>> {
        let entries = self.entries.borrow();
        let entry = entries.iter().find(|entry| entry.desk.name == name)?;
        let Some(slot) = Slot::from_open(Rc::clone(&entry.session)) else {
            return Some(Err(SessionErrorKind::NameTaken));
        };
        // What was opened outside has the outer options; to go on with it would ignore those of the route.
        let same = Rc::ptr_eq(&entry.layer, layer) || self.head_left.get();
        Some(if same {
            Ok(slot)
        } else {
            Err(SessionErrorKind::OptionsDiffer)
        })
    }

    /// The innermost middleware that answers for a type.
    fn answering<T: SessionData>(&self, name: &str) -> Option<Rc<Layer>> {
        self.layers().find(|layer| layer.answers::<T>(name))
    }

    /// The middlewares around the request, innermost first.
    fn layers(&self) -> impl Iterator<Item = Rc<Layer>> {
        let nested: Vec<_> = self.nested.borrow().iter().rev().cloned().collect();
        nested.into_iter().chain([Rc::clone(&self.outermost)])
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
        // curl brings a cookie back that was removed before another one was set.
        cookies.sort_by_key(SetCookie::removes);
        committed.sort_by_key(SetCookie::removes);
        Departures {
            cookies: if result.is_ok() { cookies } else { committed },
            result,
        }
    }
}
