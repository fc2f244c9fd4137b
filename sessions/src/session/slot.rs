use std::{
    any::Any,
    borrow::Cow,
    cell::{Ref, RefCell, RefMut},
    fmt::{self, Display},
    mem,
    rc::Rc,
    time::Duration,
};

use crate::{
    data::{self, Decoded, FlashField, MergeError, OnConflict, Unknown},
    error::{SessionError, SessionErrorKind},
    store::Payload,
    vault::PrincipalSessions,
};

use super::{
    SessionData,
    core::{Baseline, Begun, FlashRule, Imported, Keeper, OpenSession, SlotCore},
    lifecycle::NewLifetime,
};

/// The shared state of one open session: every handle to it in a request points here.
pub struct Slot<T: SessionData> {
    seat: Rc<Seat<T>>,
}

struct Seat<T: SessionData> {
    keeper: Rc<dyn Keeper>,
    core: SlotCore,
    contents: RefCell<Contents<T>>,
}

struct Contents<T> {
    data: T,
    unknown: Unknown,
    /// Whom the session belongs to as far as the setters know.
    principal: Option<String>,
}

impl<T: SessionData> Slot<T> {
    /// Seats a session that was loaded.
    pub(crate) fn loaded(begun: Begun, decoded: Decoded<T>, payload: Payload) -> Self {
        let baseline = if decoded.exact && T::ORDERED {
            Baseline::Loaded
        } else {
            Baseline::Due
        };
        Self::seat(
            begun,
            decoded.data,
            decoded.unknown,
            Some(payload),
            baseline,
        )
    }

    /// Seats a new session.
    pub(crate) fn fresh(begun: Begun) -> Self {
        Self::seat(begun, T::fresh(), Unknown::default(), None, Baseline::Due)
    }

    /// Seats a session that another application kept: new here, and to be saved as it is.
    pub(crate) fn imported(begun: Begun, data: T, imported: Imported) -> Self {
        let slot = Self::seat(begun, data, Unknown::default(), None, Baseline::Lost);
        slot.core().note_import(imported);
        slot
    }

    fn seat(
        begun: Begun,
        data: T,
        unknown: Unknown,
        loaded: Option<Payload>,
        baseline: Baseline,
    ) -> Self {
        Self {
            seat: Rc::new(Seat {
                keeper: Rc::clone(&begun.keeper),
                core: SlotCore::new(begun, loaded, baseline),
                contents: RefCell::new(Contents {
                    principal: data.principal(),
                    data,
                    unknown,
                }),
            }),
        }
    }

    /// The data, if it was stored; for a slot that nobody else has.
    pub(crate) fn into_stored(self) -> Option<T> {
        self.core().stored()?;
        let mut contents = self.seat.contents.try_borrow_mut().ok()?;
        Some(mem::replace(&mut contents.data, T::fresh()))
    }

    /// Without its type, for the request's list of open sessions.
    pub(crate) fn to_open(&self) -> Rc<dyn OpenSession> {
        Rc::clone(&self.seat) as _
    }

    /// The same session with its type again; `None` if it is of another.
    pub(crate) fn from_open(open: Rc<dyn OpenSession>) -> Option<Self> {
        open.into_any().downcast().ok().map(|seat| Self { seat })
    }

    /// Looks at the data.
    #[track_caller]
    pub fn read<R: ?Sized>(&self, field: impl FnOnce(&T) -> &R) -> Ref<'_, R> {
        let Ok(contents) = self.seat.contents.try_borrow() else {
            self.refuse_guard()
        };
        Ref::map(contents, |contents| field(&contents.data))
    }

    /// Copies something out of the data.
    #[track_caller]
    pub fn copy<R>(&self, field: impl FnOnce(&T) -> R) -> R {
        let Ok(contents) = self.seat.contents.try_borrow() else {
            self.refuse_guard()
        };
        field(&contents.data)
    }

    /// Opens the data for writing.
    #[track_caller]
    pub fn write<R: ?Sized>(&self, field: impl FnOnce(&mut T) -> &mut R) -> RefMut<'_, R> {
        self.log_if_too_late();
        let Ok(contents) = self.seat.contents.try_borrow_mut() else {
            self.refuse_guard()
        };
        self.note_write(&contents);
        RefMut::map(contents, |contents| field(&mut contents.data))
    }

    /// Drains a flash field; leaves it where nobody will see the response.
    #[track_caller]
    pub fn take_flash<R: FlashField>(&self, field: impl Fn(&mut T) -> &mut R) -> R {
        if self.seat.core.flash_rule() == FlashRule::Leave {
            return R::default();
        }
        let Ok(mut contents) = self.seat.contents.try_borrow_mut() else {
            self.refuse_guard()
        };
        if field(&mut contents.data).is_empty() {
            return R::default();
        }
        self.log_if_too_late();
        self.note_write(&contents);
        mem::take(field(&mut contents.data))
    }

    /// Sets whom the session belongs to: an authentication, which renews the session.
    #[track_caller]
    pub fn set_principal<V: Display>(&self, value: V, field: impl Fn(&mut T) -> &mut Option<V>) {
        self.log_if_late();
        let Ok(mut contents) = self.seat.contents.try_borrow_mut() else {
            self.refuse_guard()
        };
        self.note_write(&contents);
        let principal = Some(value.to_string());
        let changes_owner = contents.principal != principal;
        if changes_owner && contents.principal.is_some() {
            // Nothing of the first owner may be seen by the second, from here on.
            contents.data = T::fresh();
            contents.unknown = Unknown::default();
            self.core().note_new_owner(self.seat.keeper.now());
        }
        if changes_owner && contents.principal.is_none() {
            self.core().note_first_owner();
        }
        *field(&mut contents.data) = Some(value);
        contents.principal = principal;
        let core = &self.seat.core;
        core.note_renewal(changes_owner || self.seat.keeper.is_client_side());
        core.note_authentication(self.seat.keeper.now());
    }

    /// Takes whom the session belongs to, which ends it; what is written afterwards begins another.
    #[track_caller]
    pub fn take_principal<V>(&self, field: impl FnOnce(&mut T) -> &mut Option<V>) -> Option<V> {
        let Ok(mut contents) = self.seat.contents.try_borrow_mut() else {
            self.refuse_guard()
        };
        let principal = field(&mut contents.data).take();
        drop(contents);
        let core = self.core();
        // A cookie that led nowhere may be of a session that was renewed a moment ago. What was written in its place stays where nothing is to end.
        let ends_nothing = core.is_asked() && !core.may_come_back();
        if principal.is_some() || core.stored().is_none() && !ends_nothing {
            self.destroy();
        }
        principal
    }

    /// Shows the session with what `fields` adds of its data.
    ///
    /// # Errors
    ///
    /// The formatter's.
    pub fn debug(
        &self,
        f: &mut fmt::Formatter<'_>,
        fields: impl FnOnce(&T, &mut fmt::DebugStruct<'_, '_>),
    ) -> fmt::Result {
        let mut shown = f.debug_struct("Session");
        shown
            .field("name", &self.seat.keeper.name())
            .field("handle", &self.core().seen().handle);
        match self.seat.contents.try_borrow() {
            Ok(contents) => fields(&contents.data, &mut shown),
            Err(_) => {
                shown.field("data", &format_args!("<being written>"));
            }
        }
        shown.finish()
    }

    pub(super) fn core(&self) -> &SlotCore {
        &self.seat.core
    }

    pub(super) fn try_read(&self) -> Result<Ref<'_, T>, SessionError> {
        let contents = self
            .seat
            .contents
            .try_borrow()
            .map_err(|_| self.error(SessionErrorKind::GuardAlive))?;
        Ok(Ref::map(contents, |contents| &contents.data))
    }

    pub(super) fn try_write(&self) -> Result<RefMut<'_, T>, SessionError> {
        if self.is_too_late() {
            return Err(self.error(SessionErrorKind::TooLate));
        }
        let contents = self
            .seat
            .contents
            .try_borrow_mut()
            .map_err(|_| self.error(SessionErrorKind::GuardAlive))?;
        self.note_write(&contents);
        Ok(RefMut::map(contents, |contents| &mut contents.data))
    }

    #[track_caller]
    pub(super) fn clear(&self) {
        self.log_if_too_late();
        let Ok(mut contents) = self.seat.contents.try_borrow_mut() else {
            self.refuse_guard()
        };
        self.note_write(&contents);
        let mut old = mem::replace(&mut contents.data, T::fresh());
        contents.data.keep_principal(&mut old);
        contents.unknown = Unknown::default();
    }

    pub(super) fn renew(&self) {
        self.log_if_late();
        self.core()
            .note_renewal(self.core().stored().is_some() && self.seat.keeper.is_client_side());
    }

    #[track_caller]
    pub(super) fn destroy(&self) {
        self.log_if_too_late();
        let Ok(mut contents) = self.seat.contents.try_borrow_mut() else {
            self.refuse_guard()
        };
        let data = T::fresh();
        *contents = Contents {
            principal: data.principal(),
            data,
            unknown: Unknown::default(),
        };
        self.core().note_end(self.seat.keeper.now());
    }

    pub(super) fn set_lifetime(&self, lifetime: NewLifetime) {
        self.log_if_late();
        self.core().note_lifetime(lifetime);
    }

    pub(super) async fn save(&self) -> Result<(), SessionError> {
        let keeper = Rc::clone(&self.seat.keeper);
        keeper.save(self.to_open()).await
    }

    pub(super) fn authenticated_within(&self, age: Duration) -> bool {
        let passed = |at| self.seat.keeper.now().seconds_since(at);
        let authenticated = self.core().seen().authenticated;
        authenticated.is_some_and(|at| Duration::from_secs(passed(at)) < age)
    }

    pub(super) fn principal_sessions(&self) -> Result<PrincipalSessions, SessionError> {
        let principal = self.seat.principal()?;
        self.seat
            .keeper
            .of_principal(principal.as_deref(), Some(self.core().seen().handle))
    }

    /// Whether what is written now could only be saved with a cookie, which no response will take along.
    fn is_too_late(&self) -> bool {
        let stays = !self.seat.keeper.is_client_side() && self.core().place().is_some();
        self.core().head_left() && !stays
    }

    fn log_if_too_late(&self) {
        if self.is_too_late() {
            self.log_late();
        }
    }

    fn note_write(&self, contents: &Contents<T>) {
        self.core().note_write(|snapshot| {
            data::encode(&contents.data, &contents.unknown, snapshot).is_ok()
        });
    }

    /// For what always takes a cookie.
    fn log_if_late(&self) {
        if self.core().head_left() {
            self.log_late();
        }
    }

    fn log_late(&self) {
        tracing::error!(
            session = self.seat.keeper.name(),
            handle = %self.core().seen().handle,
            "a session was written to after the response's head had left; the write is lost: write before the body streams"
        );
    }

    fn error(&self, kind: SessionErrorKind) -> SessionError {
        self.seat.error(kind)
    }

    #[track_caller]
    #[expect(
        clippy::panic,
        reason = "as a `RefCell` does: two guards in one handler are a mistake in the program, found at its first run"
    )]
    fn refuse_guard(&self) -> ! {
        panic!(
            "session `{}` is already borrowed: a `Ref` or `RefMut` from another handle to it is alive in this request; drop it first, or \
             use `try_read` and `try_write`",
            self.seat.keeper.name()
        )
    }
}

impl<T: SessionData> Seat<T> {
    fn error(&self, kind: SessionErrorKind) -> SessionError {
        SessionError::new(kind, Cow::Owned(self.keeper.name().to_owned()))
    }
}

impl<T: SessionData> OpenSession for Seat<T> {
    fn core(&self) -> &SlotCore {
        &self.core
    }

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), SessionError> {
        let contents = self
            .contents
            .try_borrow()
            .map_err(|_| self.error(SessionErrorKind::GuardAlive))?;
        if contents.data.principal() != contents.principal {
            return Err(self.error(SessionErrorKind::PrincipalChanged));
        }
        data::encode(&contents.data, &contents.unknown, out).map_err(|source| {
            SessionError::unwritable(Cow::Owned(self.keeper.name().to_owned()), source)
        })
    }

    fn principal(&self) -> Result<Option<String>, SessionError> {
        let contents = self
            .contents
            .try_borrow()
            .map_err(|_| self.error(SessionErrorKind::GuardAlive))?;
        Ok(contents.principal.clone())
    }

    fn merge(
        &self,
        base: Option<&[u8]>,
        ours: &[u8],
        theirs: &[u8],
        rule: OnConflict,
    ) -> Result<Vec<u8>, MergeError> {
        data::merge::<T>(base, ours, theirs, rule)
    }

    fn into_any(self: Rc<Self>) -> Rc<dyn Any> {
        self
    }
}

/// Where a session stays on the server it can still be saved after the response's head has left, and nobody else does it then.
impl<T: SessionData> Drop for Seat<T> {
    fn drop(&mut self) {
        if self.core.head_left() && self.core.place().is_some() && self.core.is_unsaved() {
            tracing::error!(
                session = self.keeper.name(),
                handle = %self.core.seen().handle,
                "a session was written to after the response's head had left, and not saved; the write is lost: call `save()`"
            );
        }
    }
}

impl<T: SessionData> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self {
            seat: Rc::clone(&self.seat),
        }
    }
}

impl<T: SessionData> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.debug(f, |_, _| {})
    }
}
