use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use futures_util::future::{FutureExt as _, LocalBoxFuture};
use sessions::Session;

use crate::{
    accounts::Account,
    cart::Cart,
    login::Login,
    notices::{Notice, Notices},
    shop::Shop,
};

/// Whoever asks for a page, known by name or not: all that a page's frame shows.
pub(crate) struct Visitor {
    pub(crate) shop: Data<Shop>,
    pub(crate) login: Session<Login>,
    pub(crate) cart: Session<Cart>,
    pub(crate) notices: Session<Notices>,
}

/// What surrounds every page.
pub(crate) struct Frame {
    pub(crate) name: Option<String>,
    pub(crate) is_administrator: bool,
    pub(crate) packets: u32,
    pub(crate) notices: Vec<Notice>,
}

impl Visitor {
    /// The account that is logged in here.
    pub(crate) fn account(&self) -> Option<Account> {
        let id = self.login.user();
        self.shop.accounts.find(id.as_ref()?)
    }

    /// The frame of the page that is about to be shown. The notices are taken, since this page shows them.
    pub(crate) fn frame(&mut self) -> Frame {
        let account = self.account();
        Frame {
            is_administrator: account.as_ref().is_some_and(|it| it.is_administrator),
            name: account.map(|account| account.name),
            packets: self.cart.read().packets(),
            notices: self.notices.take_notices(),
        }
    }
}

impl FromRequest for Visitor {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // Cookies are ready at once; only the login may have to be waited for.
        let shop = Data::<Shop>::extract(request);
        let sessions = <(Session<Login>, Session<Cart>, Session<Notices>)>::extract(request);
        async move {
            let shop = shop.await?;
            let (login, cart, notices) = sessions.await?;
            shop.counters.count_loaded(&login);
            shop.counters.count_loaded(&cart);
            shop.counters.count_loaded(&notices);
            Ok(Self {
                shop,
                login,
                cart,
                notices,
            })
        }
        .boxed_local()
    }
}
