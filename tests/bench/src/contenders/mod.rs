//! Who answers the requests: one file each, and all with the same routes in the same order.

mod actix_session;
mod bare;
mod gorilla;
mod jar;
mod primitives;
mod service;
mod sessions;
mod tower_sessions;

use std::error::Error;

pub(crate) use self::{
    actix_session::{Content, middleware as peer, routes as peer_routes},
    bare::routes as bare_routes,
    gorilla::is_there as go_is_there,
    jar::{Kind, routes as jar_routes},
    sessions::{Ours, routes as our_routes},
    tower_sessions::{axum_alone, router as tower_router},
};
use crate::{
    contender::Contender,
    data::{Data, Shopping, Small, Usual},
    scenario::Scenario,
    size::Size,
    visitor::Contestant,
};

/// Makes whom a scenario asks for, with its sessions begun.
///
/// # Errors
///
/// When it cannot do what the scenario asks for, or does not.
pub(crate) async fn contestant(scenario: &Scenario) -> Result<Box<dyn Contestant>, Box<dyn Error>> {
    if !scenario.is_possible() {
        return Err(format!("there is no {scenario}").into());
    }
    match scenario.size {
        Size::Small => holding::<Small>(scenario).await,
        Size::Usual => holding::<Usual>(scenario).await,
        Size::Large | Size::Full => holding::<Shopping>(scenario).await,
    }
}

async fn holding<D: Data>(scenario: &Scenario) -> Result<Box<dyn Contestant>, Box<dyn Error>> {
    match scenario.contender {
        Contender::Bare => bare::contestant(scenario).await,
        Contender::Sealed | Contender::Signed | Contender::Memory | Contender::Filesystem => {
            sessions::contestant::<D>(scenario).await
        }
        Contender::PeerPrivate => actix_session::contestant::<D>(scenario, Content::Private).await,
        Contender::PeerSigned => actix_session::contestant::<D>(scenario, Content::Signed).await,
        Contender::JarPrivate => jar::contestant::<D>(scenario, Kind::Private).await,
        Contender::JarSigned => jar::contestant::<D>(scenario, Kind::Signed).await,
        Contender::Axum => tower_sessions::bare(scenario).await,
        Contender::TowerMemory => tower_sessions::contestant::<D>(scenario).await,
        Contender::NetHttp | Contender::Gorilla => gorilla::contestant(scenario),
        Contender::PrimitivesSealed => primitives::sealed::<D>(scenario).await,
        Contender::PrimitivesSigned => primitives::signed::<D>(scenario).await,
        Contender::PrimitivesMemory => primitives::memory::<D>(scenario).await,
    }
}

/// A key for all, so that no two runs differ by it.
const KEY: [u8; 32] = *b"This is the key of a benchmark.\x01";

/// The same for those who want twice as much.
const LONG_KEY: [u8; 64] = *b"This is the key of a benchmark, and it is of the length of two.\x01";

#[cfg(test)]
mod tests {
    use crate::{case::Case, meter::Meter};

    use super::*;

    /// What is measured is done: each round changes what it should change.
    #[actix_web::test]
    async fn every_contender_keeps_what_it_was_given() {
        for contender in Contender::ALL.into_iter().filter(|who| !who.is_foreign()) {
            for case in Case::COMPARED
                .into_iter()
                .filter(|case| contender.can(*case))
            {
                for size in Size::ALL {
                    let scenario = Scenario::new(contender, case, size);
                    if !scenario.is_possible() {
                        continue;
                    }
                    let mut contestant = contestant(&scenario).await.unwrap();
                    contestant.run(3, &mut Meter::stopped()).await.unwrap();
                    if contender.base().is_none()
                        || !matches!(case, Case::Read | Case::Modify | Case::Login | Case::Two)
                    {
                        continue;
                    }
                    let changed = contestant.ask_once("/changed").await.is_ok();
                    assert_eq!(changed, case != Case::Read, "{scenario}");
                }
            }
        }
    }
}
