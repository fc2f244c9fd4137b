//! This library.

use std::error::Error;

use actix_web::{
    App, Error as WebError, HttpResponse,
    test::init_service,
    web::{self, get},
};
use sessions::{
    CookieStore, FilesystemStore, Key, KeyRing, MemoryStore, Registry, Session, SessionMiddleware,
    Store,
};

use super::{
    KEY,
    bare::{changed_or_conflict, ok},
    service::ActixService,
};
use crate::{
    case::Case,
    contender::Contender,
    data::{Data, Flashing, NOTICE, Twin},
    fields::{Fields, Four, One, Sixteen, SixtyFour},
    scenario::Scenario,
    scratch::Scratch,
    size::Size,
    visitor::{Contestant, Visitor},
};

pub(super) async fn contestant<D: Data>(
    scenario: &Scenario,
) -> Result<Box<dyn Contestant>, Box<dyn Error>> {
    let ours = Ours::new(scenario.contender)?;
    let (middleware, size) = (ours.middleware.clone(), scenario.size);
    let app = App::new()
        .wrap(middleware)
        .app_data(web::Data::new(ours.scratch))
        .configure(|config| routes::<D>(config, size));
    let visitor = Visitor::new(ActixService(init_service(app).await), scenario).await?;
    if scenario.keys > 1 {
        // The visitor's key is the last that is looked at, and not one on its way out: nothing is sealed anew.
        ours.keys.replace(&ring(scenario.keys)?);
    }
    Ok(Box::new(visitor))
}

/// The middleware over one of the stores.
pub(crate) struct Ours {
    pub(crate) middleware: SessionMiddleware,
    keys: KeyRing,
    /// Where files are, if there are any; they go with it.
    scratch: Option<Scratch>,
}

impl Ours {
    pub(crate) fn new(contender: Contender) -> Result<Self, Box<dyn Error>> {
        let keys = KeyRing::new(Key::from_bytes(KEY)?);
        let mut scratch = None;
        let store: Store = match contender {
            Contender::Signed => CookieStore::signed(keys.clone()).into(),
            Contender::Memory => MemoryStore::new().into(),
            Contender::Filesystem => {
                let folder = scratch.insert(Scratch::new()?);
                FilesystemStore::new(folder.path())?.into()
            }
            _ => CookieStore::sealed(keys.clone()).into(),
        };
        Ok(Self {
            middleware: SessionMiddleware::builder(store).build()?,
            keys,
            scratch,
        })
    }
}

fn ring(keys: usize) -> Result<KeyRing, Box<dyn Error>> {
    let mut ring = KeyRing::generate()?;
    for _ in 2..keys {
        ring = ring.pre_published(Key::generate()?)?;
    }
    Ok(ring.pre_published(Key::from_bytes(KEY)?)?)
}

/// In the order of [`paths`](super::bare::paths).
pub(crate) fn routes<D: Data>(config: &mut web::ServiceConfig, size: Size) {
    config
        .route(
            "/begin",
            get().to(move |mut session: Session<D>| async move {
                *session.write() = D::sample(size);
                ok()
            }),
        )
        .route(
            "/begin-two",
            get().to(
                move |mut one: Session<D>, mut two: Session<Twin<D>>| async move {
                    *one.write() = D::sample(size);
                    two.write().data = D::sample(size);
                    ok()
                },
            ),
        )
        .route(
            "/begin-flash",
            get().to(move |mut session: Session<Flashing<D>>| async move {
                session.write().data = D::sample(size);
                ok()
            }),
        )
        .route("/untouched", get().to(untouched))
        .route("/read", get().to(read::<D>))
        .route("/modify", get().to(modify::<D>))
        .route("/login", get().to(login::<D>))
        .route("/two", get().to(two::<D>))
        .route("/push", get().to(push::<D>))
        .route("/take", get().to(take::<D>));
    fields::<One>(config);
    fields::<Four>(config);
    fields::<Sixteen>(config);
    fields::<SixtyFour>(config);
    for count in Case::SESSIONS {
        let case = Case::Sessions(count);
        config
            .route(
                &case.begin(),
                get().to(move |registry: Registry| async move {
                    for name in names(count) {
                        *registry.named::<D>(*name).await?.write() = D::sample(size);
                    }
                    Ok::<_, WebError>(ok())
                }),
            )
            .route(
                &format!("/{case}"),
                get().to(move |registry: Registry| async move {
                    for name in names(count) {
                        registry.named::<D>(*name).await?.write().visit();
                    }
                    Ok::<_, WebError>(ok())
                }),
            );
    }
    config.route("/changed", get().to(changed::<D>));
}

async fn untouched() -> HttpResponse {
    ok()
}

async fn read<D: Data>(session: Session<D>) -> HttpResponse {
    assert!(session.read().visits() > 0);
    ok()
}

async fn modify<D: Data>(mut session: Session<D>) -> HttpResponse {
    session.write().visit();
    ok()
}

async fn login<D: Data>(mut session: Session<D>) -> HttpResponse {
    session.write().visit();
    session.renew();
    ok()
}

async fn two<D: Data>(mut one: Session<D>, mut two: Session<Twin<D>>) -> HttpResponse {
    one.write().visit();
    two.write().data.visit();
    ok()
}

async fn push<D: Data>(mut session: Session<Flashing<D>>) -> HttpResponse {
    session.push_notice(NOTICE);
    ok()
}

async fn take<D: Data>(mut session: Session<Flashing<D>>) -> HttpResponse {
    assert_eq!(session.take_notices().len(), 1);
    ok()
}

fn fields<F: Fields>(config: &mut web::ServiceConfig) {
    let case = Case::Fields(F::COUNT);
    config
        .route(
            &case.begin(),
            get().to(|mut session: Session<F>| async move {
                *session.write() = F::sample();
                ok()
            }),
        )
        .route(
            &format!("/{case}"),
            get().to(|mut session: Session<F>| async move {
                let mut session = session.write();
                // Another text of the same length.
                let other = if session.first().starts_with('0') {
                    'x'
                } else {
                    '0'
                };
                session
                    .first()
                    .replace_range(0..1, other.encode_utf8(&mut [0; 4]));
                ok()
            }),
        );
}

/// The names of so many sessions of one type.
fn names(count: usize) -> &'static [&'static str] {
    const NAMES: [&str; 8] = [
        "one", "two", "three", "four", "five", "six", "seven", "eight",
    ];
    NAMES.get(..count).unwrap_or(&NAMES)
}

async fn changed<D: Data>(session: Session<D>) -> HttpResponse {
    changed_or_conflict(&*session.read())
}
