//! Sessions in memcached, which any number of machines share, until it wants the room. Two lines, and it answers at <http://127.0.0.1:8080>:
//!
//! ```console
//! docker run -d -p 127.0.0.1:11211:11211 memcached:1.6 -I 2m
//! MEMCACHED_SERVERS=127.0.0.1:11211 cargo run -p sessions-examples --example memcached --features memcached
//! ```

use std::{env, error::Error};

use actix_web::{App, HttpServer, get};
use sessions::{MemcachedStore, Session, SessionData, SessionMiddleware};

#[derive(SessionData)]
struct Visit {
    pages: u32,
}

#[get("/")]
async fn page(mut visit: Session<Visit>) -> String {
    *visit.pages_mut() += 1;
    format!("Page {} of your visit.", visit.pages())
}

async fn sessions(servers: &str) -> Result<SessionMiddleware, Box<dyn Error>> {
    // Several are separated by commas here; the order does not matter, the addresses do.
    let store = MemcachedStore::connect(servers.split(',')).await?;
    let builder = SessionMiddleware::builder(store);
    // Behind TLS, take none of these options.
    Ok(builder.options(|all| all.insecure_http()).build()?)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let servers = env::var("MEMCACHED_SERVERS").map_err(|_| "MEMCACHED_SERVERS is not set")?;
    let sessions = sessions(&servers).await?;
    let server = HttpServer::new(move || App::new().wrap(sessions.clone()).service(page));
    Ok(server.bind(("127.0.0.1", 8080))?.run().await?)
}

#[cfg(test)]
#[actix_web::test]
async fn a_visit_goes_on_in_another_process() -> Result<(), Box<dyn Error>> {
    use actix_web::test;

    let Some(servers) = sessions_tests::Engine::Memcached.url() else {
        return Ok(());
    };
    let mut visitor = sessions::test_util::Visitor::new(&sessions(&servers).await?);
    let seeded = visitor.seed::<Visit>(|visit| visit.set_pages(6_u32));
    seeded.await?;
    let app = App::new().wrap(sessions(&servers).await?).service(page);
    let app = test::init_service(app).await;
    let request = visitor.bring(test::TestRequest::get()).to_request();
    let body = test::call_and_read_body(&app, request).await;
    assert_eq!(body, "Page 7 of your visit.");
    Ok(())
}
