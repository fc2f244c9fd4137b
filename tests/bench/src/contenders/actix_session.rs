//! actix-session, with its sessions in cookies.

use std::error::Error;

use actix_session::{
    Session, SessionMiddleware, config::CookieContentSecurity, storage::CookieSessionStore,
};
use actix_web::{
    App, HttpResponse, Result,
    cookie::Key,
    error::ErrorNotFound,
    test::init_service,
    web::{self, get},
};

use super::{
    LONG_KEY,
    bare::{changed_or_conflict, ok},
    service::ActixService,
};
use crate::{
    data::{Data, Flashing, NOTICE},
    scenario::Scenario,
    size::Size,
    visitor::{Contestant, Visitor},
};

/// What becomes of the data in a cookie.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Content {
    Private,
    Signed,
}

pub(super) async fn contestant<D: Data>(
    scenario: &Scenario,
    content: Content,
) -> std::result::Result<Box<dyn Contestant>, Box<dyn Error>> {
    let size = scenario.size;
    let app = App::new()
        .wrap(middleware(content))
        .configure(|config| routes::<D>(config, size));
    let app = ActixService(init_service(app).await);
    Ok(Box::new(Visitor::new(app, scenario).await?))
}

pub(crate) fn middleware(content: Content) -> SessionMiddleware<CookieSessionStore> {
    SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&LONG_KEY))
        .cookie_content_security(match content {
            Content::Private => CookieContentSecurity::Private,
            Content::Signed => CookieContentSecurity::Signed,
        })
        .build()
}

/// In the order of [`paths`](super::bare::paths), without what it cannot do.
pub(crate) fn routes<D: Data>(config: &mut web::ServiceConfig, size: Size) {
    config
        .route(
            "/begin",
            get().to(move |session: Session| async move {
                session.insert("data", D::sample(size))?;
                Result::<_>::Ok(ok())
            }),
        )
        .route("/begin-two", get().to(ok_without))
        .route(
            "/begin-flash",
            get().to(move |session: Session| async move {
                let (data, notices) = (D::sample(size), Vec::new());
                session.insert("data", Flashing { data, notices })?;
                Result::<_>::Ok(ok())
            }),
        )
        .route("/untouched", get().to(ok_without))
        .route("/read", get().to(read::<D>))
        .route("/modify", get().to(modify::<D>))
        .route("/login", get().to(login::<D>))
        .route("/two", get().to(ok_without))
        .route("/push", get().to(push::<D>))
        .route("/take", get().to(take::<D>))
        .route("/changed", get().to(changed::<D>));
}

async fn ok_without() -> HttpResponse {
    ok()
}

fn data<T: serde::de::DeserializeOwned>(session: &Session) -> Result<T> {
    session.get("data")?.ok_or_else(|| ErrorNotFound("data"))
}

async fn read<D: Data>(session: Session) -> Result<HttpResponse> {
    assert!(data::<D>(&session)?.visits() > 0);
    Ok(ok())
}

async fn modify<D: Data>(session: Session) -> Result<HttpResponse> {
    let mut data: D = data(&session)?;
    data.visit();
    session.insert("data", data)?;
    Ok(ok())
}

async fn login<D: Data>(session: Session) -> Result<HttpResponse> {
    session.renew();
    modify::<D>(session).await
}

async fn push<D: Data>(session: Session) -> Result<HttpResponse> {
    let mut data: Flashing<D> = data(&session)?;
    data.notices.push(NOTICE.into());
    session.insert("data", data)?;
    Ok(ok())
}

async fn take<D: Data>(session: Session) -> Result<HttpResponse> {
    let mut data: Flashing<D> = data(&session)?;
    assert_eq!(data.notices.drain(..).count(), 1);
    session.insert("data", data)?;
    Ok(ok())
}

async fn changed<D: Data>(session: Session) -> Result<HttpResponse> {
    Ok(changed_or_conflict(&data::<D>(&session)?))
}
