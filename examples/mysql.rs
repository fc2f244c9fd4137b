//! Sessions in MariaDB or MySQL, which any number of machines share. Two lines, and it answers at <http://127.0.0.1:8080>:
//!
//! ```console
//! docker run -d -p 127.0.0.1:3306:3306 -e MARIADB_ROOT_PASSWORD=secret -e MARIADB_DATABASE=shop mariadb:10.11
//! DATABASE_URL=mysql://root:secret@127.0.0.1/shop cargo run -p sessions-examples --example mysql --features mysql
//! ```

use std::{env, error::Error};

use actix_web::{App, HttpServer, get};
use sessions::{MysqlStore, Session, SessionData, SessionMiddleware};

#[derive(SessionData)]
struct Visit {
    pages: u32,
}

#[get("/")]
async fn page(mut visit: Session<Visit>) -> String {
    *visit.pages_mut() += 1;
    format!("Page {} of your visit.", visit.pages())
}

async fn sessions(url: &str) -> Result<SessionMiddleware, Box<dyn Error>> {
    let store = MysqlStore::connect(url).await?;
    // Makes the tables, or finds them made. A deployment whose program may not do that runs the text of `MysqlStore::migrations()` instead.
    store.migrate().await?;
    let builder = SessionMiddleware::builder(store);
    // Behind TLS, take none of these options.
    Ok(builder.options(|all| all.insecure_http()).build()?)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::var("DATABASE_URL").map_err(|_| "DATABASE_URL is not set")?;
    let sessions = sessions(&url).await?;
    let server = HttpServer::new(move || App::new().wrap(sessions.clone()).service(page));
    Ok(server.bind(("127.0.0.1", 8080))?.run().await?)
}

#[cfg(test)]
#[actix_web::test]
async fn a_visit_goes_on_in_another_process() -> Result<(), Box<dyn Error>> {
    use actix_web::test;

    let Some(url) = sessions_tests::Engine::Mysql.url() else {
        return Ok(());
    };
    let mut visitor = sessions::test_util::Visitor::new(&sessions(&url).await?);
    let seeded = visitor.seed::<Visit>(|visit| visit.set_pages(6_u32));
    seeded.await?;
    let app = App::new().wrap(sessions(&url).await?).service(page);
    let app = test::init_service(app).await;
    let request = visitor.bring(test::TestRequest::get()).to_request();
    let body = test::call_and_read_body(&app, request).await;
    assert_eq!(body, "Page 7 of your visit.");
    Ok(())
}
