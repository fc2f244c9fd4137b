//! The same page with actix-session, before, and with this library, after: nobody is logged out in between.
//!
//! ```console
//! cargo run -p sessions-examples --example coming_from_actix_session --features actix-session-import
//! ```
//!
//! Visit <http://127.0.0.1:8080/before> twice, then <http://127.0.0.1:8080/after>: it goes on counting.

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
    use sessions::actix_session::{CookieReader, Key};
    use sessions::{CookieStore, KeyRing, Session, SessionData, SessionMiddleware, import::Import};

    #[derive(SessionData)]
    pub(crate) struct Visit {
        visits: u32,
    }

    pub(crate) async fn page(mut visit: Session<Visit>) -> String {
        *visit.visits_mut() += 1;
        format!("visit {}", visit.visits())
    }

    pub(crate) fn sessions() -> Result<SessionMiddleware, Box<dyn std::error::Error>> {
        // `id` is what actix-session calls its cookie unless it is told otherwise.
        let reader = CookieReader::private(Key::new(super::SECRET)?);
        let import = Import::new("id", reader, |old| {
            Ok(Visit {
                visits: old.get("visits")?,
            })
        });
        let store = CookieStore::sealed(KeyRing::generate()?);
        Ok(SessionMiddleware::builder(store)
            .session::<Visit>(|visit| visit.import(import.remove_foreign()))
            .build()?)
    }
}

/// In a real application it comes from the environment, as it did before, and so does the key ring.
const SECRET: &[u8] = &[7; 64];

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions = after::sessions()?;
    let app = move || {
        let before = web::scope("/before").wrap(before::sessions());
        let after = web::scope("/after").wrap(sessions.clone());
        App::new()
            .service(before.route("", web::get().to(before::page)))
            .service(after.route("", web::get().to(after::page)))
    };
    let server = HttpServer::new(app).bind(("127.0.0.1", 8080))?;
    Ok(server.run().await?)
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
    let after = App::new()
        .wrap(after::sessions()?)
        .route("/", web::get().to(after::page));
    let after = init_service(after).await;
    for visit in 1..=4 {
        let request = TestRequest::get()
            .insert_header(("cookie", cookie.clone()))
            .to_request();
        let response = match visit {
            1 | 2 => call_service(&before, request).await.map_into_boxed_body(),
            _ => call_service(&after, request).await.map_into_boxed_body(),
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
