use std::time::{Duration, Instant};

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    http::{StatusCode, header::LOCATION},
    web::{Form, Query, Redirect},
};
use serde::Deserialize;
use sessions::{Session, SessionData};

use crate::{
    accounts::{AccountId, AccountsError},
    notices::{Notice, Notices},
    pages::{ConfirmPage, LogInPage, SignUpPage, page},
    place::Place,
    refusal::Refusal,
    user::User,
    visitor::Visitor,
};

/// Who is logged in: on the server, so that a logout ends every copy of the cookie.
#[derive(SessionData)]
#[session(name = "login")]
pub(crate) struct Login {
    #[session(principal)]
    pub(crate) user: Option<AccountId>,
    /// Whether they asked to stay logged in.
    pub(crate) stays: bool,
}

const STAY: Duration = Duration::from_secs(30 * 24 * 60 * 60);

#[derive(Deserialize)]
pub(crate) struct Next {
    #[serde(default)]
    next: Place,
}

pub(crate) async fn sign_up_form(mut visitor: Visitor) -> Result<HttpResponse, Refusal> {
    let form = SignUpPage {
        frame: visitor.frame(),
        problem: None,
        name: "",
        email: "",
    };
    page(StatusCode::OK, &form)
}

#[derive(Deserialize)]
pub(crate) struct SignUp {
    name: String,
    email: String,
    password: String,
}

pub(crate) async fn sign_up(
    mut visitor: Visitor,
    request: HttpRequest,
    form: Form<SignUp>,
) -> Result<HttpResponse, Refusal> {
    let form = form.into_inner();
    let address = request.peer_addr().map(|peer| peer.ip());
    let counted = visitor.shop.guesses.count_sign_up(address, Instant::now());
    counted.map_err(|too_many| Refusal::TooManyGuesses(too_many.0))?;
    let opened = visitor
        .shop
        .accounts
        .open(&form.name, &form.email, form.password);
    let account = match opened.await {
        Ok(account) => account,
        Err(AccountsError::Refused(problem)) => {
            let form = SignUpPage {
                frame: visitor.frame(),
                problem: Some(problem),
                name: &form.name,
                email: &form.email,
            };
            return page(StatusCode::UNPROCESSABLE_ENTITY, &form);
        }
        Err(error) => return Err(Refusal::failed(error)),
    };
    authenticate(&mut visitor.login, account.id, false);
    let welcome = format!("Welcome, {}.", account.name);
    visitor.notices.push_notice(Notice::good(welcome));
    Ok(see_other(Place::Shelf))
}

pub(crate) async fn log_in_form(
    mut visitor: Visitor,
    next: Query<Next>,
) -> Result<HttpResponse, Refusal> {
    let form = LogInPage {
        frame: visitor.frame(),
        problem: None,
        name: "",
        next: next.next,
    };
    page(StatusCode::OK, &form)
}

#[derive(Deserialize)]
pub(crate) struct LogIn {
    name: String,
    password: String,
    stay: Option<String>,
    #[serde(default)]
    next: Place,
}

pub(crate) async fn log_in(
    mut visitor: Visitor,
    request: HttpRequest,
    form: Form<LogIn>,
) -> Result<HttpResponse, Refusal> {
    let form = form.into_inner();
    count_guess(&visitor, &request, &form.name)?;
    let checked = visitor.shop.accounts.check(&form.name, form.password);
    let Some(account) = checked.await.map_err(Refusal::failed)? else {
        // Which of the two was wrong is nobody's business.
        let form = LogInPage {
            frame: visitor.frame(),
            problem: Some("There is no such name with that password."),
            name: &form.name,
            next: form.next,
        };
        return page(StatusCode::UNPROCESSABLE_ENTITY, &form);
    };
    forget_guess(&visitor, &request, &form.name);
    authenticate(&mut visitor.login, account.id, form.stay.is_some());
    let welcome = format!("Welcome back, {}.", account.name);
    visitor.notices.push_notice(Notice::good(welcome));
    Ok(see_other(form.next))
}

/// Ends the login, here and in the store. The cart is the browser's, and stays.
pub(crate) async fn log_out(
    mut login: Session<Login>,
    mut notices: Session<Notices>,
) -> impl Responder {
    login.destroy();
    notices.push_notice(Notice::good("Goodbye."));
    Redirect::to(Place::Shelf.path()).see_other()
}

pub(crate) async fn confirm_form(
    mut user: User,
    next: Query<Next>,
) -> Result<HttpResponse, Refusal> {
    let form = ConfirmPage {
        frame: user.visitor.frame(),
        problem: None,
        next: next.next,
    };
    page(StatusCode::OK, &form)
}

#[derive(Deserialize)]
pub(crate) struct Confirm {
    password: String,
    #[serde(default)]
    next: Place,
}

pub(crate) async fn confirm(
    user: User,
    request: HttpRequest,
    form: Form<Confirm>,
) -> Result<HttpResponse, Refusal> {
    let User {
        mut visitor,
        account,
    } = user;
    let form = form.into_inner();
    count_guess(&visitor, &request, &account.name)?;
    let checked = visitor.shop.accounts.check(&account.name, form.password);
    if checked.await.map_err(Refusal::failed)?.is_none() {
        let form = ConfirmPage {
            frame: visitor.frame(),
            problem: Some("That is not your password."),
            next: form.next,
        };
        return page(StatusCode::UNPROCESSABLE_ENTITY, &form);
    }
    forget_guess(&visitor, &request, &account.name);
    let stays = visitor.login.stays();
    authenticate(&mut visitor.login, account.id, stays);
    Ok(see_other(form.next))
}

/// Says who somebody is. That renews the session, also where it is the same person.
fn authenticate(login: &mut Session<Login>, user: AccountId, stays: bool) {
    login.set_user(user);
    login.set_stays(stays);
    // After the setter: an authentication begins with the configured lifetime.
    if stays {
        login.remember(STAY);
    } else {
        login.forget_on_close();
    }
}

fn count_guess(visitor: &Visitor, request: &HttpRequest, name: &str) -> Result<(), Refusal> {
    let address = request.peer_addr().map(|peer| peer.ip());
    let counted = visitor.shop.guesses.count(address, name, Instant::now());
    counted.map_err(|too_many| Refusal::TooManyGuesses(too_many.0))
}

fn forget_guess(visitor: &Visitor, request: &HttpRequest, name: &str) {
    let address = request.peer_addr().map(|peer| peer.ip());
    visitor.shop.guesses.forget(address, name);
}

fn see_other(place: Place) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, place.path()))
        .finish()
}
