//! tower-sessions in axum, and axum alone.

use std::error::Error;

use axum::{
    Router,
    body::Body,
    http::{
        Request, StatusCode,
        header::{COOKIE, SET_COOKIE},
    },
    response::Response,
    routing::get,
};
use serde::de::DeserializeOwned;
use tower::Service as _;
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

use super::bare::paths;
use crate::{
    data::{Data, Flashing, NOTICE, VISITS},
    scenario::Scenario,
    size::Size,
    visitor::{Application, Contestant, Visitor},
};

pub(super) async fn contestant<D: Data>(
    scenario: &Scenario,
) -> Result<Box<dyn Contestant>, Box<dyn Error>> {
    let app = Axum(router::<D>(scenario.size));
    Ok(Box::new(Visitor::new(app, scenario).await?))
}

pub(super) async fn bare(scenario: &Scenario) -> Result<Box<dyn Contestant>, Box<dyn Error>> {
    Ok(Box::new(Visitor::new(Axum(axum_alone()), scenario).await?))
}

/// Answers on every path.
pub(crate) fn axum_alone() -> Router {
    paths().fold(Router::new(), |router, path| router.route(&path, get(ok)))
}

/// Sessions in memory, without what it cannot do.
pub(crate) fn router<D: Data>(size: Size) -> Router {
    Router::new()
        .route(
            "/begin",
            get(move |session: Session| async move {
                let data = D::sample(size);
                answered(session.insert("data", data).await)
            }),
        )
        .route(
            "/begin-flash",
            get(move |session: Session| async move {
                let (data, notices) = (D::sample(size), Vec::new());
                answered(session.insert("data", Flashing { data, notices }).await)
            }),
        )
        .route("/untouched", get(ok))
        .route("/read", get(read::<D>))
        .route("/modify", get(modify::<D>))
        .route("/login", get(login::<D>))
        .route("/push", get(push::<D>))
        .route("/take", get(take::<D>))
        .route("/changed", get(changed::<D>))
        .layer(SessionManagerLayer::new(MemoryStore::default()))
}

type Answer = Result<&'static str, StatusCode>;

async fn ok() -> &'static str {
    "ok"
}

fn answered<E>(result: Result<(), E>) -> Answer {
    result.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok("ok")
}

async fn data<T: DeserializeOwned>(session: &Session) -> Result<T, StatusCode> {
    let data = session.get("data").await;
    data.ok().flatten().ok_or(StatusCode::NOT_FOUND)
}

async fn read<D: Data>(session: Session) -> Answer {
    assert!(data::<D>(&session).await?.visits() > 0);
    Ok("ok")
}

async fn modify<D: Data>(session: Session) -> Answer {
    let mut data: D = data(&session).await?;
    data.visit();
    answered(session.insert("data", data).await)
}

async fn login<D: Data>(session: Session) -> Answer {
    answered(session.cycle_id().await)?;
    modify::<D>(session).await
}

async fn push<D: Data>(session: Session) -> Answer {
    let mut data: Flashing<D> = data(&session).await?;
    data.notices.push(NOTICE.into());
    answered(session.insert("data", data).await)
}

async fn take<D: Data>(session: Session) -> Answer {
    let mut data: Flashing<D> = data(&session).await?;
    assert_eq!(data.notices.drain(..).count(), 1);
    answered(session.insert("data", data).await)
}

async fn changed<D: Data>(session: Session) -> Answer {
    if data::<D>(&session).await?.visits() == VISITS {
        return Err(StatusCode::CONFLICT);
    }
    Ok("ok")
}

/// An axum application without a server around it.
struct Axum(Router);

impl Application for Axum {
    type Request = Request<Body>;
    type Answer = Response;

    fn request(&self, path: &str, cookies: &str) -> Result<Self::Request, Box<dyn Error>> {
        let request = Request::builder().uri(path);
        let request = if cookies.is_empty() {
            request
        } else {
            request.header(COOKIE, cookies)
        };
        Ok(request.body(Body::empty())?)
    }

    async fn answer(&self, request: Self::Request) -> Result<Self::Answer, Box<dyn Error>> {
        // As the server does it: one clone of the router for a request, which is a counted reference.
        Ok(self.0.clone().call(request).await?)
    }

    fn set_cookies(answer: &Self::Answer) -> Result<Vec<String>, Box<dyn Error>> {
        if !answer.status().is_success() {
            return Err(answer.status().to_string().into());
        }
        let lines = answer.headers().get_all(SET_COOKIE).iter();
        lines.map(|line| Ok(line.to_str()?.to_owned())).collect()
    }
}
