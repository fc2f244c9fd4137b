//! Handlers that bring their own store into trouble.

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use sessions::{
    store::StoreErrorKind,
    test_util::{Fault, FaultyStore, Gate, Verb},
};

use crate::{engine::Engine, ledger::Ledger, site::Site};

pub(crate) const DOWN: Fault = Fault::Error(StoreErrorKind::Unavailable);

/// What a handler needs to bring its own store into trouble.
pub(crate) type Trouble = Data<Arc<FaultyStore<Arc<Ledger>>>>;

/// A site whose handlers can turn its faults.
pub(crate) fn open(
    engine: Engine,
    routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> Site {
    let trouble = Data::new(Arc::clone(&engine.faults));
    Site::open(
        engine,
        |all| all,
        move |app| {
            routes(app.app_data(trouble.clone()));
        },
    )
}

/// Holds the next call of a verb.
pub(crate) fn hold(trouble: &Trouble, verb: Verb) -> Gate {
    let gate = Gate::closed();
    trouble.fail(verb, 1, Fault::Held(gate.clone()));
    gate
}
