use std::{sync::Arc, time::Duration};

use actix_web::{
    App, Error,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    web::{self, Data, ServiceConfig},
};
use sessions::{
    BuildError, Clock, CookieStore, DeviceAddress, KeyRing, Lifetime, SessionMiddleware,
    store::AdmissionPolicy,
};

use crate::{
    account,
    accounts::{Accounts, AccountsError},
    admin,
    cart::{self, Cart},
    counters::Counters,
    devices, guard,
    guesses::Guesses,
    login::{self, Login},
    pages,
    stores::{Abilities, Keeping},
};

/// What all requests share.
pub(crate) struct Shop {
    pub(crate) accounts: Accounts,
    pub(crate) guesses: Guesses,
    pub(crate) counters: Arc<Counters>,
    pub(crate) keys: KeyRing,
    pub(crate) abilities: Abilities,
}

/// How browsers reach the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Tls,
    /// For development: a browser keeps no `Secure` cookie that comes this way.
    PlainHttp,
}

/// How many devices somebody may be logged in on; one more ends the one that was away for longest.
pub(crate) const DEVICES: u32 = 5;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Shop {
    /// Opens it with one account, the administrator's, and says its password.
    pub(crate) fn open(
        keys: KeyRing,
        abilities: Abilities,
    ) -> Result<(Self, String), AccountsError> {
        let (accounts, password) = Accounts::new()?;
        let shop = Self {
            accounts,
            guesses: Guesses::default(),
            counters: Arc::default(),
            keys,
            abilities,
        };
        Ok((shop, password))
    }
}

/// The three sessions of a visitor, and where each is kept.
pub(crate) fn sessions(
    shop: &Shop,
    keeping: Keeping,
    transport: Transport,
    clock: Clock,
) -> Result<SessionMiddleware, BuildError> {
    let counters = Arc::clone(&shop.counters);
    let abilities = keeping.abilities();
    // What names no store of its own, the cart and the notices, travels in sealed cookies.
    SessionMiddleware::builder(CookieStore::sealed(shop.keys.clone()))
        .options(|all| match transport {
            Transport::Tls => all,
            Transport::PlainHttp => all.insecure_http(),
        })
        .session::<Login>(|login| {
            let mut login = login
                .store(keeping.into_store())
                .lifetime(Lifetime::strict());
            // Asked of a store that cannot, they would be refused here; the pages say so instead.
            if abilities.limits {
                login = login.principal_limit(DEVICES, AdmissionPolicy::EvictOldest);
            }
            if abilities.lists {
                login = login.device_info(DeviceAddress::Peer);
            }
            login
        })
        .session::<Cart>(|cart| cart.idle_timeout(30 * DAY).absolute_timeout(90 * DAY))
        .on_event(move |event| counters.count(event))
        .clock(clock)
        .build()
}

/// The whole application: routes, and around them, from the inside out, sessions and guards.
pub(crate) fn app(
    shop: Data<Shop>,
    sessions: SessionMiddleware,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(shop)
        .configure(routes)
        .default_service(web::to(pages::nowhere))
        .wrap(sessions)
        .wrap(from_fn(guard::refuse_other_origins))
        .wrap(from_fn(guard::finish))
}

fn routes(config: &mut ServiceConfig) {
    config
        .route("/", web::get().to(cart::shelf))
        .route("/cart", web::get().to(cart::show))
        .route("/cart", web::post().to(cart::add))
        .route("/cart/note", web::post().to(cart::write_note))
        .route("/cart/empty", web::post().to(cart::empty))
        .route("/signup", web::get().to(login::sign_up_form))
        .route("/signup", web::post().to(login::sign_up))
        .route("/login", web::get().to(login::log_in_form))
        .route("/login", web::post().to(login::log_in))
        .route("/logout", web::post().to(login::log_out))
        .route("/confirm", web::get().to(login::confirm_form))
        .route("/confirm", web::post().to(login::confirm))
        .route("/account", web::get().to(account::show))
        .route("/account/email", web::get().to(account::email_form))
        .route("/account/email", web::post().to(account::change_email))
        .route("/account/password", web::get().to(account::password_form))
        .route(
            "/account/password",
            web::post().to(account::change_password),
        )
        .route("/devices", web::get().to(devices::show))
        .route("/devices/others/end", web::post().to(devices::end_others))
        .route("/devices/{handle}/end", web::post().to(devices::end))
        .route("/admin", web::get().to(admin::show))
        .route("/admin/keys", web::post().to(admin::rotate))
        .route("/style.css", web::get().to(pages::style));
}
