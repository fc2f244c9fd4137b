//! Data of version 1 read by code of version 2, with both releases running, as while one is rolled out. They listen on port 8080:
//!
//! ```console
//! cargo run -p sessions-examples --example versions
//! curl -c jar -b jar -X POST http://127.0.0.1:8080/old/tea
//! curl -c jar -b jar -X POST http://127.0.0.1:8080/new/milk
//! ```

use actix_web::{App, HttpServer, web};
use sessions::{BuildError, CookieStore, KeyRing, Session, SessionData, SessionMiddleware};

#[derive(SessionData)]
#[session(name = "cart")]
struct CartV1 {
    lines: String,
}

#[derive(SessionData)]
#[session(name = "cart", version = 2, previous = CartV1)]
struct Cart {
    items: Vec<String>,
}

impl From<CartV1> for Cart {
    fn from(old: CartV1) -> Self {
        let items = old.lines.lines().map(str::to_owned).collect();
        Self { items }
    }
}

/// What the new release wrote is a new session here. A field that is only added needs no new version: this one would keep it.
async fn old(mut cart: Session<CartV1>, item: web::Path<String>) -> String {
    cart.lines_mut().push_str(&format!("{item}\n"));
    cart.lines().clone()
}

async fn new(mut cart: Session<Cart>, item: web::Path<String>) -> String {
    cart.items_mut().push(item.into_inner());
    format!("{:?}\n", cart.items())
}

/// Each release has a middleware of its own, as in a process of its own.
fn release(keys: &KeyRing) -> Result<SessionMiddleware, BuildError> {
    let builder = SessionMiddleware::builder(CookieStore::sealed(keys.clone()));
    builder.options(|all| all.insecure_http()).build() // behind TLS, without this option
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let keys = KeyRing::generate()?; // in production: KeyRing::from_env("SESSION_KEYS")?
    let (v1, v2) = (release(&keys)?, release(&keys)?);
    let server = HttpServer::new(move || App::new().configure(|app| routes(app, &v1, &v2)));
    Ok(server.bind(("127.0.0.1", 8080))?.run().await?)
}

fn routes(app: &mut web::ServiceConfig, v1: &SessionMiddleware, v2: &SessionMiddleware) {
    app.service(web::resource("/old/{item}").wrap(v1.clone()).post(old));
    app.service(web::resource("/new/{item}").wrap(v2.clone()).post(new));
}

#[cfg(test)]
#[test]
fn the_new_release_goes_on_with_what_the_old_one_wrote() -> Result<(), Box<dyn std::error::Error>> {
    use sessions_tests::{Browser, Server};

    let keys = KeyRing::generate()?;
    let (v1, v2) = (release(&keys)?, release(&keys)?);
    let server = Server::start(move || App::new().configure(|app| routes(app, &v1, &v2)));
    let mut browser = Browser::new(&server);
    for (path, text) in [
        ("/old/tea", "tea\n"),
        ("/old/cup", "tea\ncup\n"),
        ("/new/milk", "[\"tea\", \"cup\", \"milk\"]\n"),
        ("/new/spoon", "[\"tea\", \"cup\", \"milk\", \"spoon\"]\n"),
        // It cannot know what comes after it, and begins anew.
        ("/old/tea", "tea\n"),
    ] {
        assert_eq!(browser.post(path, "").text(), text);
    }
    Ok(())
}
