//! Behind a proxy that ends TLS: cookies are strict all the same, since nothing in a request can make them less so.
//!
//! It listens on port 8080 where only the proxy comes by: whoever else reaches it could claim any address. The proxy replaces both headers
//! that name one, and never appends to what the visitor sent. In nginx:
//!
//! ```nginx
//! proxy_set_header X-Forwarded-For $remote_addr;
//! proxy_set_header Forwarded "";
//! ```
//!
//! Be the proxy (curl sends `Secure` cookies to `localhost` without TLS, too):
//!
//! ```console
//! cargo run -p sessions-examples --example behind_a_proxy
//! curl -i -c jar -b jar -H 'X-Forwarded-For: 203.0.113.7' -X POST http://localhost:8080/login/ada
//! curl -c jar -b jar http://localhost:8080/devices
//! ```

use std::error::Error;

use actix_web::{App, HttpServer, get, post, web};
use sessions::{DeviceAddress, MemoryStore, Session, SessionData, SessionError, SessionMiddleware};

#[derive(SessionData)]
struct Login {
    #[session(principal)]
    user: Option<String>,
}

#[post("/login/{user}")]
async fn log_in(mut login: Session<Login>, user: web::Path<String>) -> &'static str {
    login.set_user(user.into_inner()); // a real application checks a password here
    "Welcome.\n"
}

#[get("/devices")]
async fn devices(login: Session<Login>) -> Result<String, SessionError> {
    let devices = login.principal_sessions()?.list().await?;
    // Show an address, and decide nothing by it.
    let addresses = devices.iter().map(|device| device.address());
    Ok(format!("{:?}\n", addresses.collect::<Vec<_>>()))
}

fn sessions() -> Result<SessionMiddleware, sessions::BuildError> {
    SessionMiddleware::builder(MemoryStore::new())
        .options(|all| all.device_info(DeviceAddress::Forwarded))
        .build()
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sessions = sessions()?;
    let server =
        HttpServer::new(move || App::new().wrap(sessions.clone()).service((log_in, devices)));
    Ok(server.bind(("127.0.0.1", 8080))?.run().await?)
}

#[cfg(test)]
#[test]
fn the_address_is_the_proxy_s_word_and_the_cookie_is_strict() -> Result<(), Box<dyn Error>> {
    use sessions_tests::{Browser, Server};

    let sessions = sessions()?;
    let server =
        Server::start(move || App::new().wrap(sessions.clone()).service((log_in, devices)));
    let mut browser = Browser::new(&server);
    let proxy = &["X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: http"];
    let reply = browser.send("POST", "/login/ada", proxy, "");
    let [line] = reply.set_cookies()[..] else {
        return Err("not one cookie".into());
    };
    let (pair, attributes) = line.split_once("; ").ok_or("no attributes")?;
    assert!(pair.starts_with("__Host-login="), "{pair}");
    assert_eq!(
        attributes,
        "Max-Age=2592000; HttpOnly; SameSite=Lax; Secure; Path=/"
    );
    assert_eq!(browser.get("/devices").text(), "[Some(\"203.0.113.7\")]\n");
    Ok(())
}
