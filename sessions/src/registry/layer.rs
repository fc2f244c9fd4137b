use std::{any::TypeId, borrow::Cow, cell::RefCell, rc::Rc, sync::Arc};

use crate::{
    clock::Clock,
    data::Schema,
    error::{BuildError, BuildErrorKind, SessionError, SessionErrorKind},
    event::Listeners,
    manager::{Desk, DeviceAddress},
    session::Keeper as _,
    vault::PrincipalSessions,
};

use super::{
    SessionOptions,
    names::{NameKind, Names},
};

/// What a middleware was configured with; shared by all worker threads.
#[derive(Debug)]
pub(crate) struct Setup {
    /// The options of every type that is not named; `None` for a nested middleware, which leaves those to the outer one.
    default: Option<SessionOptions>,
    typed: Vec<Typed>,
    clock: Clock,
    listeners: Listeners,
    /// Of all options that say so.
    devices: Vec<DeviceAddress>,
    names: Names,
}

/// The options of a type that was named.
#[derive(Debug)]
pub(crate) struct Typed {
    pub(crate) type_id: TypeId,
    pub(crate) name: Cow<'static, str>,
    /// Whether the options are also the type's under names that have none of their own.
    pub(crate) any_name: bool,
    /// With the middleware's own already below them.
    pub(crate) options: SessionOptions,
}

/// One middleware on one worker thread, with the desks it has opened.
#[derive(Debug)]
pub(crate) struct Layer {
    setup: Arc<Setup>,
    desks: RefCell<Vec<(TypeId, Rc<Desk>)>>,
}

/// How many desks a worker keeps. Names made up at run time must not fill the memory; beyond this a desk is set up for each request.
const KEPT_DESKS: usize = 256;

impl Layer {
    pub(crate) fn new(setup: Arc<Setup>) -> Self {
        Self {
            setup,
            desks: RefCell::default(),
        }
    }

    /// Whether this middleware answers for a type under a name, or leaves it to an outer one.
    pub(super) fn answers<T: Schema>(&self, name: &str) -> bool {
        self.setup.options(TypeId::of::<T>(), name).is_some()
    }

    pub(super) fn devices(&self) -> &[DeviceAddress] {
        &self.setup.devices
    }

    /// Has every store swept that needs it, from this worker thread.
    pub(crate) fn start_sweepers(&self) {
        let setup = &self.setup;
        let typed = setup.typed.iter().map(|typed| &typed.options);
        for options in setup.default.iter().chain(typed) {
            options.start_sweeper(&setup.clock, &setup.listeners);
        }
    }

    /// Whether the desk's cookie belongs to another type here.
    pub(super) fn is_foreign<T: Schema>(&self, desk: &Desk) -> bool {
        let names = &self.setup.names;
        names.is_foreign(desk.cookie.name(), &desk.name, TypeId::of::<T>())
    }

    /// The desk for a type under a name.
    ///
    /// Refuses a name or a cookie that belongs to another type, and options against a rule.
    pub(super) fn desk<T: Schema>(
        &self,
        name: Cow<'static, str>,
    ) -> Result<Rc<Desk>, SessionError> {
        let type_id = TypeId::of::<T>();
        let kept = |desks: &[(TypeId, Rc<Desk>)]| {
            desks
                .iter()
                .find(|(of, desk)| *of == type_id && desk.name == name)
                .map(|(_, desk)| Rc::clone(desk))
        };
        if let Some(desk) = kept(&self.desks.borrow()) {
            return Ok(desk);
        }
        let Some(options) = self.setup.options(type_id, &name) else {
            return Err(SessionError::new(SessionErrorKind::MiddlewareMissing, name));
        };
        let desk = options
            .desk(name.clone(), &self.setup.clock, &self.setup.listeners)
            .and_then(|desk| self.setup.with_gate(desk, type_id));
        let desk = match desk {
            Ok(desk) => Rc::new(desk),
            Err(rule) => {
                return Err(SessionError::new(SessionErrorKind::Misconfigured, name).because(rule));
            }
        };
        let kind = self.setup.kind_of::<T>(&name);
        if !self
            .setup
            .names
            .claim(desk.cookie.name(), &name, type_id, kind)
        {
            return Err(SessionError::new(SessionErrorKind::NameTaken, name));
        }
        let mut desks = self.desks.borrow_mut();
        if kind == NameKind::Fixed || desks.len() < KEPT_DESKS {
            desks.push((type_id, Rc::clone(&desk)));
        }
        Ok(desk)
    }
}

impl Setup {
    pub(crate) fn new(
        default: Option<SessionOptions>,
        typed: Vec<Typed>,
        clock: Clock,
        listeners: Listeners,
    ) -> Self {
        let all = default
            .iter()
            .chain(typed.iter().map(|typed| &typed.options));
        let mut devices: Vec<DeviceAddress> = Vec::new();
        for address in all.filter_map(SessionOptions::device_address) {
            if !devices.contains(&address) {
                devices.push(address);
            }
        }
        Self {
            default,
            typed,
            clock,
            listeners,
            devices,
            names: Names::default(),
        }
    }

    /// The sessions of a principal, whether in a request or not.
    pub(crate) fn principal_sessions<T: Schema>(
        &self,
        principal: &str,
    ) -> Result<PrincipalSessions, SessionError> {
        let Some(options) = self.options(TypeId::of::<T>(), T::NAME) else {
            return Err(SessionError::new(
                SessionErrorKind::MiddlewareMissing,
                T::NAME,
            ));
        };
        let name = Cow::Borrowed(T::NAME);
        let desk = options
            .desk(name, &self.clock, &self.listeners)
            .map_err(|rule| {
                SessionError::new(SessionErrorKind::Misconfigured, T::NAME).because(rule)
            })?;
        desk.of_principal(Some(principal), None)
    }

    /// Refuses options against a rule, as far as the types are known, and logs those that lower the guard.
    pub(crate) fn check(&self) -> Result<(), BuildError> {
        if let Some(default) = &self.default {
            // Types that are not named here use these options; any name shows whether they can work.
            default
                .desk(Cow::Borrowed("session"), &self.clock, &self.listeners)
                .map_err(BuildError::of_all_sessions)?;
        }
        for (index, typed) in self.typed.iter().enumerate() {
            let desk = typed
                .options
                .desk(typed.name.clone(), &self.clock, &self.listeners)?;
            let desk = self.with_gate(desk, typed.type_id)?;
            let earlier = self.typed.get(..index).unwrap_or_default();
            let twice = earlier.iter().any(|other| other.name == typed.name)
                || !self.names.claim(
                    desk.cookie.name(),
                    &typed.name,
                    typed.type_id,
                    NameKind::Fixed,
                );
            if twice {
                return Err(BuildError::new(
                    &typed.name,
                    BuildErrorKind::NameTwice.into(),
                ));
            }
        }
        self.check_imports()?;
        self.log_warnings();
        Ok(())
    }

    /// Refuses imports that stand in each other's way, or in that of another session.
    fn check_imports(&self) -> Result<(), BuildError> {
        for (index, typed) in self.typed.iter().enumerate() {
            let Some((cookie, removes)) = typed.options.imported_cookie() else {
                continue;
            };
            let refused = |kind: BuildErrorKind| Err(BuildError::new(&typed.name, kind.into()));
            if self.names.is_claimed(cookie) {
                return refused(BuildErrorKind::ImportOfOwnCookie);
            }
            let mut earlier = self.typed.iter().take(index);
            let twice = earlier.any(|other| {
                let other = other.options.imported_cookie();
                other.is_some_and(|(same, also)| same == cookie && (removes || also))
            });
            if twice {
                return refused(BuildErrorKind::ImportRemovedTwice);
            }
        }
        Ok(())
    }

    /// Lets visitors with a session of another application in, where this very session was configured so.
    fn with_gate(&self, desk: Desk, type_id: TypeId) -> Result<Desk, BuildError> {
        let mut typed = self.typed.iter();
        let typed = typed.find(|typed| typed.type_id == type_id && typed.name == desk.name);
        let gate = match typed {
            Some(typed) => typed.options.gate(type_id, desk.cookie.name()),
            None => Ok(None),
        };
        match gate {
            Ok(gate) => Ok(Desk { gate, ..desk }),
            Err(rule) => Err(BuildError::new(&desk.name, rule)),
        }
    }

    fn log_warnings(&self) {
        let warn = |session: &str, warning: &str| tracing::warn!(session, "{warning}");
        let shared = self.default.as_ref();
        if let Some(default) = shared {
            default
                .warnings(None)
                .for_each(|warning| warn("*", warning));
        }
        for typed in &self.typed {
            typed
                .options
                .warnings(shared)
                .for_each(|warning| warn(&typed.name, warning));
        }
    }

    fn kind_of<T: Schema>(&self, name: &str) -> NameKind {
        let configured = self.typed.iter().any(|typed| typed.name == name);
        if configured || name == T::NAME {
            NameKind::Fixed
        } else {
            NameKind::MadeUp
        }
    }

    /// A type's options under this very name, or under any, or those of all types.
    fn options(&self, type_id: TypeId, name: &str) -> Option<&SessionOptions> {
        let of_type = || {
            self.typed
                .iter()
                .filter(move |typed| typed.type_id == type_id)
        };
        of_type()
            .find(|typed| typed.name == name)
            .or_else(|| of_type().find(|typed| typed.any_name))
            .map(|typed| &typed.options)
            .or(self.default.as_ref())
    }
}
