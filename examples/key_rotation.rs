//! A new key in a running server: put it before the old one in the file, and ten seconds later it seals. It listens on port 8080:
//!
//! ```console
//! openssl rand -base64 32 > keys && chmod 600 keys
//! cargo run -p sessions-examples --example key_rotation -- keys
//! curl -c jar -b jar http://127.0.0.1:8080/
//! (openssl rand -base64 32; cat keys) > new && chmod 600 new && mv new keys
//! curl -c jar -b jar http://127.0.0.1:8080/
//! ```
//!
//! The old key may go when the longest absolute lifetime is over, or at once if it has leaked. Several machines take one step more:
//! first the new key is in all their files behind `next:`, and opens without sealing.

use std::{env, error::Error, path::Path, time::Duration};

use actix_web::{App, HttpServer, get, rt};
use sessions::{CookieStore, KeyRing, KeyRingError, Session, SessionData, SessionMiddleware};

#[derive(SessionData)]
struct Visit {
    pages: u32,
}

#[get("/")]
async fn page(mut visit: Session<Visit>) -> String {
    *visit.pages_mut() += 1;
    format!("Page {} of your visit.\n", visit.pages())
}

/// Takes the keys of the file in all workers at once. With a mistake in the file, everything stays as it is.
fn reload(keys: &KeyRing, file: &Path) -> Result<(), KeyRingError> {
    keys.replace(&KeyRing::from_file(file)?);
    Ok(())
}

fn sessions(keys: &KeyRing) -> Result<SessionMiddleware, sessions::BuildError> {
    SessionMiddleware::builder(CookieStore::sealed(keys.clone()))
        .options(|all| all.insecure_http()) // behind TLS, without this option
        .build()
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args_os().nth(1).ok_or("which file has the keys?")?;
    let keys = KeyRing::from_file(&file)?;
    let sessions = sessions(&keys)?;
    rt::spawn(async move {
        loop {
            rt::time::sleep(Duration::from_secs(10)).await;
            if let Err(error) = reload(&keys, Path::new(&file)) {
                eprintln!("the keys stay as they were: {error}");
            }
        }
    });
    let server = HttpServer::new(move || App::new().wrap(sessions.clone()).service(page));
    Ok(server.bind(("127.0.0.1", 8080))?.run().await?)
}

#[cfg(test)]
#[test]
fn a_visit_goes_on_under_the_new_key_and_ends_with_its_last() -> Result<(), Box<dyn Error>> {
    use sessions_tests::{Browser, Folder, Server};

    let folder = Folder::new();
    let file = folder.path().join("keys");
    let [old, new, other] = ["old", "new", "other"].map(|_| {
        let key = sessions::Key::generate().unwrap();
        key.dangerous_reveal()
    });
    std::fs::write(&file, &old)?;
    let keys = KeyRing::from_file(&file)?;
    let sessions = sessions(&keys)?;
    let server = Server::start(move || App::new().wrap(sessions.clone()).service(page));
    let mut browser = Browser::new(&server);
    let mut after = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let reloaded = reload(&keys, &file).is_ok();
        (reloaded, browser.get("/").text().to_owned())
    };
    let visit = |number| format!("Page {number} of your visit.\n");
    assert_eq!(after(&old), (true, visit(1)));
    assert_eq!(after(&format!("{new}\n{old}\n")), (true, visit(2)));
    assert_eq!(after("password"), (false, visit(3)));
    // What the last visit brought was sealed with the new key alone.
    assert_eq!(after(&new), (true, visit(4)));
    assert_eq!(after(&other), (true, visit(1)));
    Ok(())
}
