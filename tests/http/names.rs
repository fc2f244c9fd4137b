//! One cookie's name is one type's: what a guest's session wrote opens no administrator's.

use actix_web::web::{self, ServiceConfig};
use sessions::{
    BuildErrorKind, KeyRing, NamePrefix, Registry, SameSite, Session, SessionData, SessionError,
    SessionErrorKind, SessionMiddleware, Values,
};
use sessions_tests::{Browser, Server};

use crate::{
    journal,
    site::{Cart, NONE, line, lines, sealed, sealed_under, serve, shop},
};

mod guest {
    #[derive(sessions::SessionData)]
    pub(super) struct Login {
        pub(super) user: Option<String>,
    }
}

mod admin {
    #[derive(sessions::SessionData)]
    pub(super) struct Login {
        #[session(principal)]
        pub(super) user: Option<String>,
    }
}

/// `/guest/root` writes as the one type and `/admin` reads as the other; `/named/login/root` writes under any name.
fn routes(app: &mut ServiceConfig) {
    app.route(
        "/guest/{user}",
        web::get().to(
            |mut login: Session<guest::Login>, user: web::Path<String>| async move {
                login.set_user(user.into_inner());
                "written"
            },
        ),
    )
    .route(
        "/admin",
        web::get().to(|login: Session<admin::Login>| async move {
            login.user().clone().unwrap_or_default()
        }),
    )
    .route(
        "/named/{name}/{user}",
        web::get().to(
            |registry: Registry, path: web::Path<(String, String)>| async move {
                let (name, user) = path.into_inner();
                let mut values = registry.named::<Values>(name).await?;
                values.insert("user", &user).unwrap();
                Ok::<_, SessionError>("written")
            },
        ),
    );
}

#[test]
fn a_type_does_not_read_what_another_of_its_name_wrote() {
    journal::open();
    let server = serve(sealed(), routes);
    let mut browser = Browser::new(&server);
    assert_eq!(lines(&browser.get("/guest/root")), [line("login")]);
    let reply = browser.get("/admin");
    assert_eq!((reply.status, reply.text()), (500, ""));
    assert_eq!(reply.set_cookies(), NONE);
    let said = "session `login` was asked for as two different types";
    assert!(!journal::about(said).is_empty());
    // The name stays with the first.
    assert_eq!(browser.get("/guest/root").status, 200);
}

#[test]
fn whoever_asks_first_has_the_name_on_every_worker() {
    let sessions = sealed().build().unwrap();
    let server = Server::start_with_workers(2, move || {
        actix_web::App::new()
            .wrap(sessions.clone())
            .configure(routes)
    });
    let mut browser = Browser::new(&server);
    browser.get("/admin");
    // With two workers they take turns.
    for _ in 0..8 {
        let reply = browser.get("/guest/root");
        assert_eq!((reply.status, reply.text()), (500, ""));
        assert_eq!(browser.get("/admin").text(), "");
    }
}

#[test]
fn a_name_that_was_configured_for_one_type_is_not_given_to_another() {
    let sessions = sealed().session::<admin::Login>(|login| login.same_site(SameSite::Strict));
    let server = serve(sessions, routes);
    let mut browser = Browser::new(&server);
    for path in ["/named/login/root", "/guest/root"] {
        let reply = browser.get(path);
        assert_eq!((reply.status, reply.text()), (500, ""), "{path}");
        assert_eq!(reply.set_cookies(), NONE, "{path}");
    }
    assert_eq!(lines(&browser.get("/named/other/root")), [line("other")]);
    assert_eq!(browser.get("/admin").text(), "");
}

#[test]
fn a_nested_middleware_gives_no_other_type_the_name() {
    let keys = KeyRing::generate().unwrap();
    let outer = sealed_under(&keys).build().unwrap();
    let store = sessions::CookieStore::sealed(keys);
    let nested = SessionMiddleware::nested()
        .session::<admin::Login>(|login| login.store(store))
        .build()
        .unwrap();
    let server = Server::start(move || {
        actix_web::App::new()
            .wrap(outer.clone())
            .service(web::scope("/nested").wrap(nested.clone()).configure(routes))
            .configure(routes)
    });
    let mut browser = Browser::new(&server);
    assert_eq!(lines(&browser.get("/guest/root")), [line("login")]);
    for path in [
        "/nested/admin",
        "/nested/guest/root",
        "/nested/named/login/root",
    ] {
        let reply = browser.get(path);
        assert_eq!((reply.status, reply.text()), (500, ""), "{path}");
        assert_eq!(reply.set_cookies(), NONE, "{path}");
    }
}

#[test]
fn two_sessions_of_one_cookie_are_refused_at_start() {
    #[derive(SessionData)]
    #[session(name = "cart")]
    struct Trolley {
        wheels: u32,
    }
    let of_one_name = sealed()
        .session::<Cart>(|cart| cart)
        .session::<Trolley>(|trolley| trolley)
        .build();
    // Both are `__Host-Http-id`, also where the type is the same.
    let of_one_cookie = sealed()
        .named::<Cart>("Http-id", |id| id)
        .named::<Cart>("id", |id| id.name_prefix(NamePrefix::HostHttp))
        .build();
    for (built, session) in [(of_one_name, "cart"), (of_one_cookie, "id")] {
        let error = built.unwrap_err();
        assert_eq!(error.kind(), BuildErrorKind::NameTwice);
        assert_eq!(error.session(), Some(session));
    }
}

#[test]
fn two_sessions_of_one_cookie_are_refused_at_their_first_use() {
    let sessions = sealed().named::<Cart>("id", |id| id.name_prefix(NamePrefix::HostHttp));
    let server = serve(sessions, |app| {
        shop(app);
        app.route(
            "/{name}",
            web::get().to(|registry: Registry, name: web::Path<String>| async move {
                let opened = registry.named::<Cart>(name.into_inner()).await;
                format!("{:?}", opened.err().map(|error| error.kind()))
            }),
        );
    });
    let mut browser = Browser::new(&server);
    let taken = format!("{:?}", Some(SessionErrorKind::NameTaken));
    assert_eq!(browser.get("/Http-id").text(), taken);
    assert_eq!(browser.get("/id").text(), "None");
}
