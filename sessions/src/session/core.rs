use std::{
    any::Any,
    cell::{Cell, RefCell},
    fmt,
    rc::Rc,
};

use crate::{
    clock::Timestamp,
    cookie::SetCookie,
    error::SessionError,
    store::{Handle, Meta, Origin, Payload, Persistence},
};

use super::lifecycle::{Intent, NewLifetime};

/// What a seated session asks of the hall behind it.
pub(crate) trait Keeper {
    fn name(&self) -> &str;

    fn now(&self) -> Timestamp;

    /// Whether a renewed session is given another handle: where the handle is all the identity there is.
    fn renews_handle(&self) -> bool;

    /// Saves at once, and leaves the cookie in the slot's outbox.
    fn save(&self, session: &dyn OpenSession) -> Result<(), SessionError>;
}

/// A seated session without its type.
pub(crate) trait OpenSession {
    fn core(&self) -> &SlotCore;

    /// Appends the data's payload to `out`.
    ///
    /// Refuses while a guard is alive, when a field cannot be written, and when the principal was changed behind the setter's back.
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), SessionError>;

    fn into_any(self: Rc<Self>) -> Rc<dyn Any>;
}

/// Whether flash fields are read in this request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlashRule {
    Read,
    /// Nobody will see this response: messages wait for one that somebody does.
    Leave,
}

/// A session that the hall is about to seat.
pub(crate) struct Begun {
    pub(crate) keeper: Rc<dyn Keeper>,
    pub(crate) origin: Origin,
    pub(crate) flash_rule: FlashRule,
    pub(crate) cookie_held: bool,
    /// The key it was sealed with is on its way out.
    pub(crate) retired: bool,
    pub(crate) meta: Meta,
}

/// The state of a seated session that does not depend on its type.
#[derive(Debug)]
pub(crate) struct SlotCore {
    origin: Origin,
    flash_rule: FlashRule,
    retired: bool,
    /// What the store held, byte for byte.
    loaded: Option<Payload>,
    /// Neither ended nor overwritten by a save in this request.
    loaded_is_current: Cell<bool>,
    stored: Cell<Option<Meta>>,
    seen: Cell<Meta>,
    intent: Cell<Intent>,
    cookie_held: Cell<bool>,
    written: Cell<bool>,
    baseline: RefCell<Baseline>,
    head_left: Cell<bool>,
    outbox: RefCell<Option<SetCookie>>,
}

/// What the encoded data is compared with to see whether a writer changed it.
pub(crate) enum Baseline {
    /// The bytes that were loaded: writing the same data gives them back.
    Loaded,
    /// The data as it was before the first writer was called, encoded.
    Snapshot(Vec<u8>),
    /// To be encoded when the first writer is called.
    Due,
    /// It could not be encoded: whatever is written counts as a change.
    Lost,
}

/// The kind only: the bytes are somebody's data.
impl fmt::Debug for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loaded => "Loaded",
            Self::Snapshot(_) => "Snapshot",
            Self::Due => "Due",
            Self::Lost => "Lost",
        })
    }
}

impl SlotCore {
    pub(super) fn new(begun: &Begun, loaded: Option<Payload>, baseline: Baseline) -> Self {
        Self {
            origin: begun.origin,
            flash_rule: begun.flash_rule,
            retired: begun.retired,
            stored: Cell::new(loaded.as_ref().map(|_| begun.meta)),
            loaded,
            loaded_is_current: Cell::new(true),
            seen: Cell::new(begun.meta),
            intent: Cell::default(),
            cookie_held: Cell::new(begun.cookie_held),
            written: Cell::new(false),
            baseline: RefCell::new(baseline),
            head_left: Cell::new(false),
            outbox: RefCell::new(None),
        }
    }

    /// Whether what the visitor has was sealed with a key that is on its way out.
    pub(crate) fn is_retired(&self) -> bool {
        self.retired && self.loaded().is_some()
    }

    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }

    pub(crate) fn stored(&self) -> Option<Meta> {
        self.stored.get()
    }

    pub(crate) fn seen(&self) -> Meta {
        self.seen.get()
    }

    pub(crate) fn intent(&self) -> Intent {
        self.intent.get()
    }

    pub(crate) fn cookie_held(&self) -> bool {
        self.cookie_held.get()
    }

    pub(crate) fn is_written(&self) -> bool {
        self.written.get()
    }

    pub(crate) fn head_left(&self) -> bool {
        self.head_left.get()
    }

    /// The payload that was loaded, as long as it is what the visitor has.
    pub(crate) fn loaded(&self) -> Option<&Payload> {
        self.loaded
            .as_ref()
            .filter(|_| self.loaded_is_current.get())
    }

    pub(super) fn flash_rule(&self) -> FlashRule {
        self.flash_rule
    }

    /// Whether `payload`, the data as it is now, differs from what it was before the first writer.
    pub(crate) fn differs(&self, payload: &[u8]) -> bool {
        match &*self.baseline.borrow() {
            Baseline::Loaded => self
                .loaded
                .as_ref()
                .is_none_or(|loaded| loaded.as_bytes() != payload),
            Baseline::Snapshot(before) => before != payload,
            Baseline::Due | Baseline::Lost => true,
        }
    }

    /// Notes that a writer was called; `before` encodes the data as it still is.
    pub(super) fn note_write(&self, before: impl FnOnce(&mut Vec<u8>) -> bool) {
        if self.written.replace(true) {
            return;
        }
        let mut baseline = self.baseline.borrow_mut();
        if matches!(*baseline, Baseline::Due) {
            let mut snapshot = Vec::with_capacity(
                self.loaded
                    .as_ref()
                    .map_or(128, |loaded| loaded.as_bytes().len() + 32),
            );
            *baseline = if before(&mut snapshot) {
                Baseline::Snapshot(snapshot)
            } else {
                Baseline::Lost
            };
        }
    }

    /// Notes that the data's identity changes hands or is renewed.
    pub(super) fn note_renewal(&self, new_handle: bool) {
        let mut intent = self.intent.get();
        intent.renewed = true;
        self.intent.set(intent);
        if new_handle {
            let mut seen = self.seen.get();
            seen.handle = Handle::generate();
            self.seen.set(seen);
        }
    }

    /// Notes that the session goes from one owner to another: it begins anew.
    pub(super) fn note_new_owner(&self, now: Timestamp) {
        let mut seen = self.seen.get();
        seen.created = now;
        self.seen.set(seen);
    }

    pub(super) fn note_authentication(&self, now: Timestamp) {
        let mut intent = self.intent.get();
        intent.authenticated = true;
        self.intent.set(intent);
        let mut seen = self.seen.get();
        seen.authenticated = Some(now);
        self.seen.set(seen);
    }

    pub(super) fn note_lifetime(&self, lifetime: NewLifetime) {
        let mut intent = self.intent.get();
        intent.lifetime = Some(lifetime);
        self.intent.set(intent);
    }

    /// Ends the session; what is written from here on begins another.
    pub(super) fn note_end(&self, now: Timestamp) {
        self.intent.set(Intent {
            destroyed: true,
            ..Intent::default()
        });
        self.seen.set(new_meta(now));
        self.written.set(false);
        self.loaded_is_current.set(false);
        self.baseline.replace(Baseline::Due);
    }

    /// Takes over what was just saved, as if the request had begun with it.
    pub(crate) fn note_saved(&self, stored: Option<Meta>, now: Timestamp) {
        self.stored.set(stored);
        self.seen.set(stored.unwrap_or_else(|| new_meta(now)));
        self.intent.set(Intent::default());
        self.cookie_held.set(true);
        self.written.set(false);
        self.loaded_is_current.set(false);
        self.baseline.replace(Baseline::Due);
    }

    pub(crate) fn note_head_left(&self) {
        self.head_left.set(true);
    }

    pub(crate) fn put_in_outbox(&self, cookie: SetCookie) {
        self.outbox.replace(Some(cookie));
    }

    pub(crate) fn take_outbox(&self) -> Option<SetCookie> {
        self.outbox.take()
    }
}

/// A session that begins now; its deadlines are decided when it is first stored.
pub(crate) fn new_meta(now: Timestamp) -> Meta {
    Meta {
        handle: Handle::generate(),
        created: now,
        authenticated: None,
        idle_deadline: now,
        absolute_deadline: now,
        persistence: Persistence::Configured,
    }
}
