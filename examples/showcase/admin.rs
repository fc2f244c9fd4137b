use actix_web::{HttpResponse, Responder, http::StatusCode, web::Redirect};
use sessions::Key;

use crate::{
    notices::Notice,
    pages::{AdminPage, page},
    place::Place,
    refusal::Refusal,
    user::Administrator,
};

pub(crate) async fn show(administrator: Administrator) -> Result<HttpResponse, Refusal> {
    let Administrator(mut user) = administrator;
    let shop = user.visitor.shop.clone();
    let keys = shop
        .keys
        .key_ids()
        .iter()
        .map(ToString::to_string)
        .collect();
    let show = AdminPage {
        frame: user.visitor.frame(),
        store: shop.abilities.name,
        rows: shop.counters.rows(),
        keys,
    };
    page(StatusCode::OK, &show)
}

/// Seals with a new key from here on, in all workers. What is sealed under the old one opens still, and moves over when it is next written.
pub(crate) async fn rotate(administrator: Administrator) -> Result<impl Responder, Refusal> {
    let Administrator(mut user) = administrator;
    let key = Key::generate().map_err(Refusal::failed)?;
    user.visitor
        .shop
        .keys
        .rotate(key)
        .map_err(Refusal::failed)?;
    let notice = Notice::good("Cookies are sealed with a new key from now on.");
    user.visitor.notices.push_notice(notice);
    Ok(Redirect::to(Place::Admin.path()).see_other())
}
