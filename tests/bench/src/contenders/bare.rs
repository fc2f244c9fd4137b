//! actix-web without sessions: the same routes, and nothing behind them.

use std::error::Error;

use actix_web::{App, HttpResponse, test::init_service, web};

use super::service::ActixService;
use crate::{
    case::Case,
    data::{Data, VISITS},
    scenario::Scenario,
    visitor::{Contestant, Visitor},
};

pub(super) async fn contestant(scenario: &Scenario) -> Result<Box<dyn Contestant>, Box<dyn Error>> {
    let app = ActixService(init_service(App::new().configure(routes)).await);
    Ok(Box::new(Visitor::new(app, scenario).await?))
}

/// Answers on every path.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    for path in paths() {
        config.route(&path, web::get().to(nothing));
    }
}

/// Every path, in the order in which all contenders have them: a router tries one after the other.
pub(super) fn paths() -> impl Iterator<Item = String> {
    let curves = Case::FIELDS
        .map(Case::Fields)
        .into_iter()
        .chain(Case::SESSIONS.map(Case::Sessions));
    let beginnings = [Case::Read, Case::Two, Case::Flash];
    beginnings
        .into_iter()
        .map(Case::begin)
        .chain(Case::COMPARED.into_iter().flat_map(Case::steps))
        .chain(
            curves
                .flat_map(|case| [vec![case.begin()], case.steps()])
                .flatten(),
        )
}

/// What every handler answers.
pub(super) fn ok() -> HttpResponse {
    HttpResponse::Ok().body("ok")
}

/// Tells whether data is no longer as it began, for who doubts that what is measured is done.
pub(super) fn changed_or_conflict(data: &impl Data) -> HttpResponse {
    if data.visits() == VISITS {
        return HttpResponse::Conflict().finish();
    }
    ok()
}

async fn nothing() -> HttpResponse {
    ok()
}
