use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use askama::Template;

use crate::{
    counters::Row, devices::Device, place::Place, refusal::Refusal, stock::Seed, visitor::Frame,
};

#[derive(Template)]
#[template(path = "shelf.html")]
pub(crate) struct ShelfPage<'a> {
    pub(crate) frame: Frame,
    pub(crate) seeds: &'a [Seed],
}

#[derive(Template)]
#[template(path = "cart.html")]
pub(crate) struct CartPage {
    pub(crate) frame: Frame,
    /// Seed, packets, price.
    pub(crate) lines: Vec<(&'static Seed, u32, String)>,
    pub(crate) total: String,
    pub(crate) note: String,
}

#[derive(Template)]
#[template(path = "sign_up.html")]
pub(crate) struct SignUpPage<'a> {
    pub(crate) frame: Frame,
    pub(crate) problem: Option<&'a str>,
    pub(crate) name: &'a str,
    pub(crate) email: &'a str,
}

#[derive(Template)]
#[template(path = "log_in.html")]
pub(crate) struct LogInPage<'a> {
    pub(crate) frame: Frame,
    pub(crate) problem: Option<&'a str>,
    pub(crate) name: &'a str,
    pub(crate) next: Place,
}

#[derive(Template)]
#[template(path = "confirm.html")]
pub(crate) struct ConfirmPage<'a> {
    pub(crate) frame: Frame,
    pub(crate) problem: Option<&'a str>,
    pub(crate) next: Place,
}

#[derive(Template)]
#[template(path = "account.html")]
pub(crate) struct AccountPage<'a> {
    pub(crate) frame: Frame,
    pub(crate) name: &'a str,
    pub(crate) email: &'a str,
    pub(crate) stays: bool,
}

#[derive(Template)]
#[template(path = "email.html")]
pub(crate) struct EmailPage<'a> {
    pub(crate) frame: Frame,
    pub(crate) problem: Option<&'a str>,
    pub(crate) email: &'a str,
}

#[derive(Template)]
#[template(path = "password.html")]
pub(crate) struct PasswordPage<'a> {
    pub(crate) frame: Frame,
    pub(crate) problem: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "devices.html")]
pub(crate) struct DevicesPage<'a> {
    pub(crate) frame: Frame,
    /// `None` where the store keeps no list.
    pub(crate) devices: Option<Vec<Device>>,
    /// `None` where the store holds nobody to one.
    pub(crate) limit: Option<u32>,
    pub(crate) store: &'a str,
}

#[derive(Template)]
#[template(path = "admin.html")]
pub(crate) struct AdminPage<'a> {
    pub(crate) frame: Frame,
    pub(crate) store: &'a str,
    pub(crate) rows: Vec<Row>,
    /// The one that seals comes first.
    pub(crate) keys: Vec<String>,
}

/// Knows no visitor, since what failed may be their session.
#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage {
    status: u16,
    title: &'static str,
    text: &'static str,
}

/// Answers with a page.
pub(crate) fn page(status: StatusCode, page: &impl Template) -> Result<HttpResponse, Refusal> {
    let page = page.render().map_err(Refusal::failed)?;
    Ok(HttpResponse::build(status)
        .content_type(TYPE_OF_PAGES)
        .body(page))
}

/// The page of an error.
pub(crate) fn failure(status: StatusCode) -> String {
    let (title, text) = match status {
        StatusCode::FORBIDDEN => ("Not for you", "This is for somebody else to do."),
        StatusCode::NOT_FOUND => ("Nothing grows here", "There is no page of that name."),
        StatusCode::TOO_MANY_REQUESTS => (
            "Too many guesses",
            "Somebody has tried too many passwords. Come back in a quarter of an hour.",
        ),
        StatusCode::SERVICE_UNAVAILABLE => (
            "Back in a moment",
            "We cannot look up who you are just now. You are still logged in, if you were.",
        ),
        status if status.is_server_error() => ("That went wrong", "It is our fault, not yours."),
        _ => ("We did not understand", "Go back, and try it another way."),
    };
    let page = FailurePage {
        status: status.as_u16(),
        title,
        text,
    };
    // Of a template that holds three texts, nothing can fail.
    page.render().unwrap_or_default()
}

pub(crate) async fn nowhere() -> HttpResponse {
    HttpResponse::NotFound().finish()
}

/// The one file that a browser may keep.
pub(crate) async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(include_str!("pages/style.css"))
}

const TYPE_OF_PAGES: &str = "text/html; charset=utf-8";
