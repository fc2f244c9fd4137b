//! A small shop: `cargo run -p sessions-examples --example quickstart`, then open the address it prints.
//!
//! Two sessions side by side. The cart belongs to the browser and travels in a sealed cookie; the login belongs to a person and stays in the
//! server's memory, so that it can be ended from elsewhere. Each is a plain struct. Nothing below saves anything: what changed is saved when
//! the response leaves.

use std::{
    env,
    io::{self, Write as _},
    time::Duration,
};

use actix_web::{
    App, HttpServer, Responder,
    middleware::Logger,
    web::{self, Form, Html, Redirect, ServiceConfig},
};
use maud::{DOCTYPE, Markup, html};
use serde::{Deserialize, Serialize};
use sessions::{
    CookieStore, KeyRing, Lifetime, MemoryStore, Session, SessionData, SessionError,
    SessionMiddleware,
};

/// What a browser has in its cart, logged in or not.
#[derive(SessionData)]
struct Cart {
    visits: u32,
    items: Vec<Item>,
    /// Shown once, on the page after the redirect.
    #[session(flash(one = "notice"))]
    notices: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Item {
    name: String,
    count: u32,
}

/// Who is logged in. Setting `user` renews the session by itself.
#[derive(SessionData)]
struct Login {
    #[session(principal)]
    user: Option<String>,
}

async fn home(
    mut cart: Session<Cart>,
    login: Session<Login>,
) -> Result<impl Responder, SessionError> {
    *cart.visits_mut() += 1;
    let visits = cart.visits();
    let notices = cart.take_notices();
    let devices = login.principal_sessions()?.list().await?;
    Ok(page(&html! {
        @for notice in &notices { p.notice { (notice) } }
        p { "Visit number " (visits) "." }
        h2 { "Your cart" }
        @if cart.items().is_empty() { p { "Nothing in it yet." } }
        ul { @for item in cart.items().iter() { li { (item.count) " × " (item.name) } } }
        form method="post" action="/cart" {
            @for tea in ["Assam", "Darjeeling", "Sencha"] { button name="name" value=(tea) { "Add " (tea) } " " }
        }
        form method="post" action="/cart/empty" { button { "Empty the cart" } }
        h2 { "You" }
        @match login.user().as_deref() {
            Some(user) => {
                form method="post" action="/logout" { "Logged in as " b { (user) } ", on " (devices.len()) " device(s). " button { "Log out" } }
                form method="post" action="/logout/others" { button { "Log out everywhere else" } }
            },
            None => form method="post" action="/login" {
                input name="user" placeholder="any name" required maxlength="40"; " "
                label { input type="checkbox" name="remember"; " keep me logged in for 30 days" } " "
                button { "Log in" }
            },
        }
    }))
}

#[derive(Deserialize)]
struct Tea {
    name: String,
}

async fn add(mut cart: Session<Cart>, tea: Form<Tea>) -> impl Responder {
    // A cookie holds about three kilobytes: what visitors can fill needs a bound.
    let name: String = tea.into_inner().name.chars().take(40).collect();
    cart.push_notice(format!("{name} is in your cart."));
    let mut items = cart.items_mut();
    if let Some(item) = items.iter_mut().find(|item| item.name == name) {
        item.count += 1;
    } else if items.len() < 20 {
        items.push(Item { name, count: 1 });
    }
    Redirect::to("/").see_other()
}

async fn empty(mut cart: Session<Cart>) -> impl Responder {
    cart.items_mut().clear();
    cart.push_notice("Your cart is empty.");
    Redirect::to("/").see_other()
}

#[derive(Deserialize)]
struct Credentials {
    user: String,
    remember: Option<String>,
}

async fn log_in(
    mut login: Session<Login>,
    mut cart: Session<Cart>,
    form: Form<Credentials>,
) -> impl Responder {
    // A real application checks a password here.
    let form = form.into_inner();
    let user: String = form.user.chars().take(40).collect();
    cart.push_notice(format!("Welcome, {user}."));
    login.set_user(user);
    if form.remember.is_some() {
        login.remember(Duration::from_secs(30 * 24 * 60 * 60));
    }
    Redirect::to("/").see_other()
}

async fn log_out(mut login: Session<Login>, mut cart: Session<Cart>) -> impl Responder {
    login.destroy();
    cart.push_notice("Goodbye.");
    Redirect::to("/").see_other()
}

/// Ends the sessions of the same user in other browsers: their next request finds nothing.
async fn log_out_others(
    login: Session<Login>,
    mut cart: Session<Cart>,
) -> Result<impl Responder, SessionError> {
    let ended = login.principal_sessions()?.end_others().await?;
    cart.push_notice(format!("Logged out on {ended} other device(s)."));
    Ok(Redirect::to("/").see_other())
}

fn page(body: &Markup) -> Html {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { "Tea" }
                style { "body { font: 1rem/1.5 sans-serif; max-width: 40rem; margin: 2rem auto; } .notice { background: #dfd; padding: .5rem; }" }
            }
            body { h1 { "Tea" } (body) }
        }
    };
    Html::new(page.into_string())
}

fn routes(config: &mut ServiceConfig) {
    config
        .route("/", web::get().to(home))
        .route("/cart", web::post().to(add))
        .route("/cart/empty", web::post().to(empty))
        .route("/login", web::post().to(log_in))
        .route("/logout", web::post().to(log_out))
        .route("/logout/others", web::post().to(log_out_others));
}

fn sessions(keys: KeyRing) -> Result<SessionMiddleware, sessions::BuildError> {
    SessionMiddleware::builder(CookieStore::sealed(keys))
        // This shop speaks plain http on your own machine. Behind TLS, leave this line out and the cookies are `__Host-` and `Secure`.
        .options(|all| all.insecure_http())
        // Many machines need a store that they share; with a single one, `FilesystemStore` survives a restart.
        .session::<Login>(|login| login.store(MemoryStore::new()).lifetime(Lifetime::strict()))
        .build()
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    env_logger::init_from_env(env_logger::Env::default().default_filter_or("info"));
    let mut out = io::stdout();
    let keys = if env::var_os("SESSION_KEYS").is_some() {
        KeyRing::from_env("SESSION_KEYS")?
    } else {
        writeln!(
            out,
            "SESSION_KEYS is not set: using a key made up now, so carts end with this process, as logins do."
        )?;
        writeln!(
            out,
            "To keep carts: export SESSION_KEYS=$(cargo run -q -p sessions-examples --example keygen)"
        )?;
        KeyRing::generate()?
    };
    let sessions = sessions(keys)?;
    let port = env::var("PORT")
        .ok()
        .map_or(Ok(8080), |port| port.parse::<u16>())?;
    let server = HttpServer::new(move || {
        App::new()
            .wrap(sessions.clone())
            .wrap(Logger::new("%r %s"))
            .configure(routes)
    })
    .workers(2)
    .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        writeln!(out, "Tea is served at http://{address}")?;
    }
    Ok(server.run().await?)
}

#[cfg(test)]
mod tests {
    use sessions_tests::{Browser, Server};

    use super::*;

    fn shop() -> Server {
        let sessions = sessions(KeyRing::generate().unwrap()).unwrap();
        Server::start(move || App::new().wrap(sessions.clone()).configure(routes))
    }

    #[test]
    fn a_visitor_fills_a_cart_and_is_told_once() {
        let shop = shop();
        let mut browser = Browser::new(&shop);
        assert!(browser.get("/").text().contains("Visit number 1."));
        let page = browser.post_and_follow("/cart", "name=Sencha");
        assert!(page.text().contains("Sencha is in your cart."));
        assert!(page.text().contains("1 × Sencha"));
        assert!(!browser.get("/").text().contains("Sencha is in your cart."));
        assert!(
            browser
                .post_and_follow("/cart", "name=Sencha")
                .text()
                .contains("2 × Sencha")
        );
        assert!(
            browser
                .post_and_follow("/cart/empty", "")
                .text()
                .contains("Nothing in it yet.")
        );
    }

    #[test]
    fn a_login_survives_the_browser_only_if_it_is_to_be_kept() {
        let shop = shop();
        let mut browser = Browser::new(&shop);
        assert!(
            browser
                .post_and_follow("/login", "user=Ada+%3Cb%3E")
                .text()
                .contains("Logged in as <b>Ada &lt;b&gt;</b>")
        );
        assert!(
            browser
                .post_and_follow("/logout", "")
                .text()
                .contains("any name")
        );
        assert!(browser.jar.get("login").is_none());

        browser.post_and_follow("/login", "user=Ada&remember=on");
        browser.advance(Duration::from_secs(29 * 24 * 60 * 60));
        browser.jar.restart();
        assert!(browser.get("/").text().contains("Logged in as"));
    }

    #[test]
    fn a_user_logs_out_everywhere_else() {
        let shop = shop();
        let [mut here, mut there] = [Browser::new(&shop), Browser::new(&shop)];
        there.post_and_follow("/login", "user=Ada");
        let page = here.post_and_follow("/login", "user=Ada");
        assert!(page.text().contains("on 2 device(s)"));
        let page = here.post_and_follow("/logout/others", "");
        assert!(page.text().contains("Logged out on 1 other device(s)."));
        assert!(page.text().contains("on 1 device(s)"));
        assert!(there.get("/").text().contains("any name"));
    }

    #[test]
    fn a_cart_that_visitors_fill_without_end_still_fits() {
        let shop = shop();
        let mut browser = Browser::new(&shop);
        for index in 0..40 {
            let name = format!("{index:\u{2d}>60}");
            assert_eq!(browser.post("/cart", &format!("name={name}")).status, 303);
            assert_eq!(browser.get("/").status, 200);
        }
    }
}
