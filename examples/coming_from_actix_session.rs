//! The same page with actix-session, before, and with this library, after: nobody is logged out in between.
//!
//! ```console
//! cargo run -p sessions-examples --example coming_from_actix_session --features actix-session-import -- before
//! SESSION_KEYS=$(openssl rand -base64 32) cargo run -p sessions-examples --example coming_from_actix_session --features actix-session-import
//! ```
//!
//! Visit <http://127.0.0.1:8080> while the first of them runs, and again while the second does: it goes on counting.

use actix_web::{App, HttpServer, web};

mod before {
    use actix_session::{Session, SessionMiddleware, storage::CookieSessionStore};
    use actix_web::{Error, cookie::Key};

    pub(crate) async fn page(session: Session) -> Result<String, Error> {
        let visits = session.get::<u32>("visits")?.unwrap_or(0) + 1;
        session.insert("visits", visits)?;
        Ok(format!("visit {visits}"))
    }

    pub(crate) fn sessions() -> SessionMiddleware<CookieSessionStore> {
        SessionMiddleware::new(CookieSessionStore::default(), Key::from(super::SECRET))
    }
}

mod after {
    use std::error::Error;

    use sessions::{CookieStore, KeyRing, Session, SessionData, SessionMiddleware};
    use sessions::{
        actix_session::{CookieReader, Key},
        import::Import,
    };

    #[derive(SessionData)]
    pub(crate) struct Visit {
        visits: u32,
    }

    pub(crate) async fn page(mut visit: Session<Visit>) -> String {
        *visit.visits_mut() += 1;
        format!("visit {}", visit.visits())
    }

    pub(crate) fn sessions(keys: KeyRing) -> Result<SessionMiddleware, Box<dyn Error>> {
        // `id` is what actix-session calls its cookie unless it is told otherwise.
        let reader = CookieReader::private(Key::new(super::SECRET)?);
        let import = Import::new("id", reader, |old| {
            Ok(Visit {
                visits: old.get("visits")?,
            })
        });
        Ok(SessionMiddleware::builder(CookieStore::sealed(keys))
            .session::<Visit>(|visit| visit.import(import.remove_foreign()))
            .build()?)
    }
}

/// In a real application it comes from the environment, as it did before.
const SECRET: &[u8] = &[7; 64];

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = ("127.0.0.1", 8080);
    if std::env::args().any(|argument| argument == "before") {
        let app = || {
            App::new()
                .wrap(before::sessions())
                .route("/", web::get().to(before::page))
        };
        return Ok(HttpServer::new(app).bind(address)?.run().await?);
    }
    let sessions = after::sessions(sessions::KeyRing::from_env("SESSION_KEYS")?)?;
    let app = move || {
        App::new()
            .wrap(sessions.clone())
            .route("/", web::get().to(after::page))
    };
    Ok(HttpServer::new(app).bind(address)?.run().await?)
}

#[cfg(test)]
#[actix_web::test]
async fn the_third_visit_is_the_first_after_the_move() -> Result<(), Box<dyn std::error::Error>> {
    use actix_web::test::{TestRequest, call_service, init_service, read_body};

    let mut cookie = String::new();
    let before = App::new()
        .wrap(before::sessions())
        .route("/", web::get().to(before::page));
    let before = init_service(before).await;
    let after = after::sessions(sessions::KeyRing::generate()?)?;
    let after = App::new()
        .wrap(after)
        .route("/", web::get().to(after::page));
    let after = init_service(after).await;
    for visit in 1..=4 {
        let request = TestRequest::get()
            .insert_header(("cookie", cookie.clone()))
            .to_request();
        let response = match visit {
            1 | 2 => call_service(&before, request).await,
            _ => call_service(&after, request).await,
        };
        let line = response
            .headers()
            .get("set-cookie")
            .ok_or("no cookie")?
            .to_str()?;
        cookie = line.split(';').next().unwrap_or_default().to_owned();
        assert_eq!(cookie.starts_with("__Host-visit="), visit > 2, "{cookie}");
        assert_eq!(read_body(response).await, format!("visit {visit}"));
    }
    Ok(())
}
