//! Sessions in a file of redb, for this one process. There is no server to start, and it answers at <http://127.0.0.1:8080>:
//!
//! ```console
//! SESSIONS_FILE=target/sessions.redb cargo run -p sessions-examples --example redb --features redb
//! ```

use std::{env, error::Error, path::Path};

use actix_web::{App, HttpServer, get};
use sessions::{RedbStore, Session, SessionData, SessionMiddleware};

#[derive(SessionData)]
struct Visit {
    pages: u32,
}

#[get("/")]
async fn page(mut visit: Session<Visit>) -> String {
    *visit.pages_mut() += 1;
    format!("Page {} of your visit.", visit.pages())
}

fn sessions(file: &Path) -> Result<SessionMiddleware, Box<dyn Error>> {
    // Once in a process: all workers share it, and a second process that opens the file is refused.
    let store = RedbStore::open(file)?;
    let builder = SessionMiddleware::builder(store);
    // Behind TLS, take none of these options.
    Ok(builder.options(|all| all.insecure_http()).build()?)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let file = env::var_os("SESSIONS_FILE").ok_or("SESSIONS_FILE is not set")?;
    let sessions = sessions(Path::new(&file))?;
    let server = HttpServer::new(move || App::new().wrap(sessions.clone()).service(page));
    Ok(server.bind(("127.0.0.1", 8080))?.run().await?)
}

#[cfg(test)]
#[actix_web::test]
async fn a_visit_goes_on() -> Result<(), Box<dyn Error>> {
    use actix_web::test;

    let folder = sessions_tests::Folder::new();
    let file = folder.path().join("sessions.redb");
    let sessions = sessions(&file)?;
    let mut visitor = ::sessions::test_util::Visitor::new(&sessions);
    let seeded = visitor.seed::<Visit>(|visit| visit.set_pages(6_u32));
    seeded.await?;
    let app = test::init_service(App::new().wrap(sessions).service(page)).await;
    let request = visitor.bring(test::TestRequest::get()).to_request();
    let body = test::call_and_read_body(&app, request).await;
    assert_eq!(body, "Page 7 of your visit.");
    Ok(())
}
