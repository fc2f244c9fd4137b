//! The `cookie` crate's jars, used by hand in the handlers of actix-web: JSON in a private or signed cookie.

use std::error::Error;

use actix_web::{
    App, HttpRequest, HttpResponse, Result,
    error::ErrorNotFound,
    http::header::{COOKIE, SET_COOKIE},
    test::init_service,
    web::{self, get},
};
use cookie::{Cookie, CookieJar, Key, SameSite, time::Duration};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    LONG_KEY,
    bare::{changed_or_conflict, ok},
    service::ActixService,
};
use crate::{
    data::{Data, Flashing, NOTICE, Twin},
    scenario::Scenario,
    size::Size,
    visitor::{Contestant, Visitor},
};

/// What becomes of the data in a cookie.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Private,
    Signed,
}

pub(super) async fn contestant<D: Data>(
    scenario: &Scenario,
    kind: Kind,
) -> std::result::Result<Box<dyn Contestant>, Box<dyn Error>> {
    let size = scenario.size;
    let app = App::new().configure(|config| routes::<D>(config, kind, size));
    let app = ActixService(init_service(app).await);
    Ok(Box::new(Visitor::new(app, scenario).await?))
}

/// In the order of [`paths`](super::bare::paths), without what it cannot do.
pub(crate) fn routes<D: Data>(config: &mut web::ServiceConfig, kind: Kind, size: Size) {
    config
        .app_data(web::Data::new((kind, Key::from(&LONG_KEY))))
        .route(
            "/begin",
            get().to(move |keeper: Keeper| async move {
                let mut jar = CookieJar::new();
                keeper.put(&mut jar, ONE, &D::sample(size))?;
                keeper.answer(&jar)
            }),
        )
        .route(
            "/begin-two",
            get().to(move |keeper: Keeper| async move {
                let mut jar = CookieJar::new();
                keeper.put(&mut jar, ONE, &D::sample(size))?;
                let data = D::sample(size);
                keeper.put(&mut jar, TWO, &Twin { data })?;
                keeper.answer(&jar)
            }),
        )
        .route(
            "/begin-flash",
            get().to(move |keeper: Keeper| async move {
                let (data, notices) = (D::sample(size), Vec::new());
                let mut jar = CookieJar::new();
                keeper.put(&mut jar, ONE, &Flashing { data, notices })?;
                keeper.answer(&jar)
            }),
        )
        .route("/untouched", get().to(untouched))
        .route("/read", get().to(read::<D>))
        .route("/modify", get().to(modify::<D>))
        .route("/login", get().to(untouched))
        .route("/two", get().to(two::<D>))
        .route("/push", get().to(push::<D>))
        .route("/take", get().to(take::<D>))
        .route("/changed", get().to(changed::<D>));
}

/// The names of the cookies, as long as those of the library.
const ONE: &str = "__Host-bench";
const TWO: &str = "__Host-twin";

type Keeper = web::Data<(Kind, Key)>;

trait Keep {
    fn jar(&self, request: &HttpRequest) -> CookieJar;
    fn take<T: DeserializeOwned>(&self, jar: &CookieJar, name: &str) -> Result<T>;
    fn put<T: Serialize>(&self, jar: &mut CookieJar, name: &'static str, data: &T) -> Result<()>;
    fn answer(&self, jar: &CookieJar) -> Result<HttpResponse>;
}

impl Keep for Keeper {
    fn jar(&self, request: &HttpRequest) -> CookieJar {
        let mut jar = CookieJar::new();
        for header in request.headers().get_all(COOKIE) {
            let text = header.to_str().unwrap_or_default().to_owned();
            // What is encrypted is base64 and needs no other encoding; what is signed is JSON.
            match self.0 {
                Kind::Private => {
                    for cookie in Cookie::split_parse(text).flatten() {
                        jar.add_original(cookie);
                    }
                }
                Kind::Signed => {
                    for cookie in Cookie::split_parse_encoded(text).flatten() {
                        jar.add_original(cookie);
                    }
                }
            }
        }
        jar
    }

    fn take<T: DeserializeOwned>(&self, jar: &CookieJar, name: &str) -> Result<T> {
        let cookie = match self.0 {
            Kind::Private => jar.private(&self.1).get(name),
            Kind::Signed => jar.signed(&self.1).get(name),
        };
        let cookie = cookie.ok_or_else(|| ErrorNotFound("data"))?;
        Ok(serde_json::from_str(cookie.value())?)
    }

    fn put<T: Serialize>(&self, jar: &mut CookieJar, name: &'static str, data: &T) -> Result<()> {
        let cookie = Cookie::build((name, serde_json::to_string(data)?))
            .path("/")
            .secure(true)
            .http_only(true)
            .same_site(SameSite::Lax)
            .max_age(Duration::days(30))
            .build();
        match self.0 {
            Kind::Private => jar.private_mut(&self.1).add(cookie),
            Kind::Signed => jar.signed_mut(&self.1).add(cookie),
        }
        Ok(())
    }

    fn answer(&self, jar: &CookieJar) -> Result<HttpResponse> {
        let mut response = HttpResponse::Ok();
        for cookie in jar.delta() {
            let line = match self.0 {
                Kind::Private => cookie.to_string(),
                Kind::Signed => cookie.encoded().to_string(),
            };
            response.append_header((SET_COOKIE, line));
        }
        Ok(response.body("ok"))
    }
}

async fn untouched() -> HttpResponse {
    ok()
}

async fn read<D: Data>(request: HttpRequest, keeper: Keeper) -> Result<HttpResponse> {
    let data: D = keeper.take(&keeper.jar(&request), ONE)?;
    assert!(data.visits() > 0);
    Ok(ok())
}

async fn modify<D: Data>(request: HttpRequest, keeper: Keeper) -> Result<HttpResponse> {
    let mut jar = keeper.jar(&request);
    let mut data: D = keeper.take(&jar, ONE)?;
    data.visit();
    keeper.put(&mut jar, ONE, &data)?;
    keeper.answer(&jar)
}

async fn two<D: Data>(request: HttpRequest, keeper: Keeper) -> Result<HttpResponse> {
    let mut jar = keeper.jar(&request);
    let mut one: D = keeper.take(&jar, ONE)?;
    let mut two: Twin<D> = keeper.take(&jar, TWO)?;
    one.visit();
    two.data.visit();
    keeper.put(&mut jar, ONE, &one)?;
    keeper.put(&mut jar, TWO, &two)?;
    keeper.answer(&jar)
}

async fn push<D: Data>(request: HttpRequest, keeper: Keeper) -> Result<HttpResponse> {
    let mut jar = keeper.jar(&request);
    let mut data: Flashing<D> = keeper.take(&jar, ONE)?;
    data.notices.push(NOTICE.into());
    keeper.put(&mut jar, ONE, &data)?;
    keeper.answer(&jar)
}

async fn take<D: Data>(request: HttpRequest, keeper: Keeper) -> Result<HttpResponse> {
    let mut jar = keeper.jar(&request);
    let mut data: Flashing<D> = keeper.take(&jar, ONE)?;
    assert_eq!(data.notices.drain(..).count(), 1);
    keeper.put(&mut jar, ONE, &data)?;
    keeper.answer(&jar)
}

async fn changed<D: Data>(request: HttpRequest, keeper: Keeper) -> Result<HttpResponse> {
    let data: D = keeper.take(&keeper.jar(&request), ONE)?;
    Ok(changed_or_conflict(&data))
}
