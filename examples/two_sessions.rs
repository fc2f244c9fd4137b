//! Two sessions in one request: a cart that travels in a sealed cookie, and a login that stays on the server. It listens on port 8080:
//!
//! ```console
//! cargo run -p sessions-examples --example two_sessions
//! curl -c jar -b jar -X POST http://127.0.0.1:8080/cart/tea
//! curl -c jar -b jar -X POST http://127.0.0.1:8080/login/ada
//! ```

use std::error::Error;

use actix_web::{App, HttpServer, post, web::Path};
use sessions::{
    CookieStore, KeyRing, Lifetime, MemoryStore, Session, SessionData, SessionMiddleware,
};

/// Belongs to the browser: it is there before anybody logs in, and after they have left.
#[derive(SessionData)]
struct Cart {
    items: Vec<String>,
}

/// Belongs to a person: a logout has to end it everywhere, so it is on the server.
#[derive(SessionData)]
struct Login {
    #[session(principal)]
    user: Option<String>,
}

#[post("/cart/{item}")]
async fn put(mut cart: Session<Cart>, login: Session<Login>, item: Path<String>) -> String {
    cart.items_mut().push(item.into_inner());
    format!("{:?} has {:?}\n", login.user(), cart.items())
}

#[post("/login/{user}")]
async fn log_in(cart: Session<Cart>, mut login: Session<Login>, user: Path<String>) -> String {
    login.set_user(user.into_inner()); // a real application checks a password here
    format!("{:?} has {:?}\n", login.user(), cart.items())
}

fn sessions(keys: KeyRing) -> Result<SessionMiddleware, sessions::BuildError> {
    SessionMiddleware::builder(CookieStore::sealed(keys))
        .session::<Login>(|login| login.store(MemoryStore::new()).lifetime(Lifetime::strict()))
        .options(|all| all.insecure_http()) // behind TLS, without this option
        .build()
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sessions = sessions(KeyRing::generate()?)?; // in production: KeyRing::from_env("SESSION_KEYS")?
    let server = HttpServer::new(move || App::new().wrap(sessions.clone()).service((put, log_in)));
    Ok(server.bind(("127.0.0.1", 8080))?.run().await?)
}

#[cfg(test)]
#[test]
fn each_session_has_a_cookie_of_its_own() -> Result<(), Box<dyn Error>> {
    use sessions_tests::{Browser, Server};

    let sessions = sessions(KeyRing::generate()?)?;
    let server = Server::start(move || App::new().wrap(sessions.clone()).service((put, log_in)));
    let mut browser = Browser::new(&server);
    for (path, text, cookie) in [
        ("/cart/tea", "None has [\"tea\"]\n", "cart="),
        ("/login/ada", "Some(\"ada\") has [\"tea\"]\n", "login="),
        (
            "/cart/milk",
            "Some(\"ada\") has [\"tea\", \"milk\"]\n",
            "cart=",
        ),
    ] {
        let reply = browser.post(path, "");
        assert_eq!(reply.text(), text);
        let line = reply.header("set-cookie").ok_or("no cookie")?;
        assert!(line.starts_with(cookie), "{line}");
    }
    Ok(())
}
