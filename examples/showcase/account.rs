use actix_web::{
    HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::Form,
};
use serde::Deserialize;

use crate::{
    accounts::AccountsError,
    devices::end_elsewhere,
    notices::Notice,
    pages::{AccountPage, EmailPage, PasswordPage, page},
    place::Place,
    refusal::Refusal,
    user::{SureUser, User},
};

pub(crate) async fn show(mut user: User) -> Result<HttpResponse, Refusal> {
    let show = AccountPage {
        frame: user.visitor.frame(),
        name: &user.account.name,
        email: &user.account.email,
        stays: user.visitor.login.stays(),
    };
    page(StatusCode::OK, &show)
}

pub(crate) async fn email_form(user: SureUser) -> Result<HttpResponse, Refusal> {
    let SureUser(mut user) = user;
    let form = EmailPage {
        frame: user.visitor.frame(),
        problem: None,
        email: &user.account.email,
    };
    page(StatusCode::OK, &form)
}

#[derive(Deserialize)]
pub(crate) struct Email {
    email: String,
}

pub(crate) async fn change_email(
    user: SureUser,
    form: Form<Email>,
) -> Result<HttpResponse, Refusal> {
    let SureUser(mut user) = user;
    let changed = user
        .visitor
        .shop
        .accounts
        .change_email(&user.account.id, &form.email);
    match changed {
        Ok(()) => {
            let notice = Notice::good("Your e-mail address is changed.");
            user.visitor.notices.push_notice(notice);
            Ok(back_to_account())
        }
        Err(AccountsError::Refused(problem)) => {
            let form = EmailPage {
                frame: user.visitor.frame(),
                problem: Some(problem),
                email: &form.email,
            };
            page(StatusCode::UNPROCESSABLE_ENTITY, &form)
        }
        Err(error) => Err(Refusal::failed(error)),
    }
}

pub(crate) async fn password_form(user: SureUser) -> Result<HttpResponse, Refusal> {
    let SureUser(mut user) = user;
    let form = PasswordPage {
        frame: user.visitor.frame(),
        problem: None,
    };
    page(StatusCode::OK, &form)
}

#[derive(Deserialize)]
pub(crate) struct Password {
    password: String,
}

/// Whoever was logged in with the old password is logged out, but for who changed it (OWASP ASVS v5, 7.4.3).
pub(crate) async fn change_password(
    user: SureUser,
    form: Form<Password>,
) -> Result<HttpResponse, Refusal> {
    let SureUser(mut user) = user;
    let accounts = &user.visitor.shop.accounts;
    let password = form.into_inner().password;
    match accounts.change_password(&user.account.id, password).await {
        Ok(()) => {}
        Err(AccountsError::Refused(problem)) => {
            let form = PasswordPage {
                frame: user.visitor.frame(),
                problem: Some(problem),
            };
            return page(StatusCode::UNPROCESSABLE_ENTITY, &form);
        }
        Err(error) => return Err(Refusal::failed(error)),
    }
    let notice = match end_elsewhere(&user).await? {
        Some(ended) => Notice::good(format!(
            "Your password is changed. Logged out on {ended} other device(s)."
        )),
        None => Notice::bad(
            "Your password is changed. Where else you are logged in, the store cannot tell: you stay so.",
        ),
    };
    user.visitor.login.renew();
    user.visitor.notices.push_notice(notice);
    Ok(back_to_account())
}

fn back_to_account() -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, Place::Account.path()))
        .finish()
}
