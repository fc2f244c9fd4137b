use std::{
    any::Any,
    cell::{Cell, OnceCell, Ref, RefCell},
    collections::VecDeque,
    fmt,
    rc::Rc,
    sync::Arc,
};

use futures_util::{
    future::LocalBoxFuture,
    lock::{Mutex, OwnedMutexGuard},
};

use crate::{
    clock::{Clock, Timestamp},
    cookie::SetCookie,
    data::{MergeError, OnConflict},
    error::SessionError,
    store::{Device, Handle, Meta, Origin, Payload, Persistence, Place, StoreKey, WriteId},
    vault::PrincipalSessions,
};

use super::lifecycle::{Intent, NewLifetime};

/// What a seated session asks of the hall behind it.
pub(crate) trait Keeper {
    fn name(&self) -> &str;

    fn now(&self) -> Timestamp;

    /// Whether the visitor's cookie holds the data: then a renewed session is given another handle, all the identity there is, and
    /// nothing is saved without a cookie.
    fn is_client_side(&self) -> bool;

    /// Saves at once, and leaves the cookie in the slot's outbox.
    fn save(
        self: Rc<Self>,
        session: Rc<dyn OpenSession>,
    ) -> LocalBoxFuture<'static, Result<(), SessionError>>;

    /// Reaches the sessions of this name that belong to a principal.
    fn of_principal(
        &self,
        principal: Option<&str>,
        current: Option<Handle>,
    ) -> Result<PrincipalSessions, SessionError>;
}

/// A seated session without its type.
pub(crate) trait OpenSession {
    fn core(&self) -> &SlotCore;

    /// Appends the data's payload to `out`.
    ///
    /// Refuses while a guard is alive, when a field cannot be written, and when the principal was changed behind the setter's back.
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), SessionError>;

    /// Whom the session belongs to as far as the setters know.
    ///
    /// Refuses while a field is being written: to say "nobody" then would take the session off its owner's list.
    fn principal(&self) -> Result<Option<String>, SessionError>;

    /// Joins what was written here with what somebody else stored meanwhile.
    fn merge(
        &self,
        base: Option<&[u8]>,
        ours: &[u8],
        theirs: &[u8],
        rule: OnConflict,
    ) -> Result<Vec<u8>, MergeError>;

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
    /// Where it lies on the server.
    pub(crate) place: Option<Place>,
    /// Records that the visitor's cookies led to and that were not accepted: who ends the session ends them too.
    pub(crate) strays: Vec<StoreKey>,
    pub(crate) device: Option<Device>,
    /// The visitor holds the cookie of another application, from which the session could be imported.
    pub(crate) import_open: bool,
    /// The request brings a foreign cookie that nobody looked at, since it brings one of ours too, which led nowhere.
    pub(crate) foreign_unread: bool,
}

/// What a session that was imported in this request brought along.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Imported {
    /// When the other application had written it, where that is known.
    pub(crate) written: Option<Timestamp>,
    /// Whether the other application's cookie goes when ours is set.
    pub(crate) removes_foreign: bool,
}

/// How far a session had been written when a save began: what comes after is for the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mark {
    writes: u64,
    pub(crate) intent: Intent,
}

/// What a save left behind.
pub(crate) struct Saved {
    /// What the visitor has from now on.
    pub(crate) stored: Option<Meta>,
    pub(crate) place: Option<Place>,
    pub(crate) kept: Kept,
}

/// What is known of the bytes that were stored.
pub(crate) enum Kept {
    /// These, which are the data's as it is encoded here.
    Exactly(Vec<u8>),
    /// These, joined with what others wrote, which this request does not see.
    Merged(Vec<u8>),
    /// Nothing new: the data was not written.
    AsBefore,
    /// Not any more.
    Unknown,
}

/// A write of which it is not known whether it was done.
#[derive(Debug)]
struct Doubt {
    write: WriteId,
    /// What was written here, where anything was.
    ours: Option<Payload>,
}

/// How many of them are remembered: a store that is down must not fill the memory of a connection that goes on saving.
const DOUBTS: usize = 8;

/// How often a session was written that was imported and not touched since.
const IMPORT_WRITES: u64 = 1;

/// The state of a seated session that does not depend on its type.
#[derive(Debug)]
pub(crate) struct SlotCore {
    origin: Origin,
    flash_rule: FlashRule,
    retired: bool,
    device: Option<Device>,
    strays: Vec<StoreKey>,
    /// The head of the request's response has left.
    head_left: Cell<bool>,
    import_open: bool,
    foreign_unread: bool,
    /// Until the session ends.
    imported: Cell<Option<Imported>>,
    /// A cookie that leaves takes the foreign one away.
    sheds_foreign: Cell<bool>,
    /// What the store holds, byte for byte; `None` once it was ended or overwritten by something else.
    loaded: RefCell<Option<Payload>>,
    stored: Cell<Option<Meta>>,
    place: RefCell<Option<Place>>,
    seen: Cell<Meta>,
    intent: Cell<Intent>,
    cookie_held: Cell<bool>,
    /// It ended while this request had it open, or went where this request does not know.
    gone: Cell<bool>,
    /// Where it lay before.
    left: Cell<Option<StoreKey>>,
    /// How often a writer was called, and how many of those calls were saved.
    writes: Cell<u64>,
    saved_writes: Cell<u64>,
    /// How far it had been written when it was settled for the response.
    settled: Cell<Option<Mark>>,
    baseline: RefCell<Baseline>,
    /// Since what is known to be stored was stored.
    doubts: RefCell<VecDeque<Doubt>>,
    outbox: RefCell<Option<SetCookie>>,
    /// Saves of one session take turns: the second begins with what the first left.
    turn: OnceCell<Arc<Mutex<()>>>,
    /// Saves that were begun and have not left their cookie yet.
    saves: Cell<u32>,
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
    pub(super) fn new(begun: Begun, loaded: Option<Payload>, baseline: Baseline) -> Self {
        Self {
            origin: begun.origin,
            flash_rule: begun.flash_rule,
            retired: begun.retired,
            device: begun.device,
            strays: begun.strays,
            head_left: Cell::new(false),
            import_open: begun.import_open,
            foreign_unread: begun.foreign_unread,
            imported: Cell::new(None),
            sheds_foreign: Cell::new(false),
            stored: Cell::new(loaded.as_ref().map(|_| begun.meta)),
            loaded: RefCell::new(loaded),
            place: RefCell::new(begun.place),
            seen: Cell::new(begun.meta),
            intent: Cell::default(),
            cookie_held: Cell::new(begun.cookie_held),
            gone: Cell::new(false),
            left: Cell::new(None),
            writes: Cell::new(0),
            saved_writes: Cell::new(0),
            settled: Cell::new(None),
            baseline: RefCell::new(baseline),
            doubts: RefCell::default(),
            outbox: RefCell::new(None),
            turn: OnceCell::new(),
            saves: Cell::new(0),
        }
    }

    /// Notes where the session comes from, which is nowhere in the store yet: to be saved it needs no writer.
    pub(super) fn note_import(&self, imported: Imported) {
        self.imported.set(Some(imported));
        self.sheds_foreign.set(imported.removes_foreign);
        self.writes.set(IMPORT_WRITES);
    }

    /// The import of a session that has not ended since.
    pub(crate) fn imported(&self) -> Option<Imported> {
        self.imported.get()
    }

    /// Whether nothing is asked of it but that the import be kept.
    pub(crate) fn is_import_alone(&self) -> bool {
        self.imported.get().is_some()
            && self.writes.get() == IMPORT_WRITES
            && self.intent.get() == Intent::default()
    }

    /// Whether a cookie of this session that leaves is to take the foreign one away.
    pub(crate) fn sheds_foreign(&self) -> bool {
        self.sheds_foreign.get()
    }

    /// Whether what the visitor has was sealed with a key that is on its way out.
    pub(crate) fn is_retired(&self) -> bool {
        self.retired && self.loaded.borrow().is_some()
    }

    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }

    pub(crate) fn stored(&self) -> Option<Meta> {
        self.stored.get()
    }

    pub(crate) fn place(&self) -> Option<Place> {
        self.place.borrow().clone()
    }

    pub(crate) fn strays(&self) -> &[StoreKey] {
        &self.strays
    }

    pub(crate) fn device(&self) -> Option<&Device> {
        self.device.as_ref()
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
        self.writes.get() != self.saved_writes.get()
    }

    /// Whether something was asked of the session that is not saved, and that nobody has settled either: what changed nothing, or was
    /// dropped with a response that failed, is nothing to tell.
    pub(super) fn is_unsaved(&self) -> bool {
        self.is_asked() && self.settled.get() != Some(self.mark())
    }

    /// Whether anything was asked of the session that is not saved.
    pub(crate) fn is_asked(&self) -> bool {
        self.is_written() || self.intent.get() != Intent::default()
    }

    /// Whether a save has left a cookie for the response, or may be about to.
    pub(crate) fn may_hold_cookie(&self) -> bool {
        self.saves.get() > 0 || self.outbox.borrow().is_some()
    }

    /// Notes that the handler saves, and may not wait for the end of it.
    pub(crate) fn note_save(&self) {
        self.saves.set(self.saves.get() + 1);
    }

    /// Notes that the save has come to its end, with its cookie in the outbox if it has one.
    pub(crate) fn note_save_ended(&self) {
        self.saves.set(self.saves.get().saturating_sub(1));
    }

    /// Notes that the response is about to leave, with or without what was written so far.
    pub(crate) fn note_settled(&self) {
        self.settled.set(Some(self.mark()));
    }

    /// Notes that the head of the request's response has left; the same for all sessions of a request. It never does outside of one.
    pub(crate) fn note_head_left(&self) {
        self.head_left.set(true);
    }

    pub(crate) fn head_left(&self) -> bool {
        self.head_left.get()
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.gone.get()
    }

    /// The payload that the store holds, where that is known.
    pub(crate) fn loaded(&self) -> Option<Ref<'_, Payload>> {
        Ref::filter_map(self.loaded.borrow(), Option::as_ref).ok()
    }

    pub(super) fn flash_rule(&self) -> FlashRule {
        self.flash_rule
    }

    /// Where the session now stands, for [`note_saved`](Self::note_saved).
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            writes: self.writes.get(),
            intent: self.intent.get(),
        }
    }

    /// Waits until no other save of this session is under way.
    pub(crate) fn turn(&self) -> Arc<Mutex<()>> {
        Arc::clone(self.turn.get_or_init(Arc::default))
    }

    /// The same at once, if there is none.
    pub(crate) fn try_turn(&self) -> Option<OwnedMutexGuard<()>> {
        self.turn().try_lock_owned()
    }

    /// Whether `payload`, the data as it is now, differs from what it was before the first writer.
    pub(crate) fn differs(&self, payload: &[u8]) -> bool {
        match &*self.baseline.borrow() {
            Baseline::Loaded => self
                .loaded
                .borrow()
                .as_ref()
                .is_none_or(|loaded| loaded.as_bytes() != payload),
            Baseline::Snapshot(before) => before != payload,
            Baseline::Due | Baseline::Lost => true,
        }
    }

    /// The data before the first writer, as it is encoded here; `None` if it could not be.
    pub(crate) fn base(&self) -> Option<Vec<u8>> {
        match &*self.baseline.borrow() {
            Baseline::Loaded => Some(self.loaded.borrow().as_ref()?.as_bytes().to_vec()),
            Baseline::Snapshot(before) => Some(before.clone()),
            Baseline::Due | Baseline::Lost => None,
        }
    }

    /// Notes that a writer was called; `before` encodes the data as it still is.
    pub(super) fn note_write(&self, before: impl FnOnce(&mut Vec<u8>) -> bool) {
        let is_first = !self.is_written();
        self.writes.set(self.writes.get() + 1);
        let mut baseline = self.baseline.borrow_mut();
        if is_first && matches!(*baseline, Baseline::Due) {
            let expected = self
                .loaded
                .borrow()
                .as_ref()
                .map_or(128, |loaded| loaded.as_bytes().len() + 32);
            let mut snapshot = Vec::with_capacity(expected);
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
        let mut intent = self.intent.get();
        intent.reset = true;
        self.intent.set(intent);
        let mut seen = self.seen.get();
        seen.created = now;
        self.seen.set(seen);
        self.note_no_import();
    }

    /// Whether a session that this request did not find may be there all the same: renewed a moment ago, or with another application.
    pub(super) fn may_come_back(&self) -> bool {
        !self.strays.is_empty() || self.foreign_unread
    }

    /// Notes that somebody begins to own what was nobody's: nobody else is to come in behind them.
    pub(super) fn note_first_owner(&self) {
        if self.foreign_unread {
            self.sheds_foreign.set(true);
        }
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
        self.saved_writes.set(self.writes.get());
        self.loaded.replace(None);
        self.baseline.replace(Baseline::Due);
        self.note_no_import();
    }

    /// Notes that this is not, or no more, what another application kept.
    fn note_no_import(&self) {
        self.imported.set(None);
        // Else a later request would bring back what has ended.
        self.sheds_foreign.set(self.import_open);
    }

    /// Notes that the session ended while this request had it open: it is not saved any more.
    pub(crate) fn note_gone(&self) {
        self.gone.set(true);
        self.stored.set(None);
        if let Some(place) = self.place.take() {
            self.left.set(Some(place.address.key));
        }
    }

    /// Where a session lay that was found gone: it may have been renewed, and whoever ends it means that one too.
    pub(crate) fn left(&self) -> Option<StoreKey> {
        self.left.get()
    }

    /// Notes that what the visitor had is no more, and that what is to take its place has not begun.
    pub(crate) fn note_ended(&self) {
        self.stored.set(None);
        self.place.replace(None);
    }

    /// Takes over what was just saved, as if the request had begun with it; what was written since `mark` is still to be saved.
    pub(crate) fn note_saved(&self, saved: Saved, mark: &Mark, clock: &Clock) {
        self.stored.set(saved.stored);
        self.place.replace(saved.place);
        self.left.set(None);
        // A touch says nothing of what is in the record.
        if !matches!(saved.kept, Kept::AsBefore) {
            self.doubts.borrow_mut().clear();
        }
        self.cookie_held.set(true);
        self.gone.set(false);
        let ended_since = self.intent.get().destroyed && !mark.intent.destroyed;
        if self.intent.get() == mark.intent {
            self.intent.set(Intent::default());
            self.seen
                .set(saved.stored.unwrap_or_else(|| new_meta(clock.now())));
        }
        if ended_since {
            return;
        }
        if let Some(stored) = saved.stored {
            // What was asked meanwhile is decided on these: a session that was new had none of its own, and would end at once.
            self.seen.set(Meta {
                idle_deadline: stored.idle_deadline,
                absolute_deadline: stored.absolute_deadline,
                persistence: stored.persistence,
                ..self.seen.get()
            });
        }
        self.saved_writes.set(mark.writes);
        let (loaded, baseline) = match saved.kept {
            Kept::Exactly(bytes) => (Some(Payload::from(bytes)), Baseline::Loaded),
            Kept::Merged(ours) => (None, Baseline::Snapshot(ours)),
            // What is written next is compared with what it was before; what was written meanwhile counts as a change.
            Kept::Unknown => (None, Baseline::Due),
            Kept::AsBefore => return,
        };
        self.loaded.replace(loaded);
        self.baseline.replace(baseline);
    }

    /// Notes that a write may have been done; `ours` is what was written here, where anything was.
    pub(crate) fn note_doubt(&self, write: WriteId, ours: Option<Vec<u8>>) {
        let mut doubts = self.doubts.borrow_mut();
        if doubts.len() == DOUBTS {
            doubts.pop_front();
        }
        let ours = ours.map(Payload::from);
        doubts.push_back(Doubt { write, ours });
    }

    /// Whether it can be said what of ours is in the state that `write` left behind; what is in it is from now on what the next writes are
    /// compared and joined with.
    ///
    /// Where somebody else wrote after a write that may have been done, nobody knows whether that one lies beneath.
    pub(crate) fn settle_doubt(&self, write: WriteId) -> bool {
        let mut doubts = self.doubts.borrow_mut();
        if doubts.is_empty() {
            return true;
        }
        let Some(done) = doubts.iter().position(|doubt| doubt.write == write) else {
            return false;
        };
        let done = doubts.swap_remove_back(done).and_then(|doubt| doubt.ours);
        doubts.clear();
        if let Some(ours) = done {
            self.loaded.replace(None);
            self.baseline
                .replace(Baseline::Snapshot(ours.as_bytes().to_vec()));
        }
        true
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
