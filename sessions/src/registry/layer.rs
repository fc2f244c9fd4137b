use std::{any::TypeId, borrow::Cow, cell::RefCell, rc::Rc, sync::Arc};

use crate::{
    clock::Clock,
    data::Schema,
    error::{BuildError, BuildErrorKind},
    manager::Desk,
};

use super::SessionOptions;

/// What a middleware was configured with; shared by all worker threads.
#[derive(Debug)]
pub(crate) struct Setup {
    /// The options of every type that is not named; `None` for a nested middleware, which leaves those to the outer one.
    pub(crate) default: Option<SessionOptions>,
    pub(crate) typed: Vec<Typed>,
    pub(crate) clock: Clock,
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

    /// The desk for a type under a name; `None` if this middleware leaves the type to an outer one.
    #[expect(
        clippy::ptr_arg,
        reason = "a name from a constant is kept without a copy"
    )]
    pub(super) fn desk<T: Schema>(
        &self,
        name: &Cow<'static, str>,
    ) -> Option<Result<Rc<Desk>, BuildError>> {
        let type_id = TypeId::of::<T>();
        let kept = |desks: &[(TypeId, Rc<Desk>)]| {
            desks
                .iter()
                .find(|(of, desk)| *of == type_id && desk.name == *name)
                .map(|(_, desk)| Rc::clone(desk))
        };
        if let Some(desk) = kept(&self.desks.borrow()) {
            return Some(Ok(desk));
        }
        let options = self.setup.options(type_id, name)?;
        Some(options.desk(name.clone(), &self.setup.clock).map(|desk| {
            let desk = Rc::new(desk);
            let mut desks = self.desks.borrow_mut();
            if desks.len() < KEPT_DESKS {
                desks.push((type_id, Rc::clone(&desk)));
            }
            desk
        }))
    }
}

impl Setup {
    /// Refuses options against a rule, as far as the types are known, and logs those that lower the guard.
    pub(crate) fn check(&self) -> Result<(), BuildError> {
        if let Some(default) = &self.default {
            // Types that are not named here use these options; any name shows whether they can work.
            default
                .desk(Cow::Borrowed("session"), &self.clock)
                .map_err(BuildError::of_all_sessions)?;
        }
        for (index, typed) in self.typed.iter().enumerate() {
            let earlier = self.typed.get(..index).unwrap_or_default();
            if earlier.iter().any(|other| other.name == typed.name) {
                return Err(BuildError::new(
                    Some(&typed.name),
                    BuildErrorKind::NameTwice,
                ));
            }
            typed.options.desk(typed.name.clone(), &self.clock)?;
        }
        self.log_warnings();
        Ok(())
    }

    fn log_warnings(&self) {
        let default = self.default.iter().map(|options| ("*", options));
        for (session, options) in default.chain(
            self.typed
                .iter()
                .map(|typed| (&*typed.name, &typed.options)),
        ) {
            for warning in options.warnings() {
                tracing::warn!(session, "{warning}");
            }
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
