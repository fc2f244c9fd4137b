use std::time::Duration;

use actix_web::{Error, FromRequest, HttpRequest, dev::Payload};
use futures_util::future::{FutureExt as _, LocalBoxFuture};

use crate::{accounts::Account, place::Place, refusal::Refusal, visitor::Visitor};

/// Somebody who is logged in. A handler that takes one cannot forget to ask.
pub(crate) struct User {
    pub(crate) visitor: Visitor,
    pub(crate) account: Account,
}

/// Somebody who said their password a moment ago: for what an unlocked laptop on a café's table must not do (OWASP ASVS v5, 7.5.1).
pub(crate) struct SureUser(pub(crate) User);

/// The administrator.
pub(crate) struct Administrator(pub(crate) User);

const MOMENT: Duration = Duration::from_secs(5 * 60);

impl FromRequest for User {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let place = Place::of(request.path());
        let visitor = Visitor::extract(request);
        async move {
            // A store that is down is a 503, and not "log in first".
            let mut visitor = visitor.await?;
            let Some(account) = visitor.account() else {
                if visitor.login.user().is_some() {
                    // The account ended, with the process that knew it; so does what is left of it.
                    visitor.login.destroy();
                }
                return Err(Refusal::LogIn(place).into());
            };
            Ok(Self { visitor, account })
        }
        .boxed_local()
    }
}

impl FromRequest for SureUser {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let place = Place::of(request.path());
        let user = User::extract(request);
        async move {
            let user = user.await?;
            if user.visitor.login.authenticated_within(MOMENT) {
                Ok(Self(user))
            } else {
                Err(Refusal::Confirm(place).into())
            }
        }
        .boxed_local()
    }
}

impl FromRequest for Administrator {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let user = User::extract(request);
        async move {
            let user = user.await?;
            if user.account.is_administrator {
                Ok(Self(user))
            } else {
                Err(Refusal::Forbidden.into())
            }
        }
        .boxed_local()
    }
}
