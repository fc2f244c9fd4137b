//! Sessions that belong to somebody, and the pages on which they are listed and ended.

use actix_web::{
    HttpResponse,
    web::{self, ServiceConfig},
};
use sessions::{Handle, Session, SessionData, SessionError, SessionOptions};
use sessions_tests::{Browser, Reply};

use crate::{
    engine::Engine,
    site::{Site, told},
};

#[derive(SessionData)]
pub(crate) struct Login {
    #[session(principal)]
    pub(crate) user: Option<String>,
    pub(crate) items: Vec<String>,
}

pub(crate) fn open(engine: Engine, options: impl FnOnce(SessionOptions) -> SessionOptions) -> Site {
    Site::open(engine, options, account)
}

pub(crate) fn account(app: &mut ServiceConfig) {
    app.route("/show", web::to(show))
        .route("/login/{user}", web::to(log_in))
        .route("/login-saved/{user}", web::to(log_in_and_save))
        .route("/logout", web::to(log_out))
        .route("/logout/{item}", web::to(log_out_and_write))
        .route("/destroy", web::to(destroy))
        .route("/items/{item}", web::to(add))
        .route("/renew", web::to(renew))
        .route("/sessions", web::to(list))
        .route("/end/{handle}", web::to(end))
        .route("/end-others", web::to(end_others))
        .route("/end-all", web::to(end_all));
}

fn shown(login: &Session<Login>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("x-handle", login.handle().to_string()))
        .body(format!(
            "{:?} {:?} {}",
            login.origin(),
            *login.user(),
            login.items().join(",")
        ))
}

async fn show(login: Session<Login>) -> HttpResponse {
    shown(&login)
}

async fn log_in(mut login: Session<Login>, user: web::Path<String>) -> HttpResponse {
    login.set_user(user.into_inner());
    shown(&login)
}

/// Saves in the handler, and says what came of it.
async fn log_in_and_save(mut login: Session<Login>, user: web::Path<String>) -> String {
    login.set_user(user.into_inner());
    told(login.save().await)
}

async fn log_out(mut login: Session<Login>) -> String {
    format!("{:?}", login.take_user())
}

/// Ends the session, whoever it belongs to.
async fn destroy(mut login: Session<Login>) -> &'static str {
    login.destroy();
    "done"
}

async fn log_out_and_write(mut login: Session<Login>, item: web::Path<String>) -> HttpResponse {
    login.take_user();
    login.items_mut().push(item.into_inner());
    shown(&login)
}

async fn add(mut login: Session<Login>, item: web::Path<String>) -> HttpResponse {
    login.items_mut().push(item.into_inner());
    shown(&login)
}

async fn renew(mut login: Session<Login>) -> HttpResponse {
    login.renew();
    shown(&login)
}

/// One line a session: handle, seconds it was last seen after it began, whether it is the one that asks, device.
async fn list(login: Session<Login>) -> Result<String, SessionError> {
    let sessions = login.principal_sessions()?.list().await?;
    let lines = sessions.iter().map(|info| {
        let seen = info.last_seen().duration_since(info.created_at());
        let current = if info.is_current() {
            "current"
        } else {
            "other"
        };
        format!(
            "{} {} {current} {:?} {:?}",
            info.handle(),
            seen.unwrap_or_default().as_secs(),
            info.address(),
            info.user_agent()
        )
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// Ends the one whose handle is named.
async fn end(login: Session<Login>, handle: web::Path<Handle>) -> Result<String, SessionError> {
    let ended = login.principal_sessions()?.end(*handle).await?;
    Ok(ended.to_string())
}

async fn end_others(login: Session<Login>) -> Result<String, SessionError> {
    Ok(login.principal_sessions()?.end_others().await?.to_string())
}

async fn end_all(login: Session<Login>) -> Result<String, SessionError> {
    Ok(login.principal_sessions()?.end_all().await?.to_string())
}

/// A browser that has just logged in.
#[track_caller]
pub(crate) fn logged_in(site: &Site, user: &str) -> Browser {
    let mut browser = site.browser();
    assert_eq!(browser.get(&format!("/login/{user}")).status, 200);
    site.events.take();
    site.engine.tally();
    browser
}

/// The handle that a page shows.
#[track_caller]
pub(crate) fn handle(reply: &Reply) -> String {
    reply.header("x-handle").unwrap().to_owned()
}
